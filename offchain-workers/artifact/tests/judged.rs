//! Models in use can be judged on chain: the longest right answer about any of their jobs fits into an answer.

use assay_artifact::synthetic::{bert, llama, BertShape, LlamaShape, IN_USE};
use assay_trace::size::longest_answer;

/// Bytes that the chain takes as an answer.
const LIMIT: u64 = 1024 * 1024;
/// Tokens of a prompt and of an output on chain at most.
const TOKENS: u32 = 1_024;

/// Wider, and for longer jobs, than any in use.
const WIDEST: LlamaShape = LlamaShape {
	hidden: 16_384,
	layers: 126,
	heads: 128,
	kv_heads: 8,
	head_dim: 128,
	intermediate: 32_768,
	vocabulary: 262_144,
	positions: 131_072,
	tied: true,
	..LlamaShape::TINYLLAMA_1_1B
};

#[test]
fn p02_every_model_in_use_can_be_judged_however_many_tokens_it_knows() {
	let in_use = IN_USE.map(|model| (model.name, model.lowered(None).unwrap()));
	let others = [
		("TinyLlama-1.1B", llama(LlamaShape::TINYLLAMA_1_1B, 1).unwrap()),
		("all-MiniLM-L6-v2", bert(BertShape::MINILM_L6, 1).unwrap()),
		("wider than any in use", llama(WIDEST, 1).unwrap()),
	];
	for (name, model) in in_use.into_iter().chain(others) {
		let longest = longest_answer(model.program(), TOKENS, TOKENS);
		assert!(
			longest <= LIMIT,
			"{name}: an answer may take {longest} bytes of {LIMIT}"
		);
	}
}

#[test]
fn p02_a_vocabulary_does_not_count_for_logits_are_never_shown() {
	let longest = |vocabulary| {
		let shape = LlamaShape {
			vocabulary,
			..LlamaShape::TINYLLAMA_1_1B
		};
		longest_answer(llama(shape, 1).unwrap().program(), TOKENS, TOKENS)
	};
	// Only the paths in the embedding's tree grow: two levels.
	assert!(longest(4 * 32_000) <= longest(32_000) + 4 * 32);
}
