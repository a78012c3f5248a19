//! Buys embeddings of some token sequences, all at the same time, and says which two are most alike:
//! `cargo run -p assay-sdk --example embed -- ws://127.0.0.1:9944 //Bob 1,2,3 1,2,4 7,8,9`.

use anyhow::{bail, Context, Result};
use assay_sdk::{
	jobs::{self, Generation, Input, Sampler},
	keys,
	protocol::{
		job::{JobInput, JobOutput},
		ModelVersion,
	},
	Assay,
};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<()> {
	let mut arguments = std::env::args().skip(1);
	let url = arguments.next().context("which node?")?;
	let signer = keys::signer(&arguments.next().context("who pays?")?)?;
	let texts: Vec<String> = arguments.collect();

	let assay = Assay::connect(&url).await?;
	let version = embedder(&assay).await?;
	// A vector has no tokens to generate.
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 0,
		ignore_stop: false,
	};
	let mut tasks = JoinSet::new();
	for text in texts {
		let (assay, signer, input) = (assay.clone(), signer.clone(), tokens(&text)?);
		// One key signs for all: each transaction gets a nonce of its own.
		tasks.spawn(async move {
			let submission = assay.jobs().prepare(version, input, generation).await?;
			let job = assay.jobs().submit(&signer, submission).await?;
			let over = assay.jobs().wait(job).await?;
			anyhow::Ok((text, job, over.output))
		});
	}

	let mut embeddings = vec![];
	while let Some(done) = tasks.join_next().await {
		let (text, job, output) = done??;
		let Some(JobOutput::Vector(vector)) = output else {
			bail!("job {job} was refunded");
		};
		println!("job {job}: {text} is a vector of {}", vector.len());
		embeddings.push((text, vector));
	}
	let mut pairs = vec![];
	for (index, (text, vector)) in embeddings.iter().enumerate() {
		for (other, that) in &embeddings[index + 1..] {
			pairs.push((cosine(vector, that), text, other));
		}
	}
	if let Some((likeness, text, other)) = pairs.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)) {
		println!("{text} and {other} are most alike: {likeness:.3}");
	}
	Ok(())
}

/// The first version that makes vectors of tokens.
async fn embedder(assay: &Assay) -> Result<ModelVersion> {
	for model in assay.models().list().await? {
		for version in model.versions {
			if version.vocabulary.is_some() && version.output_length.is_some() && version.offers > 0 {
				return Ok(ModelVersion {
					model: model.id,
					version: version.version,
				});
			}
		}
	}
	bail!("nobody serves a model that makes vectors of tokens")
}

/// The input `1,2,3`.
fn tokens(text: &str) -> Result<JobInput> {
	let tokens = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
	Ok(jobs::input(Input::Tokens(tokens))?)
}

/// The cosine of the angle between two vectors of values.
fn cosine(one: &[i32], other: &[i32]) -> f64 {
	let dot = |a: &[i32], b: &[i32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
	dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}
