//! AdamW with warm-up, cosine decay and clipped gradients, for a fixed number of steps.

use std::f64::consts::PI;

use anyhow::{ensure, Context, Result};
use candle_core::{backprop::GradStore, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::{
	model::{Config, Llama},
	ops::cross_entropy,
	windows::{Batch, Windows},
};

/// Everything that decides how a model comes out, besides its shape and its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
	/// Seeds the first weights and the order of documents.
	pub seed: u64,
	/// Steps of the optimizer.
	pub steps: usize,
	/// Windows in every step.
	pub batch: usize,
	/// Tokens of a window.
	pub window: usize,
	/// Learning rate after the warm-up.
	pub learning_rate: f64,
	/// Steps over which the learning rate rises.
	pub warm_up: usize,
	/// Share of the learning rate left at the end.
	pub final_share: f64,
	/// Decay of matrices; gains do not decay.
	pub weight_decay: f64,
	/// Decay of the running mean of gradients.
	pub beta1: f64,
	/// Decay of the running mean of squared gradients.
	pub beta2: f64,
	/// Longer gradients are shortened to this norm.
	pub clip: f64,
}

impl Default for Recipe {
	/// How the committed model was made.
	fn default() -> Self {
		Self {
			seed: 20_260_901,
			steps: 1_600,
			batch: 4,
			window: 256,
			learning_rate: 3e-3,
			warm_up: 100,
			final_share: 0.05,
			weight_decay: 0.1,
			beta1: 0.9,
			beta2: 0.95,
			clip: 1.0,
		}
	}
}

impl Recipe {
	/// The generators of the first weights and of the order of documents.
	pub fn generators(&self) -> (ChaCha12Rng, ChaCha12Rng) {
		let mut root = ChaCha12Rng::seed_from_u64(self.seed);
		let weights = ChaCha12Rng::seed_from_u64(root.next_u64());
		(weights, ChaCha12Rng::seed_from_u64(root.next_u64()))
	}

	fn learning_rate_at(&self, step: usize) -> f64 {
		if step < self.warm_up {
			return self.learning_rate * (step + 1) as f64 / self.warm_up as f64;
		}
		let progress = (step - self.warm_up) as f64 / (self.steps - self.warm_up).max(1) as f64;
		let share = 0.5 * (1.0 + (PI * progress).cos());
		self.learning_rate * (self.final_share + (1.0 - self.final_share) * share)
	}
}

/// What a step reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
	/// Steps taken, this one included.
	pub number: usize,
	/// Mean loss of the step's batch before the step.
	pub loss: f32,
	/// Learning rate of the step.
	pub learning_rate: f64,
	/// Norm of the gradient before clipping.
	pub gradient_norm: f64,
}

/// A model in training.
#[derive(Debug)]
pub struct Training<'a> {
	model: Llama,
	recipe: Recipe,
	windows: Windows<'a>,
	matrices: AdamW,
	gains: AdamW,
	taken: usize,
}

impl<'a> Training<'a> {
	/// Begins with random weights on `documents`.
	pub fn begin(config: Config, recipe: Recipe, documents: &'a [Vec<u32>]) -> Result<Self> {
		ensure!(!documents.is_empty(), "no documents to train on");
		ensure!(
			recipe.window <= config.max_position_embeddings,
			"windows of {} tokens, the model has {} positions",
			recipe.window,
			config.max_position_embeddings
		);
		let (mut weights, order) = recipe.generators();
		let model = Llama::random(config, &mut weights)?;
		let windows = Windows::new(documents, recipe.window, order);
		let (matrices, gains): (Vec<Var>, Vec<Var>) =
			model.weights().values().cloned().partition(|weight| weight.rank() > 1);
		let optimizer = |vars, weight_decay| {
			let (beta1, beta2) = (recipe.beta1, recipe.beta2);
			AdamW::new(
				vars,
				ParamsAdamW {
					lr: 0.0,
					beta1,
					beta2,
					eps: 1e-8,
					weight_decay,
				},
			)
		};
		let (matrices, gains) = (optimizer(matrices, recipe.weight_decay)?, optimizer(gains, 0.0)?);
		Ok(Self {
			model,
			recipe,
			windows,
			matrices,
			gains,
			taken: 0,
		})
	}

	/// The model as it stands.
	pub fn model(&self) -> &Llama {
		&self.model
	}

	/// Takes one step, or none when the recipe's steps are taken.
	pub fn step(&mut self) -> Result<Option<Step>> {
		if self.taken == self.recipe.steps {
			return Ok(None);
		}
		let Batch { inputs, targets } = self.windows.batch(self.recipe.batch)?;
		let loss = cross_entropy(&self.model.forward(&inputs)?, targets)?;
		let mut gradients = loss.backward()?;
		let gradient_norm = clip(&mut gradients, self.model.weights().values(), self.recipe.clip)?;
		let learning_rate = self.recipe.learning_rate_at(self.taken);
		for optimizer in [&mut self.matrices, &mut self.gains] {
			optimizer.set_learning_rate(learning_rate);
			optimizer.step(&gradients)?;
		}
		self.taken += 1;
		let loss = loss.to_scalar::<f32>()?;
		ensure!(loss.is_finite(), "the loss of step {} is {loss}", self.taken);
		Ok(Some(Step {
			number: self.taken,
			loss,
			learning_rate,
			gradient_norm,
		}))
	}
}

/// Scales the gradients of `weights` so that their common norm is at most `limit`; returns the
/// norm they had.
fn clip<'v>(gradients: &mut GradStore, weights: impl Iterator<Item = &'v Var> + Clone, limit: f64) -> Result<f64> {
	let mut squares = 0f64;
	for weight in weights.clone() {
		let gradient = gradients.get(weight).context("a weight has no gradient")?;
		squares += f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?);
	}
	let norm = squares.sqrt();
	if norm > limit {
		for weight in weights {
			if let Some(gradient) = gradients.remove(weight) {
				gradients.insert(weight, (gradient * (limit / norm))?);
			}
		}
	}
	Ok(norm)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::model::tests::tiny;
	use candle_core::{Device, Tensor};

	fn recipe() -> Recipe {
		Recipe {
			steps: 30,
			batch: 4,
			window: 16,
			warm_up: 5,
			..Recipe::default()
		}
	}

	fn documents() -> Vec<Vec<u32>> {
		(1..60u32)
			.map(|i| [vec![0], (0..i % 9 + 1).map(|k| 1 + (i * k) % 250).collect(), vec![0]].concat())
			.collect()
	}

	fn losses(recipe: Recipe) -> Vec<f32> {
		let documents = documents();
		let mut training = Training::begin(tiny(), recipe, &documents).unwrap();
		std::iter::from_fn(|| training.step().unwrap())
			.map(|step| step.loss)
			.collect()
	}

	#[test]
	fn training_twice_gives_identical_losses() {
		let two_steps = || losses(Recipe { steps: 2, ..recipe() });
		assert_eq!(two_steps(), two_steps());
		assert_ne!(
			two_steps(),
			losses(Recipe {
				steps: 2,
				seed: 1,
				..recipe()
			})
		);
	}

	#[test]
	fn the_loss_falls_from_that_of_a_uniform_guess() {
		let losses = losses(recipe());
		assert_eq!(losses.len(), 30);
		assert!((losses[0] - 280f32.ln()).abs() < 0.3, "first loss {}", losses[0]);
		assert!(losses[29] < losses[0] - 1.0, "last loss {}", losses[29]);
	}

	#[test]
	fn the_learning_rate_rises_then_falls() {
		let recipe = recipe();
		assert_eq!(recipe.learning_rate_at(4), recipe.learning_rate);
		assert!(recipe.learning_rate_at(0) < recipe.learning_rate_at(1));
		assert!(recipe.learning_rate_at(29) < recipe.learning_rate_at(10));
		let end = recipe.learning_rate * recipe.final_share;
		assert!((recipe.learning_rate_at(30) - end).abs() < 1e-12);
	}

	#[test]
	fn long_gradients_are_shortened() {
		let x = Var::new(&[3f32, 4.0], &Device::Cpu).unwrap();
		let mut gradients = (x.sqr().unwrap().sum_all().unwrap() * 0.5).unwrap().backward().unwrap();
		assert_eq!(clip(&mut gradients, [&x].into_iter(), 1.0).unwrap(), 5.0);
		let clipped: &Tensor = gradients.get(&x).unwrap();
		assert_eq!(clipped.to_vec1::<f32>().unwrap(), [0.6, 0.8]);
	}
}
