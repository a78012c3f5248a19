//! From a request to its answer: tokens, what is bought, results.

use crate::{
	answer::{
		choices::{Choices, Kind},
		coming::Coming,
		embeddings,
		response::Frame,
		stream::stream,
		text::Growing,
		Writer,
	},
	catalog::{Entry, Language},
	chain::Asked,
	desk::{blocking, now, Bought, Order, Purchase, Source},
	error::{json_response, ApiError},
	gateway::{Gateway, Guest},
	rates::Measure,
	request::{
		chat::{Chat, Message},
		completion::Completion,
		embeddings::Embeddings,
		response::{Echo, Respond},
		sampling::Sampling,
	},
};
use assay_protocol::job::{JobInput, MAX_INLINE_ELEMENTS};
use assay_sdk::jobs::{self, Generation, Input, Sampler};
use axum::{
	http::StatusCode,
	response::{IntoResponse, Response},
};
use futures::future::try_join_all;
use std::sync::Arc;
use tokio::time::{timeout_at, Instant};

/// Tokens of an answer unless the client says otherwise, or as many as the model has room for. Each costs.
const CHAT_TOKENS: u32 = 256;
const COMPLETION_TOKENS: u32 = 16;
/// A vector has no tokens to generate.
const NOTHING: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 0,
	ignore_stop: false,
};

/// Goes on with a conversation.
pub(crate) async fn chat(gateway: &Arc<Gateway>, guest: Arc<Guest>, chat: Chat) -> Result<Response, ApiError> {
	let conversation = Conversation {
		form: Form::Choices(Kind::Chat),
		model: chat.model,
		param: "messages",
		messages: chat.messages,
	};
	converse(gateway, guest, conversation, chat.sampling).await
}

/// The same in the form of `/v1/responses`.
pub(crate) async fn respond(gateway: &Arc<Gateway>, guest: Arc<Guest>, asked: Respond) -> Result<Response, ApiError> {
	let conversation = Conversation {
		form: Form::Response(asked.echo),
		model: asked.model,
		param: "input",
		messages: asked.messages,
	};
	converse(gateway, guest, conversation, asked.sampling).await
}

/// A conversation to go on with, and where it comes from.
struct Conversation {
	form: Form,
	model: String,
	/// The parameter that it was.
	param: &'static str,
	messages: Vec<Message>,
}

async fn converse(
	gateway: &Arc<Gateway>,
	guest: Arc<Guest>,
	asked: Conversation,
	sampling: Sampling,
) -> Result<Response, ApiError> {
	let entry = gateway.catalog.find(&*gateway.chain, &asked.model).await?;
	check_kind(&entry, false)?;
	let language = language(gateway, &entry).await?;
	let text = language.template.render(&asked.messages).map_err(|error| {
		ApiError::bad_value(
			asked.param,
			format!("the model's chat template refuses them: {error:#}"),
		)
	})?;
	let prompt = Prompt {
		form: asked.form,
		model: asked.model,
		param: asked.param,
		text,
		default_tokens: CHAT_TOKENS,
	};
	generate(gateway, guest, entry, language, prompt, sampling).await
}

/// Goes on with a text.
pub(crate) async fn complete(
	gateway: &Arc<Gateway>,
	guest: Arc<Guest>,
	asked: Completion,
) -> Result<Response, ApiError> {
	let entry = gateway.catalog.find(&*gateway.chain, &asked.model).await?;
	check_kind(&entry, false)?;
	let language = language(gateway, &entry).await?;
	let prompt = Prompt {
		form: Form::Choices(Kind::Completion),
		model: asked.model,
		param: "prompt",
		text: asked.prompt,
		default_tokens: COMPLETION_TOKENS,
	};
	generate(gateway, guest, entry, language, prompt, asked.sampling).await
}

/// Makes vectors of texts.
pub(crate) async fn embed(gateway: &Arc<Gateway>, guest: Arc<Guest>, asked: Embeddings) -> Result<Response, ApiError> {
	let deadline = Instant::now() + gateway.limits.wait;
	let entry = gateway.catalog.find(&*gateway.chain, &asked.model).await?;
	check_kind(&entry, true)?;
	let length = entry.version.output_length;
	if asked.dimensions.is_some() && asked.dimensions != length {
		let message = format!("`{}` makes vectors of {}", asked.model, length.unwrap_or(0));
		return Err(ApiError::bad_value("dimensions", message));
	}
	let language = language(gateway, &entry).await?;
	let (id, inputs) = (entry.id, asked.inputs);
	let inputs = blocking(move || {
		let tokens = inputs.iter().map(|text| tokens(&language, &entry, text, "input"));
		tokens.collect::<Result<Vec<_>, _>>()
	})
	.await??;
	take_tokens(gateway, &guest, inputs.iter().map(JobInput::len))?;
	let orders = inputs.into_iter().map(|input| Order {
		asked: Asked {
			version: id,
			input,
			generation: NOTHING,
		},
		unseeded: false,
	});
	let purchases = gateway.desk.buy(&guest.key, orders.collect(), guest.repeats)?;
	let bought = results(purchases, deadline).await?;
	let document = embeddings::document(&asked.model, &bought, asked.encoding)?;
	Ok(json_response(StatusCode::OK, &document))
}

/// In which form a text is answered.
enum Form {
	Choices(Kind),
	Response(Echo),
}

impl Form {
	fn writer(self, model: String, source: &Source, max_tokens: u32, with_usage: bool) -> Writer {
		let (id, created) = (source.id(), now());
		match self {
			Self::Choices(kind) => Writer::Choices(Choices {
				kind,
				model,
				id,
				created,
				with_usage,
			}),
			Self::Response(echo) => Writer::Response(Frame::new(model, id, max_tokens, echo, created)),
		}
	}
}

/// A text to go on with, and where it comes from.
struct Prompt {
	form: Form,
	model: String,
	/// The parameter that it was made of.
	param: &'static str,
	text: String,
	default_tokens: u32,
}

async fn generate(
	gateway: &Arc<Gateway>,
	guest: Arc<Guest>,
	entry: Entry,
	language: Arc<Language>,
	prompt: Prompt,
	sampling: Sampling,
) -> Result<Response, ApiError> {
	let deadline = Instant::now() + gateway.limits.wait;
	let Prompt {
		form,
		model,
		param,
		text,
		default_tokens,
	} = prompt;
	let (id, positions, encoder) = (entry.id, entry.version.positions, language.clone());
	let input = blocking(move || tokens(&encoder, &entry, &text, param)).await??;
	let room = positions.saturating_sub(input.len()).min(MAX_INLINE_ELEMENTS);
	let max_tokens = sampling.max_tokens.unwrap_or(default_tokens.min(room));
	take_tokens(gateway, &guest, [input.len(), max_tokens])?;
	let order = Order {
		asked: Asked {
			version: id,
			input,
			generation: sampling.generation(max_tokens),
		},
		unseeded: sampling.unseeded,
	};
	let mut purchases = gateway.desk.buy(&guest.key, vec![order], guest.repeats)?;
	let Some(mut purchase) = purchases.pop() else {
		return Err(ApiError::internal("one order gave no job"));
	};
	// Whatever refuses it has a status of its own, before a stream begins.
	let sent = timeout_at(deadline, purchase.sent()).await;
	let source = sent.map_err(|_| ApiError::timeout(None))??;
	let with_usage = sampling.stream.is_some_and(|streaming| streaming.usage);
	let writer = form.writer(model, &source, max_tokens, with_usage);
	let coming = Coming {
		purchase,
		text: Growing::new(language, sampling.stop),
		deadline,
	};
	match sampling.stream {
		None => Ok(json_response(StatusCode::OK, &coming.document(&writer).await?)),
		Some(_) => Ok(stream(writer, coming, guest).into_response()),
	}
}

/// The results of purchases, unless the time is up before all are there.
async fn results(mut purchases: Vec<Purchase>, deadline: Instant) -> Result<Vec<Arc<Bought>>, ApiError> {
	let bought = try_join_all(purchases.iter_mut().map(Purchase::bought));
	match timeout_at(deadline, bought).await {
		Ok(results) => results,
		Err(_) => Err(ApiError::timeout(purchases.iter().filter_map(Purchase::source))),
	}
}

/// Counts tokens of a request before anything is bought for it.
fn take_tokens(gateway: &Gateway, guest: &Guest, tokens: impl IntoIterator<Item = u32>) -> Result<(), ApiError> {
	// More than can be counted is more than any key has.
	let count = tokens.into_iter().fold(0, u32::saturating_add);
	gateway.meters.take(&guest.key, Measure::Tokens, count)
}

/// What turns a version's text into tokens, read from the disk if it has to be.
async fn language(gateway: &Arc<Gateway>, entry: &Entry) -> Result<Arc<Language>, ApiError> {
	let (gateway, entry) = (gateway.clone(), entry.clone());
	blocking(move || gateway.catalog.language(&entry)).await?
}

fn check_kind(entry: &Entry, makes_vectors: bool) -> Result<(), ApiError> {
	match (entry.version.output_length.is_some(), makes_vectors) {
		(true, false) => Err(ApiError::unfit(
			"model",
			format!("{} makes vectors: it is for /v1/embeddings", entry.id),
		)),
		(false, true) => Err(ApiError::unfit(
			"model",
			format!("{} generates text: it makes no vectors", entry.id),
		)),
		_ => Ok(()),
	}
}

/// The tokens of a text, if the model and a transaction have room for them.
fn tokens(language: &Language, entry: &Entry, text: &str, param: &str) -> Result<JobInput, ApiError> {
	let tokens = language
		.text
		.encode(text)
		.map_err(|error| ApiError::bad_value(param, format!("{error:#}")))?;
	// A generated token takes a position too.
	let taken = u32::from(entry.version.output_length.is_none());
	let accepted = entry.version.positions.saturating_sub(taken);
	let count = tokens.len();
	if u32::try_from(count).map_or(true, |count| count > accepted) {
		let message = format!("the text has {count} tokens, {} accepts {accepted}", entry.id);
		return Err(ApiError::too_long(param, message));
	}
	jobs::input(Input::Tokens(tokens)).map_err(|error| ApiError::too_long(param, error.to_string()))
}
