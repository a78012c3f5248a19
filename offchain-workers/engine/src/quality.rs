//! How close the exact profile stays to float, on texts given as tokens.

use crate::{
	float::{FloatError, FloatModel},
	Model, Observer, RunError,
};
use assay_exact::{program::Head, Generation, Input, Output, Sampler};

/// Why quality cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum QualityError {
	/// The exact model does not run.
	#[error(transparent)]
	Exact(#[from] RunError),
	/// The float baseline does not run.
	#[error(transparent)]
	Float(#[from] FloatError),
	/// There is nothing to measure on.
	#[error("quality needs at least one text of two tokens")]
	NoTexts,
}

/// The agreement of embeddings.
#[derive(Clone, PartialEq, Debug)]
pub struct Cosines {
	/// The cosine of the exact and the float output of each text.
	pub each: Vec<f64>,
}

impl Cosines {
	/// The smallest.
	pub fn worst(&self) -> f64 {
		self.each.iter().copied().fold(1.0, f64::min)
	}

	/// The mean.
	pub fn mean(&self) -> f64 {
		self.each.iter().sum::<f64>() / self.each.len() as f64
	}
}

/// Perplexity over the same tokens in both arithmetics.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Perplexities {
	/// In the exact profile.
	pub exact: f64,
	/// In float.
	pub float: f64,
	/// Tokens predicted.
	pub tokens: usize,
}

impl Perplexities {
	/// How much the exact profile's is larger: 0.01 is one percent.
	pub fn increase(&self) -> f64 {
		self.exact / self.float - 1.0
	}
}

/// The output of a vector model for tokens, as reals.
pub fn embed(model: &Model, tokens: &[u32], observer: &mut dyn Observer) -> Result<Vec<f64>, RunError> {
	if matches!(model.program().head, Head::Tokens { .. }) {
		return Err(RunError::NoVector);
	}
	let nothing = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 0,
		ignore_stop: true,
	};
	match model.run(&Input::Tokens(tokens.to_vec()), &nothing, observer)? {
		Output::Vector(values) => Ok(values.into_iter().map(|x| f64::from(x) / 65536.0).collect()),
		Output::Tokens(_) => Err(RunError::NoVector),
	}
}

/// Compares the embeddings of texts; `done` is told after each.
pub fn cosines(
	model: &Model,
	float: &FloatModel,
	texts: &[Vec<u32>],
	mut done: impl FnMut(usize),
) -> Result<Cosines, QualityError> {
	let mut each = Vec::with_capacity(texts.len());
	for (index, text) in texts.iter().enumerate() {
		let exact = embed(model, text, &mut ())?;
		let float = float.vector(&Input::Tokens(text.clone()))?;
		each.push(cosine(&exact, &float));
		done(index + 1);
	}
	if each.is_empty() {
		return Err(QualityError::NoTexts);
	}
	Ok(Cosines { each })
}

/// Compares the perplexity over windows of tokens, each predicted from its own start; `done` is told after each.
pub fn perplexities(
	model: &Model,
	float: &FloatModel,
	windows: &[Vec<u32>],
	mut done: impl FnMut(usize),
) -> Result<Perplexities, QualityError> {
	let (mut exact, mut baseline, mut tokens) = (0.0, 0.0, 0);
	for (index, window) in windows.iter().enumerate() {
		let scores = model.score(window, &mut ())?;
		tokens += scores.len();
		exact += scores.iter().sum::<f64>();
		baseline += float.score(window)?.iter().sum::<f64>();
		done(index + 1);
	}
	if tokens == 0 {
		return Err(QualityError::NoTexts);
	}
	let perplexity = |sum: f64| (-sum / tokens as f64).exp();
	Ok(Perplexities {
		exact: perplexity(exact),
		float: perplexity(baseline),
		tokens,
	})
}

/// The cosine of the angle between two vectors; 0 if one of them is zero.
pub fn cosine(a: &[f64], b: &[f32]) -> f64 {
	let (mut product, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
	for (a, b) in a.iter().zip(b) {
		let b = f64::from(*b);
		product += a * b;
		of_a += a * a;
		of_b += b * b;
	}
	if of_a == 0.0 || of_b == 0.0 {
		0.0
	} else {
		product / (of_a * of_b).sqrt()
	}
}
