//! Forward passes in f64 straight from the folder's tensors, written from the papers and independent of the programs.

use std::f64::consts::PI;

use super::Folder;

type Vector = Vec<f64>;

impl Folder {
	fn number(&self, key: &str) -> usize {
		self.config[key].as_u64().unwrap() as usize
	}

	fn row(&self, name: &str, row: usize) -> Vector {
		let tensor = &self.tensors[name];
		let columns = *tensor.dims.last().unwrap();
		tensor.values[row * columns..(row + 1) * columns]
			.iter()
			.map(|&x| x.into())
			.collect()
	}

	/// `module.weight · x + module.bias`.
	fn linear(&self, module: &str, x: &[f64]) -> Vector {
		let weight = &self.tensors[&format!("{module}.weight")];
		let bias = self.tensors.get(&format!("{module}.bias"));
		(0..weight.dims[0])
			.map(|r| {
				let row = &weight.values[r * x.len()..(r + 1) * x.len()];
				let sum: f64 = row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum();
				sum + bias.map_or(0.0, |bias| f64::from(bias.values[r]))
			})
			.collect()
	}

	fn rms_norm(&self, module: &str, x: &[f64], epsilon: f64) -> Vector {
		let gain = self.row(&format!("{module}.weight"), 0);
		x.chunks(gain.len())
			.flat_map(|x| {
				let scale = 1.0 / (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64 + epsilon).sqrt();
				x.iter().zip(&gain).map(|(x, g)| x * scale * g).collect::<Vec<_>>()
			})
			.collect()
	}

	fn layer_norm_of(&self, module: &str, x: &[f64]) -> Vector {
		let (gain, bias) = (
			self.row(&format!("{module}.weight"), 0),
			self.row(&format!("{module}.bias"), 0),
		);
		let mean = x.iter().sum::<f64>() / x.len() as f64;
		let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
		x.iter()
			.zip(gain)
			.zip(bias)
			.map(|((x, g), b)| (x - mean) / (variance + 1e-12).sqrt() * g + b)
			.collect()
	}

	fn inverse_frequencies(&self) -> Vector {
		let dim = self.number("head_dim");
		let rope = match &self.config["rope_parameters"] {
			serde_json::Value::Null => &self.config["rope_scaling"],
			parameters => parameters,
		};
		let base = rope["rope_theta"]
			.as_f64()
			.or(self.config["rope_theta"].as_f64())
			.unwrap();
		let kind = rope["rope_type"]
			.as_str()
			.or(rope["type"].as_str())
			.unwrap_or("default")
			.to_string();
		let parameter = |key: &str| rope[key].as_f64().unwrap();
		(0..dim / 2)
			.map(|k| {
				let frequency = 1.0 / base.powf(2.0 * k as f64 / dim as f64);
				match kind.as_str() {
					"linear" => frequency / parameter("factor"),
					"llama3" => {
						let context = parameter("original_max_position_embeddings");
						let (low, high) = (parameter("low_freq_factor"), parameter("high_freq_factor"));
						let wave = 2.0 * PI / frequency;
						let smooth = ((context / wave - low) / (high - low)).clamp(0.0, 1.0);
						(1.0 - smooth) * frequency / parameter("factor") + smooth * frequency
					}
					_ => frequency,
				}
			})
			.collect()
	}

	fn rotated(&self, x: &[f64], position: usize) -> Vector {
		let dim = self.number("head_dim");
		let frequencies = self.inverse_frequencies();
		x.chunks(dim)
			.flat_map(|head| {
				let half = dim / 2;
				let turned = (0..dim).map(|i| {
					let (sin, cos) = (position as f64 * frequencies[i % half]).sin_cos();
					let other = if i < half { -head[i + half] } else { head[i - half] };
					head[i] * cos + other * sin
				});
				turned.collect::<Vec<_>>()
			})
			.collect()
	}

	/// Logits of a Llama after the last token.
	pub(crate) fn llama_logits(&self, tokens: &[u32]) -> Vector {
		let tied = self.config["tie_word_embeddings"].as_bool().unwrap();
		let projection = if tied { "model.embed_tokens" } else { "lm_head" };
		self.linear(projection, &self.llama_state(tokens))
	}

	/// State of a Llama at the last token, after the final norm.
	pub(crate) fn llama_state(&self, tokens: &[u32]) -> Vector {
		let epsilon = self.config["rms_norm_eps"].as_f64().unwrap();
		let class = self.config["architectures"][0].as_str().unwrap();
		let qk_norm = class.starts_with("Qwen3");
		let (heads, kv_heads) = (self.number("num_attention_heads"), self.number("num_key_value_heads"));
		let mut states: Vec<Vector> = tokens
			.iter()
			.map(|&token| self.row("model.embed_tokens.weight", token as usize))
			.collect();
		for layer in 0..self.number("num_hidden_layers") {
			let name = |module: &str| format!("model.layers.{layer}.{module}");
			let mut qkv = Vec::new();
			for (position, x) in states.iter().enumerate() {
				let x = self.rms_norm(&name("input_layernorm"), x, epsilon);
				let mut q = self.linear(&name("self_attn.q_proj"), &x);
				let mut k = self.linear(&name("self_attn.k_proj"), &x);
				if qk_norm {
					q = self.rms_norm(&name("self_attn.q_norm"), &q, epsilon);
					k = self.rms_norm(&name("self_attn.k_norm"), &k, epsilon);
				}
				let v = self.linear(&name("self_attn.v_proj"), &x);
				qkv.push((self.rotated(&q, position), self.rotated(&k, position), v));
			}
			for (position, x) in states.iter_mut().enumerate() {
				let attended = attention(&qkv, position, position + 1, heads, kv_heads);
				add(x, &self.linear(&name("self_attn.o_proj"), &attended));
				let normed = self.rms_norm(&name("post_attention_layernorm"), x, epsilon);
				let gate = self.linear(&name("mlp.gate_proj"), &normed);
				let up = self.linear(&name("mlp.up_proj"), &normed);
				let inner: Vector = gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
				add(x, &self.linear(&name("mlp.down_proj"), &inner));
			}
		}
		self.rms_norm("model.norm", states.last().unwrap(), epsilon)
	}

	/// States of all positions of a BERT.
	pub(crate) fn bert_states(&self, prefix: &str, tokens: &[u32], activation: impl Fn(f64) -> f64) -> Vec<Vector> {
		let mut states: Vec<Vector> = tokens
			.iter()
			.enumerate()
			.map(|(position, &token)| {
				let mut x = self.row(&format!("{prefix}embeddings.word_embeddings.weight"), token as usize);
				add(
					&mut x,
					&self.row(&format!("{prefix}embeddings.position_embeddings.weight"), position),
				);
				add(
					&mut x,
					&self.row(&format!("{prefix}embeddings.token_type_embeddings.weight"), 0),
				);
				self.layer_norm_of(&format!("{prefix}embeddings.LayerNorm"), &x)
			})
			.collect();
		for layer in 0..self.number("num_hidden_layers") {
			let name = |module: &str| format!("{prefix}encoder.layer.{layer}.{module}");
			let project = |x: &Vector, module: &str| self.linear(&name(&format!("attention.self.{module}")), x);
			let qkv: Vec<_> = states
				.iter()
				.map(|x| (project(x, "query"), project(x, "key"), project(x, "value")))
				.collect();
			for (position, x) in states.iter_mut().enumerate() {
				let heads = self.number("num_attention_heads");
				let attended = attention(&qkv, position, qkv.len(), heads, heads);
				add(x, &self.linear(&name("attention.output.dense"), &attended));
				*x = self.layer_norm_of(&name("attention.output.LayerNorm"), x);
				let mut inner = self.linear(&name("intermediate.dense"), x);
				inner.iter_mut().for_each(|x| *x = activation(*x));
				add(x, &self.linear(&name("output.dense"), &inner));
				*x = self.layer_norm_of(&name("output.LayerNorm"), x);
			}
		}
		states
	}

	/// Output of a plain network.
	pub(crate) fn mlp_output(&self, input: &[f64], activation: impl Fn(f64) -> f64) -> Vector {
		let layers = self.config["layers"].as_array().unwrap().len() - 1;
		let mut x = input.to_vec();
		for i in 0..layers {
			x = self.linear(&format!("layers.{i}"), &x);
			if i + 1 < layers {
				x.iter_mut().for_each(|x| *x = activation(*x));
			}
		}
		x
	}
}

fn attention(
	qkv: &[(Vector, Vector, Vector)],
	position: usize,
	visible: usize,
	heads: usize,
	kv_heads: usize,
) -> Vector {
	let dim = qkv[0].0.len() / heads;
	let mut out = Vec::new();
	for h in 0..heads {
		let g = h / (heads / kv_heads);
		let query = &qkv[position].0[h * dim..(h + 1) * dim];
		let scores: Vector = qkv[..visible]
			.iter()
			.map(|(_, key, _)| {
				let key = &key[g * dim..(g + 1) * dim];
				query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / (dim as f64).sqrt()
			})
			.collect();
		let largest = scores.iter().copied().fold(f64::MIN, f64::max);
		let total: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
		for i in 0..dim {
			let weighted = scores
				.iter()
				.zip(qkv)
				.map(|(s, (_, _, v))| (s - largest).exp() / total * v[g * dim + i]);
			out.push(weighted.sum());
		}
	}
	out
}

fn add(x: &mut [f64], y: &[f64]) {
	x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}
