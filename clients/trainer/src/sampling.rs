//! Lets a model write.

use anyhow::{anyhow, Result};
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use tokenizers::Tokenizer;

use crate::{model::Llama, tokenizer::END_ID};

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
	/// Zero takes the likeliest token; one samples from the model's distribution.
	pub temperature: f32,
	/// Seeds the draws.
	pub seed: u64,
	/// Tokens to write at most.
	pub tokens: usize,
}

/// Continues `prompt` until the document ends; returns the prompt and what follows.
pub fn write(model: &Llama, tokenizer: &Tokenizer, prompt: &str, choice: Choice) -> Result<String> {
	let encoding = tokenizer
		.encode_fast(prompt, true)
		.map_err(|error| anyhow!("encoding: {error}"))?;
	let mut tokens = encoding.get_ids().to_vec();
	let limit = (tokens.len() + choice.tokens).min(model.config().max_position_embeddings);
	let mut rng = ChaCha12Rng::seed_from_u64(choice.seed);
	while tokens.len() < limit {
		let input = Tensor::from_slice(&tokens, (1, tokens.len()), &Device::Cpu)?;
		let logits = model.forward(&input)?.get(tokens.len() - 1)?.to_vec1::<f32>()?;
		let next = choose(&logits, choice.temperature, &mut rng);
		if next == END_ID {
			break;
		}
		tokens.push(next);
	}
	tokenizer
		.decode(&tokens, true)
		.map_err(|error| anyhow!("decoding: {error}"))
}

/// The index of the largest logit at temperature zero (the lowest such index), otherwise a draw
/// from `softmax(logits / temperature)`.
fn choose(logits: &[f32], temperature: f32, rng: &mut ChaCha12Rng) -> u32 {
	let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
	let index = if temperature <= 0.0 {
		logits.iter().position(|logit| *logit == top)
	} else {
		let weights: Vec<f32> = logits.iter().map(|logit| ((logit - top) / temperature).exp()).collect();
		let mut left = rng.random::<f32>() * weights.iter().sum::<f32>();
		weights.iter().position(|weight| {
			left -= weight;
			left < 0.0
		})
	};
	index.unwrap_or(logits.len() - 1) as u32
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn temperature_zero_takes_the_lowest_of_the_largest() {
		let mut rng = ChaCha12Rng::seed_from_u64(1);
		assert_eq!(choose(&[0.5, 2.0, 2.0, -1.0], 0.0, &mut rng), 1);
	}

	#[test]
	fn draws_follow_the_distribution() {
		let logits = [0.0, 3f32.ln(), f32::NEG_INFINITY];
		let mut rng = ChaCha12Rng::seed_from_u64(1);
		let mut counts = [0; 3];
		(0..4000).for_each(|_| counts[choose(&logits, 1.0, &mut rng) as usize] += 1);
		assert_eq!(counts[2], 0);
		assert!((2900..3100).contains(&counts[1]), "{counts:?}");
	}
}
