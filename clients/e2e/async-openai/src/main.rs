//! Asks a gateway, as the environment names it, all that it answers, with the crate async-openai. Prints one JSON document: the jobs
//! it was answered with.

use anyhow::{bail, ensure, Context, Result};
use async_openai::{
	config::OpenAIConfig,
	error::OpenAIError,
	types::{
		chat::{CreateChatCompletionRequest, FinishReason},
		completions::CreateCompletionRequest,
		embeddings::CreateEmbeddingRequest,
		responses::{CreateResponse, ResponseStreamEvent},
	},
	Client,
};
use futures::TryStreamExt;
use serde_json::{from_value, json, Value};

/// Checks that a request is refused, and how.
fn refused<T>(answer: Result<T, OpenAIError>, status: u16, param: Option<&str>, code: &str) -> Result<()> {
	match answer {
		Err(OpenAIError::ApiError(refusal)) => {
			let error = &refusal.api_error;
			let told = (
				refusal.status_code.as_u16(),
				error.param.as_deref(),
				error.code.as_deref(),
			);
			ensure!(told == (status, param, Some(code)), "{told:?}: {refusal}");
			Ok(())
		}
		Err(error) => bail!("{code} is no error of the interface: {error}"),
		Ok(_) => bail!("{code} was not refused"),
	}
}

/// A request with another parameter.
fn with(request: &Value, name: &str, value: Value) -> Value {
	let mut request = request.clone();
	request[name] = value;
	request
}

/// The job in the name of an answer, such as `cmpl-7`.
fn job(name: &str) -> Result<u64> {
	let (_, job) = name.rsplit_once(['-', '_']).context("a name without a job")?;
	Ok(job.parse()?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	let [generator, embedder] = &arguments[..] else {
		bail!("who generates, who embeds?");
	};
	let client = Client::new();
	let mut jobs = vec![];

	// Models.
	let models = client.models().list().await?.data;
	for name in [generator, embedder] {
		ensure!(models.iter().any(|model| model.id == *name), "{models:?}");
	}
	client.models().retrieve(embedder).await?;

	// A chat, whole and streamed: the same words, for the same job.
	let said = json!([{ "role": "system", "content": "Define." }, { "role": "user", "content": "anchor" }]);
	let chat = json!({ "model": generator, "messages": said, "max_completion_tokens": 12 });
	let ask = |chat: Value| from_value::<CreateChatCompletionRequest>(chat);
	let answer = client.chat().create(ask(chat.clone())?).await?;
	let text = answer.choices[0].message.content.clone().context("no text")?;
	let ended = [Some(FinishReason::Stop), Some(FinishReason::Length)];
	ensure!(
		!text.is_empty() && ended.contains(&answer.choices[0].finish_reason),
		"{answer:?}"
	);
	jobs.push(job(&answer.id)?);
	let streamed = with(&chat, "stream_options", json!({ "include_usage": true }));
	let parts: Vec<_> = client.chat().create_stream(ask(streamed)?).await?.try_collect().await?;
	let pieces = parts.iter().flat_map(|part| &part.choices);
	let words: String = pieces.filter_map(|choice| choice.delta.content.as_deref()).collect();
	ensure!(words == text, "{parts:?}");
	let last = parts.last().context("no parts")?;
	ensure!(last.choices.is_empty() && last.usage == answer.usage, "{last:?}");
	ensure!(last.id == answer.id, "the same job was paid twice");

	// The same conversation as a response, whole and streamed.
	let respond = json!({ "model": generator, "instructions": "Define.", "input": "anchor", "max_output_tokens": 12 });
	let ask_for = |respond: Value| from_value::<CreateResponse>(respond);
	let given = client.responses().create(ask_for(respond.clone())?).await?;
	ensure!(given.output_text().as_deref() == Some(&text), "{given:?}");
	ensure!(job(&given.id)? == job(&answer.id)?, "the same job was paid twice");
	let events = client.responses().create_stream(ask_for(respond.clone())?).await?;
	let events: Vec<_> = events.try_collect().await?;
	let words: String = events
		.iter()
		.filter_map(|event| match event {
			ResponseStreamEvent::ResponseOutputTextDelta(event) => Some(&event.delta[..]),
			_ => None,
		})
		.collect();
	ensure!(words == text, "{events:?}");
	let over = match events.last() {
		Some(ResponseStreamEvent::ResponseCompleted(event)) => &event.response,
		Some(ResponseStreamEvent::ResponseIncomplete(event)) => &event.response,
		other => bail!("a stream ends with {other:?}"),
	};
	ensure!(
		over.output_text().as_deref() == Some(&text) && over.usage == given.usage,
		"{over:?}"
	);

	// A completion and its stream.
	let completion =
		json!({ "model": generator, "prompt": "ocean (noun):", "max_tokens": 8, "temperature": 1, "seed": 8 });
	let go_on = |completion: Value| from_value::<CreateCompletionRequest>(completion);
	let whole = client.completions().create(go_on(completion.clone())?).await?;
	jobs.push(job(&whole.id)?);
	let parts = client.completions().create_stream(go_on(completion)?).await?;
	let parts: Vec<_> = parts.try_collect().await?;
	let words: String = parts
		.iter()
		.flat_map(|part| &part.choices)
		.map(|choice| &choice.text[..])
		.collect();
	ensure!(words == whole.choices[0].text, "{parts:?}");

	// Embeddings in both encodings.
	let embed = json!({ "model": embedder, "input": ["lead in the ore", "a slow boat"] });
	let vectors_of = |embed: Value| from_value::<CreateEmbeddingRequest>(embed);
	let floats = client.embeddings().create(vectors_of(embed.clone())?).await?;
	let encoded = with(&embed, "encoding_format", json!("base64"));
	let encoded = client.embeddings().create_base64(vectors_of(encoded)?).await?;
	ensure!(floats.data.len() == 2 && encoded.data.len() == 2);
	for (float, encoded) in floats.data.into_iter().zip(encoded.data) {
		let decoded: Vec<f32> = encoded.embedding.into();
		ensure!(
			decoded.len() == 384 && decoded == float.embedding,
			"the encodings differ"
		);
	}

	// What is refused, and how.
	let stranger = Client::with_config(OpenAIConfig::new().with_api_key("sk-assay-0"));
	refused(stranger.models().list().await, 401, None, "invalid_api_key")?;
	refused(
		client.models().retrieve("gpt-none").await,
		404,
		Some("model"),
		"model_not_found",
	)?;
	let hot = ask(with(&chat, "top_p", json!(0.5)))?;
	refused(
		client.chat().create(hot).await,
		400,
		Some("top_p"),
		"unsupported_parameter",
	)?;
	let unfit = vectors_of(with(&embed, "model", json!(generator)))?;
	refused(
		client.embeddings().create(unfit).await,
		422,
		Some("model"),
		"unfit_model",
	)?;
	let ids = vectors_of(with(&embed, "input", json!([1, 2, 3])))?;
	refused(
		client.embeddings().create(ids).await,
		400,
		Some("input"),
		"invalid_value",
	)?;
	let kept = ask_for(with(&respond, "store", json!(true)))?;
	refused(
		client.responses().create(kept).await,
		400,
		Some("store"),
		"unsupported_parameter",
	)?;

	println!("{}", json!({ "jobs": jobs }));
	Ok(())
}
