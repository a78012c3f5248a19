//! `train-demo-model`: trains the demonstration model, or lets a trained one write.

use std::{
	path::{Path, PathBuf},
	time::Instant,
};

use anyhow::{Context, Result};
use assay_trainer::{
	card,
	corpus::Corpus,
	evaluation::score,
	folder,
	model::Config,
	sampling, tokenizer,
	training::{Recipe, Training},
};
use clap::{Args, Parser, Subcommand};

/// Trains a small Llama on WordNet's glosses, or lets a trained one write.
#[derive(Parser)]
#[command(version)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Train from random weights and write a Hugging Face folder.
	Train(Train),
	/// Measure a trained model on the glosses set aside and write its model card anew.
	Measure(Measure),
	/// Continue a prompt with a trained model.
	Sample(Sample),
}

#[derive(Args)]
struct Train {
	/// Folder of WordNet's database files.
	#[arg(long, default_value = "/usr/share/wordnet")]
	wordnet: PathBuf,
	/// What the model card names as the source of the text.
	#[arg(long, default_value = "Debian package wordnet-base")]
	source: String,
	/// Folder to write the model to.
	#[arg(long)]
	output: PathBuf,
	/// Steps to take; fewer make a worse model sooner.
	#[arg(long, default_value_t = Recipe::default().steps)]
	steps: usize,
	/// Folder for the model as it stands every --checkpoint-every steps.
	#[arg(long)]
	checkpoint: Option<PathBuf>,
	/// Steps between checkpoints.
	#[arg(long, default_value_t = 250)]
	checkpoint_every: usize,
}

#[derive(Args)]
struct Measure {
	/// Folder of WordNet's database files.
	#[arg(long, default_value = "/usr/share/wordnet")]
	wordnet: PathBuf,
	/// Folder of the model.
	#[arg(long)]
	model: PathBuf,
}

#[derive(Args)]
struct Sample {
	/// Folder of the model.
	#[arg(long)]
	model: PathBuf,
	/// Texts to continue, such as `ocean (noun):`.
	#[arg(required = true)]
	prompts: Vec<String>,
	/// Zero takes the likeliest token.
	#[arg(long, default_value_t = 0.0)]
	temperature: f32,
	/// Seeds the draws.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// Tokens to write at most.
	#[arg(long, default_value_t = 64)]
	tokens: usize,
}

fn main() -> Result<()> {
	match Cli::parse().command {
		Command::Train(train) => train.run(),
		Command::Measure(measure) => measure.run(),
		Command::Sample(sample) => sample.run(),
	}
}

impl Train {
	fn run(self) -> Result<()> {
		let corpus = Corpus::read(&self.wordnet)?;
		let config = Config::default();
		let recipe = Recipe {
			steps: self.steps,
			..Recipe::default()
		};
		let tokenizer = tokenizer::learn(&corpus.training, config.vocab_size)?;
		let documents = tokenizer::encode(&tokenizer, &corpus.training)?;
		let held_out = tokenizer::encode(&tokenizer, &corpus.held_out)?;
		let tokens = documents.iter().map(Vec::len).sum();
		println!(
			"{} documents, {tokens} tokens; {} held out",
			documents.len(),
			held_out.len()
		);

		let mut training = Training::begin(config, recipe.clone(), &documents)?;
		println!("{} weights, {} steps", training.model().size(), recipe.steps);
		let begun = Instant::now();
		let mut mean = 0f64;
		while let Some(step) = training.step()? {
			mean += f64::from(step.loss);
			if step.number.is_multiple_of(25) {
				let seconds = begun.elapsed().as_secs_f64();
				let speed = (step.number * recipe.batch * recipe.window) as f64 / seconds;
				let left = seconds / step.number as f64 * (recipe.steps - step.number) as f64;
				println!(
					"step {:5}  loss {:.4}  rate {:.2e}  gradient {:.3}  {speed:.0} tokens/s  {:.0} min left",
					step.number,
					mean / 25.0,
					step.learning_rate,
					step.gradient_norm,
					left / 60.0,
				);
				mean = 0.0;
			}
			if step.number.is_multiple_of(self.checkpoint_every) {
				let some = &held_out[..held_out.len().min(400)];
				println!(
					"step {:5}  held-out loss {:.4}",
					step.number,
					score(training.model(), some)?.loss
				);
				if let Some(checkpoint) = &self.checkpoint {
					folder::write(checkpoint, training.model(), &tokenizer)?;
				}
			}
		}
		folder::write(&self.output, training.model(), &tokenizer)?;
		println!("trained in {:.0} min", begun.elapsed().as_secs_f64() / 60.0);
		let run = card::Run {
			recipe,
			source: self.source,
			documents: documents.len(),
			tokens,
		};
		run.write(&self.output)?;
		measure(&self.output, &corpus)
	}
}

impl Measure {
	fn run(self) -> Result<()> {
		measure(&self.model, &Corpus::read(&self.wordnet)?)
	}
}

fn measure(model: &Path, corpus: &Corpus) -> Result<()> {
	let score = card::write(model, corpus)?;
	let (loss, perplexity) = (score.loss, score.perplexity());
	println!(
		"held-out loss {loss:.4}, perplexity {perplexity:.2} over {} tokens: {}",
		score.tokens,
		model.display()
	);
	Ok(())
}

impl Sample {
	fn run(self) -> Result<()> {
		let (model, tokenizer) =
			folder::read(&self.model).with_context(|| format!("no usable model in {}", self.model.display()))?;
		let choice = sampling::Choice {
			temperature: self.temperature,
			seed: self.seed,
			tokens: self.tokens,
		};
		for prompt in &self.prompts {
			println!("{}", sampling::write(&model, &tokenizer, prompt, choice)?);
		}
		Ok(())
	}
}
