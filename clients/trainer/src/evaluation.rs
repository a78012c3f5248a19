//! How well a model predicts documents it has not seen.

use anyhow::{ensure, Result};
use candle_core::{Device, Tensor};

use crate::{
	model::Llama,
	ops::{cross_entropy, IGNORED},
	tokenizer::END_ID,
};

/// Documents scored in one pass.
const BATCH: usize = 32;

/// The mean surprise at the tokens of some documents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
	/// Mean of `-ln p(token)`.
	pub loss: f64,
	/// Tokens predicted.
	pub tokens: usize,
}

impl Score {
	/// `e^loss`.
	pub fn perplexity(&self) -> f64 {
		self.loss.exp()
	}
}

/// Scores every document by itself: after its opening end token each token is predicted, the
/// closing end token included. A document longer than the model's positions is scored as far as
/// they reach.
pub fn score(model: &Llama, documents: &[Vec<u32>]) -> Result<Score> {
	let positions = model.config().max_position_embeddings;
	let mut by_length: Vec<&[u32]> = documents
		.iter()
		.map(|document| &document[..document.len().min(positions + 1)])
		.collect();
	by_length.sort_by_key(|document| document.len());
	let (mut surprise, mut tokens) = (0f64, 0usize);
	for batch in by_length.chunks(BATCH) {
		let length = batch
			.iter()
			.map(|document| document.len())
			.max()
			.unwrap_or(0)
			.saturating_sub(1);
		let (mut inputs, mut targets) = (Vec::new(), Vec::new());
		for document in batch {
			ensure!(
				document.len() > 1,
				"a document of {} tokens has nothing to predict",
				document.len()
			);
			let padding = length + 1 - document.len();
			inputs.extend_from_slice(&document[..document.len() - 1]);
			inputs.extend(std::iter::repeat_n(END_ID, padding));
			targets.extend_from_slice(&document[1..]);
			targets.extend(std::iter::repeat_n(IGNORED, padding));
		}
		let inputs = Tensor::from_vec(inputs, (batch.len(), length), &Device::Cpu)?;
		let predicted = targets.iter().filter(|target| **target != IGNORED).count();
		let loss = cross_entropy(&model.forward(&inputs)?, targets)?.to_scalar::<f32>()?;
		surprise += f64::from(loss) * predicted as f64;
		tokens += predicted;
	}
	ensure!(tokens > 0, "no documents to score");
	Ok(Score {
		loss: surprise / tokens as f64,
		tokens,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::model::tests::{logits, tiny_model};

	#[test]
	fn the_score_is_the_mean_over_tokens_of_documents_scored_alone() {
		let model = tiny_model(3);
		let documents = vec![vec![0, 7, 8, 9, 0], vec![0, 5, 0], vec![0, 1, 2, 3, 4, 5, 6, 0]];
		let mut surprise = 0f64;
		for document in &documents {
			for (row, next) in logits(&model, document).iter().zip(&document[1..]) {
				let sum: f64 = row.iter().map(|v| f64::from(*v).exp()).sum();
				surprise += sum.ln() - f64::from(row[*next as usize]);
			}
		}
		let score = score(&model, &documents).unwrap();
		assert_eq!(score.tokens, 4 + 2 + 7);
		assert!(
			(score.loss - surprise / 13.0).abs() < 1e-4,
			"{} and {}",
			score.loss,
			surprise / 13.0
		);
	}

	#[test]
	fn nothing_to_predict_is_an_error() {
		let model = tiny_model(3);
		assert_eq!(score(&model, &[]).unwrap_err().to_string(), "no documents to score");
		assert!(score(&model, &[vec![0]]).is_err());
	}
}
