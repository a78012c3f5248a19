//! `assay channel ask`.

use crate::{
	commands::{
		asked::{Asked, Drawing},
		Context,
	},
	keys::ChannelSource,
	Outcome,
};
use anyhow::Result;
use assay_library::{Text, TextStream};
use assay_protocol::{job::JobOutput, ChannelId};
use assay_sdk::{
	consumer::{Answer, Answered, Consumer, Event, Settings},
	Amount,
};
use codec::Encode;
use serde_json::{json, Value};
use std::{
	io::{self, Write},
	path::PathBuf,
	time::{Duration, Instant},
};

/// The request.
#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
	/// The channel.
	channel: ChannelId,
	#[command(flatten)]
	key: ChannelSource,
	/// Folder of what must not be forgotten of the channel: requests, receipts, vouchers [default: the file of its key with `.journal`].
	#[arg(long, value_name = "FOLDER")]
	journal: Option<PathBuf>,
	#[command(flatten)]
	asked: Asked,
	#[command(flatten)]
	drawing: Drawing,
}

/// An answer as it was told.
#[derive(Debug, Default)]
struct Heard {
	text: TextStream,
	/// Until its first part.
	first: Option<Duration>,
	/// Parts in which it came.
	parts: usize,
}

impl Ask {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let model = chain.channels().get(self.channel).await?.terms.version;
		let version = chain.models().version(model).await?;
		let input = self.asked.input(context, model, &version)?;
		let generation = self
			.drawing
			.generation(self.asked.max_tokens(model, &version, input.len())?)?;
		let text = version
			.tokenizer
			.and_then(|_| self.asked.text(context, model, &version).ok());
		let journal = self
			.journal
			.clone()
			.unwrap_or_else(|| self.key.path().with_extension("journal"));
		let consumer = chain
			.channels()
			.consumer(self.channel, self.key.pair()?, &journal, Settings::default())
			.await?;
		let asked = Instant::now();
		let answer = consumer.ask(input, generation).await?;
		let (answered, heard) = hear(context, answer, text.as_ref(), asked).await?;
		let took = asked.elapsed();
		// Who does not pay is lent nothing more.
		consumer.vouch().await?;
		let document = document(&consumer, &answered, &heard, took);
		if context.output.json {
			context.output.document(&document);
		} else {
			println!();
			context.output.notice(&summary(&answered, &heard, took));
		}
		Ok(Outcome::Done)
	}
}

/// Listens until the receipt, and prints what comes.
async fn hear(context: &Context, mut answer: Answer, text: Option<&Text>, asked: Instant) -> Result<(Answered, Heard)> {
	let mut heard = Heard::default();
	while let Some(event) = answer.next().await {
		let piece = match event? {
			Event::Tokens(tokens) => match text {
				Some(text) => heard.text.push(text, &tokens)?,
				None => format!("{} ", list(&tokens)),
			},
			Event::Values(values) => list(&values),
			Event::Receipt(answered) => {
				if let Some(text) = text {
					let rest = heard.text.finish(text)?;
					show(context, &rest);
				}
				return Ok((*answered, heard));
			}
		};
		heard.first.get_or_insert_with(|| asked.elapsed());
		heard.parts = heard.parts.saturating_add(1);
		show(context, &piece);
	}
	anyhow::bail!("the answer has ended without a receipt")
}

/// Shows a piece at once: it is what people look at.
fn show(context: &Context, piece: &str) {
	if !context.output.json {
		// Nobody need read it to the end.
		let _ = write!(io::stdout(), "{piece}").and_then(|()| io::stdout().flush());
	}
}

fn list(numbers: &[impl ToString]) -> String {
	numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn tokens(answered: &Answered) -> usize {
	match &answered.revealed.output {
		JobOutput::Tokens(tokens) => tokens.len(),
		JobOutput::Vector(_) => 0,
	}
}

fn summary(answered: &Answered, heard: &Heard, took: Duration) -> String {
	format!(
		"request {}: {} tokens, the first after {:.2} s, all after {:.2} s; fee {}",
		answered.revealed.receipt.request,
		tokens(answered),
		heard.first.unwrap_or(took).as_secs_f64(),
		took.as_secs_f64(),
		Amount(answered.fee)
	)
}

/// Everything that is told of an answer, with what [presents](assay_sdk::channels::Channels::present) its receipt.
fn document(consumer: &Consumer, answered: &Answered, heard: &Heard, took: Duration) -> Value {
	let receipt = &answered.revealed.receipt;
	let hex_of = |bytes: Vec<u8>| format!("0x{}", hex::encode(bytes));
	let (tokens, values) = match &answered.revealed.output {
		JobOutput::Tokens(tokens) => (Some(tokens.to_vec()), None),
		JobOutput::Vector(values) => (None, Some(values.to_vec())),
	};
	json!({
		"channel": consumer.channel(),
		"request": receipt.request,
		"text": tokens.as_ref().map(|_| heard.text.told()),
		"tokens": tokens,
		"values": values,
		"units": receipt.units,
		"fee": Amount(answered.fee),
		"parts": heard.parts,
		"first_seconds": heard.first.unwrap_or(took).as_secs_f64(),
		"seconds": took.as_secs_f64(),
		"revealed": hex_of(answered.revealed.encode()),
		"signature": hex_of(answered.signature.encode()),
	})
}
