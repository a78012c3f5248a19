//! Models in use can be judged on chain: the longest right answer about any of their jobs fits into an answer.

use assay_artifact::synthetic::{bert, llama, BertShape, LlamaShape};
use assay_exact::Program;
use assay_trace::size::longest_answer;

/// Bytes that the chain takes as an answer.
const LIMIT: u64 = 1024 * 1024;
/// Tokens of a prompt and of an output on chain at most.
const TOKENS: u32 = 1_024;

/// Shapes: name, width, layers, heads, key/value heads, width of a head, feed-forward, vocabulary.
const SHAPES: [(&str, [u32; 7]); 8] = [
	("SmolLM2-135M", [576, 30, 9, 3, 64, 1_536, 49_152]),
	("Qwen2.5-0.5B", [896, 24, 14, 2, 64, 4_864, 151_936]),
	("Llama-3.2-1B", [2_048, 16, 32, 8, 64, 8_192, 128_256]),
	("TinyLlama-1.1B", [2_048, 22, 32, 4, 64, 5_632, 32_000]),
	("Qwen3-8B", [4_096, 36, 32, 8, 128, 12_288, 151_936]),
	("Gemma-like, 262k tokens", [3_840, 48, 16, 8, 256, 15_360, 262_144]),
	("Llama-3.1-70B", [8_192, 80, 64, 8, 128, 28_672, 128_256]),
	("wider than any in use", [16_384, 126, 128, 8, 128, 32_768, 262_144]),
];

fn program([hidden, layers, heads, kv_heads, head_dim, intermediate, vocabulary]: [u32; 7]) -> Program {
	let shape = LlamaShape {
		hidden,
		layers,
		heads,
		kv_heads,
		head_dim,
		intermediate,
		vocabulary,
		positions: 131_072,
		tied: true,
		..LlamaShape::TINYLLAMA_1_1B
	};
	llama(shape, 1).unwrap().program().clone()
}

#[test]
fn p02_every_model_in_use_can_be_judged_however_many_tokens_it_knows() {
	for (name, shape) in SHAPES {
		let longest = longest_answer(&program(shape), TOKENS, TOKENS);
		println!("{name}: {longest} bytes");
		assert!(
			longest <= LIMIT,
			"{name}: an answer may take {longest} bytes of {LIMIT}"
		);
	}
	let embedder = bert(BertShape::MINILM_L6, 1).unwrap();
	assert!(longest_answer(embedder.program(), TOKENS, TOKENS) <= LIMIT);
}

#[test]
fn p02_a_vocabulary_does_not_count_for_logits_are_never_shown() {
	let [.., vocabulary] = SHAPES[1].1;
	let mut larger = SHAPES[1].1;
	larger[6] = 4 * vocabulary;
	let (small, large) = (program(SHAPES[1].1), program(larger));
	// Only the paths in the embedding's tree grow: two levels.
	assert!(longest_answer(&large, TOKENS, TOKENS) <= longest_answer(&small, TOKENS, TOKENS) + 4 * 32);
}
