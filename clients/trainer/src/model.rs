//! A Llama whose every position is scored and whose every weight has a gradient.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{ensure, Context, Result};
use candle_core::{DType, Device, Shape, Tensor, Var};
use rand::Rng;
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::{
	ops::{causal_softmax, merge_heads, rms_norm, split_heads, swiglu, Heads, Rotary},
	tokenizer::END_ID,
};

/// The shape of the model: `config.json` of a Hugging Face folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
	/// Always `LlamaForCausalLM`.
	pub architectures: Vec<String>,
	/// Always `llama`.
	pub model_type: String,
	/// Type of the stored weights.
	pub torch_dtype: String,
	/// Tokens of the vocabulary.
	pub vocab_size: usize,
	/// Width of the residual stream.
	pub hidden_size: usize,
	/// Width inside the feed-forward part.
	pub intermediate_size: usize,
	/// Layers.
	pub num_hidden_layers: usize,
	/// Query heads.
	pub num_attention_heads: usize,
	/// Key and value heads.
	pub num_key_value_heads: usize,
	/// Values of each head.
	pub head_dim: usize,
	/// Always `silu`.
	pub hidden_act: String,
	/// Positions the model was trained on.
	pub max_position_embeddings: usize,
	/// Base of the rotary embedding.
	pub rope_theta: f64,
	/// Added to the mean square before its root is taken.
	pub rms_norm_eps: f64,
	/// Always true: the head is the embedding.
	pub tie_word_embeddings: bool,
	/// Opens a text.
	pub bos_token_id: u32,
	/// Closes a text.
	pub eos_token_id: u32,
}

impl Default for Config {
	/// The demonstration model, 2.8 million weights.
	fn default() -> Self {
		Self {
			architectures: vec!["LlamaForCausalLM".into()],
			model_type: "llama".into(),
			torch_dtype: "bfloat16".into(),
			vocab_size: 4096,
			hidden_size: 192,
			intermediate_size: 512,
			num_hidden_layers: 5,
			num_attention_heads: 6,
			num_key_value_heads: 2,
			head_dim: 32,
			hidden_act: "silu".into(),
			max_position_embeddings: 256,
			rope_theta: 10_000.0,
			rms_norm_eps: 1e-5,
			tie_word_embeddings: true,
			bos_token_id: END_ID,
			eos_token_id: END_ID,
		}
	}
}

impl Config {
	/// Name and shape of every weight, in the order of their names.
	pub fn weights(&self) -> BTreeMap<String, Shape> {
		let (hidden, inner) = (self.hidden_size, self.intermediate_size);
		let (query, key) = (
			self.num_attention_heads * self.head_dim,
			self.num_key_value_heads * self.head_dim,
		);
		let mut weights = BTreeMap::from([
			(
				"model.embed_tokens.weight".to_owned(),
				Shape::from((self.vocab_size, hidden)),
			),
			("model.norm.weight".to_owned(), Shape::from(hidden)),
		]);
		for layer in 0..self.num_hidden_layers {
			let mut add =
				|name: &str, shape: Shape| weights.insert(format!("model.layers.{layer}.{name}.weight"), shape);
			add("input_layernorm", hidden.into());
			add("self_attn.q_proj", (query, hidden).into());
			add("self_attn.k_proj", (key, hidden).into());
			add("self_attn.v_proj", (key, hidden).into());
			add("self_attn.o_proj", (hidden, query).into());
			add("post_attention_layernorm", hidden.into());
			add("mlp.gate_proj", (inner, hidden).into());
			add("mlp.up_proj", (inner, hidden).into());
			add("mlp.down_proj", (hidden, inner).into());
		}
		weights
	}

	fn validate(&self) -> Result<()> {
		ensure!(
			self.model_type == "llama",
			"model type `{}` is not `llama`",
			self.model_type
		);
		ensure!(self.tie_word_embeddings, "only tied embeddings are supported");
		ensure!(self.head_dim.is_multiple_of(2), "head width {} is odd", self.head_dim);
		ensure!(
			self.num_key_value_heads > 0 && self.num_attention_heads.is_multiple_of(self.num_key_value_heads),
			"{} query heads cannot share {} key heads",
			self.num_attention_heads,
			self.num_key_value_heads
		);
		Ok(())
	}
}

/// The model and its weights, each a [`Var`] in float32.
#[derive(Debug)]
pub struct Llama {
	config: Config,
	weights: BTreeMap<String, Var>,
	rotary: Arc<Rotary>,
}

impl Llama {
	/// A model with random weights.
	///
	/// Matrices are uniform with standard deviation `1 / sqrt(inputs)`, those that write to the
	/// residual stream smaller by `sqrt(2 layers)`, the embedding 0.02; gains are one.
	pub fn random(config: Config, rng: &mut ChaCha12Rng) -> Result<Self> {
		let mut weights = BTreeMap::new();
		for (name, shape) in config.weights() {
			let deviation = match shape.dims() {
				[_gain] => 0.0,
				_ if name.contains("embed_tokens") => 0.02,
				[_, inputs] if name.contains("o_proj") || name.contains("down_proj") => {
					1.0 / ((inputs * 2 * config.num_hidden_layers) as f32).sqrt()
				}
				dims => 1.0 / (dims[1] as f32).sqrt(),
			};
			let bound = deviation * 3f32.sqrt();
			let values: Vec<f32> = (0..shape.elem_count())
				.map(|_| {
					if bound > 0.0 {
						rng.random_range(-bound..bound)
					} else {
						1.0
					}
				})
				.collect();
			weights.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
		}
		Self::from_weights(config, weights)
	}

	/// A model with the given weights, which may be of any float type.
	pub fn from_weights(config: Config, mut given: BTreeMap<String, Tensor>) -> Result<Self> {
		config.validate()?;
		let mut weights = BTreeMap::new();
		for (name, shape) in config.weights() {
			let weight = given
				.remove(&name)
				.with_context(|| format!("weight `{name}` is missing"))?;
			ensure!(
				*weight.shape() == shape,
				"weight `{name}` has shape {:?}, the configuration says {shape:?}",
				weight.shape()
			);
			weights.insert(name, Var::from_tensor(&weight.to_dtype(DType::F32)?)?);
		}
		if let Some(name) = given.keys().next() {
			anyhow::bail!("weight `{name}` belongs to no part of the model");
		}
		let rotary = Rotary::new(config.max_position_embeddings, config.head_dim, config.rope_theta);
		Ok(Self {
			config,
			weights,
			rotary: Arc::new(rotary),
		})
	}

	/// The shape of the model.
	pub fn config(&self) -> &Config {
		&self.config
	}

	/// The weights by name, in a fixed order.
	pub fn weights(&self) -> &BTreeMap<String, Var> {
		&self.weights
	}

	/// The number of weights.
	pub fn size(&self) -> usize {
		self.weights.values().map(|weight| weight.elem_count()).sum()
	}

	/// The logits of every position.
	///
	/// # Shapes
	/// `tokens`: (batch, length), result: (batch * length, vocabulary).
	pub fn forward(&self, tokens: &Tensor) -> Result<Tensor> {
		let (batch, length) = tokens.dims2()?;
		ensure!(
			length <= self.config.max_position_embeddings,
			"{length} positions, the model has {}",
			self.config.max_position_embeddings
		);
		let embedding = self.weight("model.embed_tokens");
		let mut x = embedding.index_select(&tokens.flatten_all()?, 0)?;
		for layer in 0..self.config.num_hidden_layers {
			let attended = self.attention(
				layer,
				&self.norm(&format!("model.layers.{layer}.input_layernorm"), &x)?,
				batch,
				length,
			)?;
			x = (x + attended)?;
			let fed = self.feed_forward(
				layer,
				&self.norm(&format!("model.layers.{layer}.post_attention_layernorm"), &x)?,
			)?;
			x = (x + fed)?;
		}
		self.linear("model.embed_tokens", &self.norm("model.norm", &x)?)
	}

	/// The query heads that share a key head are scored as one taller matrix.
	fn attention(&self, layer: usize, x: &Tensor, batch: usize, length: usize) -> Result<Tensor> {
		let c = &self.config;
		let part = |name: &str| format!("model.layers.{layer}.self_attn.{name}");
		let query = Heads {
			batch,
			length,
			heads: c.num_attention_heads,
			width: c.head_dim,
		};
		let key = Heads {
			heads: c.num_key_value_heads,
			..query
		};
		let turned = Some(self.rotary.clone());
		let q = split_heads(&self.linear(&part("q_proj"), x)?, query, turned.clone())?;
		let k = split_heads(&self.linear(&part("k_proj"), x)?, key, turned)?;
		let v = split_heads(&self.linear(&part("v_proj"), x)?, key, None)?;
		let shared = c.num_attention_heads / c.num_key_value_heads;
		let q = q.reshape((batch, key.heads, shared * length, c.head_dim))?;
		let scale = 1.0 / (c.head_dim as f32).sqrt();
		let mixed = causal_softmax(&q.matmul(&k.t()?)?, scale)?.matmul(&v)?;
		self.linear(&part("o_proj"), &merge_heads(&mixed, query)?)
	}

	fn feed_forward(&self, layer: usize, x: &Tensor) -> Result<Tensor> {
		let part = |name: &str| format!("model.layers.{layer}.mlp.{name}");
		let inner = swiglu(&self.linear(&part("gate_proj"), x)?, &self.linear(&part("up_proj"), x)?)?;
		self.linear(&part("down_proj"), &inner)
	}

	fn norm(&self, name: &str, x: &Tensor) -> Result<Tensor> {
		Ok(rms_norm(x, self.weight(name), self.config.rms_norm_eps as f32)?)
	}

	fn linear(&self, name: &str, x: &Tensor) -> Result<Tensor> {
		Ok(x.matmul(&self.weight(name).t()?)?)
	}

	fn weight(&self, name: &str) -> &Var {
		// `from_weights` admits a model only with every weight that its configuration names.
		&self.weights[&format!("{name}.weight")]
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use rand::SeedableRng;

	pub(crate) fn tiny() -> Config {
		Config {
			vocab_size: 280,
			hidden_size: 128,
			intermediate_size: 96,
			num_hidden_layers: 2,
			num_attention_heads: 4,
			max_position_embeddings: 32,
			..Config::default()
		}
	}

	pub(crate) fn tiny_model(seed: u64) -> Llama {
		Llama::random(tiny(), &mut ChaCha12Rng::seed_from_u64(seed)).unwrap()
	}

	pub(crate) fn logits(model: &Llama, tokens: &[u32]) -> Vec<Vec<f32>> {
		let tokens = Tensor::new(tokens, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
		model.forward(&tokens).unwrap().to_vec2().unwrap()
	}

	#[test]
	fn later_tokens_do_not_change_earlier_logits() {
		let model = tiny_model(1);
		let (a, b) = (logits(&model, &[0, 5, 6, 7]), logits(&model, &[0, 5, 6, 99]));
		assert_eq!(a[..3], b[..3]);
		assert_ne!(a[3], b[3]);
	}

	#[test]
	fn a_missing_or_misshapen_weight_is_named() {
		let tensors = || -> BTreeMap<String, Tensor> {
			tiny_model(1)
				.weights()
				.iter()
				.map(|(name, var)| (name.clone(), var.as_tensor().clone()))
				.collect()
		};
		let error = |weights| Llama::from_weights(tiny(), weights).unwrap_err().to_string();
		let mut weights = tensors();
		weights.remove("model.norm.weight");
		assert_eq!(error(weights), "weight `model.norm.weight` is missing");
		let mut weights = tensors();
		weights.insert(
			"model.norm.weight".into(),
			Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap(),
		);
		assert_eq!(
			error(weights),
			"weight `model.norm.weight` has shape [3], the configuration says [128]"
		);
		let mut weights = tensors();
		weights.insert(
			"lm_head.weight".into(),
			Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap(),
		);
		assert_eq!(
			error(weights),
			"weight `lm_head.weight` belongs to no part of the model"
		);
	}

	#[test]
	fn every_weight_has_a_gradient() {
		let model = tiny_model(1);
		let tokens = Tensor::new(&[[0u32, 5, 6, 7]], &Device::Cpu).unwrap();
		let loss = crate::ops::cross_entropy(&model.forward(&tokens).unwrap(), vec![5, 6, 7, 0]).unwrap();
		let gradients = loss.backward().unwrap();
		for (name, weight) in model.weights() {
			let gradient = gradients
				.get(weight)
				.unwrap_or_else(|| panic!("{name} has no gradient"));
			let sum = gradient.abs().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
			assert!(sum > 0.0, "the gradient of {name} vanishes");
		}
	}
}
