//! The GGUF file format, versions 2 and 3 (little-endian): reader, writer and tokenizer conversion.

mod read;
mod tokenizer;
mod write;

pub(crate) use read::Content;
pub(crate) use tokenizer::{tokenizer_config, tokenizer_json};
pub use write::{write, writer, Array, Value, Writer};

/// Data types of tensors that this crate knows, with GGUF's numbers.
pub(crate) mod tensor_type {
	pub(crate) const F32: u32 = 0;
	pub(crate) const F16: u32 = 1;
	pub(crate) const Q8_0: u32 = 8;
	pub(crate) const BF16: u32 = 30;

	/// Names of all types, for messages.
	pub(crate) fn name(number: u32) -> String {
		const NAMES: [(u32, &str); 22] = [
			(F32, "F32"),
			(F16, "F16"),
			(2, "Q4_0"),
			(3, "Q4_1"),
			(6, "Q5_0"),
			(7, "Q5_1"),
			(Q8_0, "Q8_0"),
			(9, "Q8_1"),
			(10, "Q2_K"),
			(11, "Q3_K"),
			(12, "Q4_K"),
			(13, "Q5_K"),
			(14, "Q6_K"),
			(15, "Q8_K"),
			(16, "IQ2_XXS"),
			(20, "IQ4_NL"),
			(24, "I8"),
			(26, "I32"),
			(27, "I64"),
			(28, "F64"),
			(BF16, "BF16"),
			(39, "MXFP4"),
		];
		let known = NAMES.iter().find(|(n, _)| *n == number);
		known.map_or_else(|| format!("GGUF type {number}"), |(_, name)| name.to_string())
	}
}

/// Numbers of the types of metadata values.
mod value_type {
	pub(super) const U8: u32 = 0;
	pub(super) const I8: u32 = 1;
	pub(super) const U16: u32 = 2;
	pub(super) const I16: u32 = 3;
	pub(super) const U32: u32 = 4;
	pub(super) const I32: u32 = 5;
	pub(super) const F32: u32 = 6;
	pub(super) const BOOL: u32 = 7;
	pub(super) const STRING: u32 = 8;
	pub(super) const ARRAY: u32 = 9;
	pub(super) const U64: u32 = 10;
	pub(super) const I64: u32 = 11;
	pub(super) const F64: u32 = 12;
}

/// First bytes of every file.
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";
/// Alignment of tensor data where the metadata name none.
pub(crate) const DEFAULT_ALIGNMENT: u64 = 32;

/// The GGUF name of a tensor that Hugging Face calls `name`. Names outside the Llama family are `None`.
pub(crate) fn tensor_name(name: &str) -> Option<String> {
	let name = match name {
		"model.embed_tokens.weight" => "token_embd.weight".into(),
		"model.norm.weight" => "output_norm.weight".into(),
		"lm_head.weight" => "output.weight".into(),
		_ => {
			let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
			let (module, kind) = rest.rsplit_once('.')?;
			let module = match module {
				"input_layernorm" => "attn_norm",
				"self_attn.q_proj" => "attn_q",
				"self_attn.k_proj" => "attn_k",
				"self_attn.v_proj" => "attn_v",
				"self_attn.o_proj" => "attn_output",
				"self_attn.q_norm" => "attn_q_norm",
				"self_attn.k_norm" => "attn_k_norm",
				"post_attention_layernorm" => "ffn_norm",
				"mlp.gate_proj" => "ffn_gate",
				"mlp.up_proj" => "ffn_up",
				"mlp.down_proj" => "ffn_down",
				_ => return None,
			};
			format!("blk.{layer}.{module}.{kind}")
		}
	};
	Some(name)
}
