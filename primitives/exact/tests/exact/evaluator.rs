use super::real;
use assay_exact::{
	activation::{activate, add},
	blocks::{Activation, WeightRow},
	evaluate::{evaluate, EvaluateError, Fed, Session, Weights},
	linear::linear,
	pool::pool,
	program::*,
	Generation, Input, JobError, Output, ProgramError, Sampler,
};
use assay_samples::{
	programs::{decoder, encoder, perceptron, r, t, VOCABULARY},
	MadeUp,
};
use proptest::prelude::*;

const GREEDY: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 6,
	ignore_stop: true,
};

fn tokens(output: Output) -> Vec<u32> {
	match output {
		Output::Tokens(tokens) => tokens,
		Output::Vector(_) => panic!("a decoder returned a vector"),
	}
}

fn vector(output: Output) -> Vec<i32> {
	match output {
		Output::Vector(vector) => vector,
		Output::Tokens(_) => panic!("an encoder returned tokens"),
	}
}

fn prompt() -> impl Strategy<Value = Vec<u32>> {
	prop::collection::vec(0..VOCABULARY, 1..12)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn prefill_in_one_go_equals_token_by_token(seed: u64, prompt in prompt(), cut in 0usize..12) {
		let program = decoder();
		let weights = MadeUp::new(&program, seed);
		let fed: Vec<Fed<'_>> = prompt.iter().copied().map(Fed::Token).collect();
		let at_once = Session::new(&program, &weights).advance(&fed).unwrap();
		let mut session = Session::new(&program, &weights);
		let one_by_one: Vec<_> = fed.iter().flat_map(|fed| session.advance(&[*fed]).unwrap()).collect();
		prop_assert_eq!(&at_once, &one_by_one);
		let (first, second) = fed.split_at(cut.min(fed.len()));
		let mut session = Session::new(&program, &weights);
		let mut in_two = session.advance(first).unwrap();
		in_two.extend(session.advance(second).unwrap());
		prop_assert_eq!(&at_once, &in_two);
	}

	#[test]
	fn generation_continues_from_its_own_output(seed: u64, prompt in prompt(), cut in 1u32..6, gumbel: bool, noise: [u8; 32]) {
		let program = decoder();
		let weights = MadeUp::new(&program, seed);
		let sampler = if gumbel { Sampler::Gumbel { inverse_temperature: 65536, seed: noise } } else { Sampler::Greedy };
		let run = |prompt: &[u32], max_tokens| {
			let generation = Generation { sampler, max_tokens, ignore_stop: true };
			tokens(evaluate(&program, &weights, &Input::Tokens(prompt.to_vec()), &generation).unwrap())
		};
		let whole = run(&prompt, 6);
		prop_assert_eq!(whole.len(), 6);
		prop_assert!(whole.iter().all(|&token| token < VOCABULARY));
		let (early, late) = whole.split_at(cut as usize);
		prop_assert_eq!(run(&prompt, cut), early);
		let longer: Vec<u32> = prompt.iter().chain(early).copied().collect();
		prop_assert_eq!(run(&longer, 6 - cut), if late.is_empty() { vec![] } else { late.to_vec() });
	}

	#[test]
	fn an_encoder_returns_a_unit_vector_that_depends_on_order(seed: u64, prompt in prompt()) {
		let program = encoder();
		let weights = MadeUp::new(&program, seed);
		let run = |prompt: &[u32]| vector(evaluate(&program, &weights, &Input::Tokens(prompt.to_vec()), &GREEDY).unwrap());
		let embedding = run(&prompt);
		let length = embedding.iter().map(|&x| real(x).powi(2)).sum::<f64>().sqrt();
		prop_assert!((length - 1.0).abs() < 1e-3, "{}", length);
		let reversed: Vec<u32> = prompt.iter().rev().copied().collect();
		prop_assert_eq!(run(&reversed) == embedding, reversed == prompt);
	}

	#[test]
	fn a_perceptron_is_its_operations(seed: u64, x in prop::collection::vec(any::<i32>(), 32)) {
		let program = perceptron();
		let weights = MadeUp::new(&program, seed);
		let layer = |weight: u16, x: &[i32], rows| -> Vec<i32> {
			let x = Activation::new(x);
			let bias: Vec<i32> = weights.row(t(weight + 1), None, 0).unwrap().chunks(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect();
			(0..rows).map(|row| linear(&WeightRow::parse(weights.row(t(weight), None, row).unwrap()).unwrap(), &x, Some(bias[row as usize]))).collect()
		};
		let hidden: Vec<i32> = layer(0, &x, 64).iter().map(|&x| x.max(0)).collect();
		let expected: Vec<i32> = layer(2, &hidden, 3).iter().map(|&x| activate(Function::Sigmoid, x)).collect();
		prop_assert_eq!(vector(evaluate(&program, &weights, &Input::Vector(x), &GREEDY).unwrap()), expected);
	}
}

#[test]
fn a_full_mask_sees_later_positions_and_a_causal_one_does_not() {
	for (mask, sees) in [(Mask::Full, true), (Mask::Causal, false)] {
		let mut program = encoder();
		for op in &mut program.layer {
			if let Op::Attention { mask: own, .. } = op {
				*own = mask;
			}
		}
		if let Head::Vector { pooling, .. } = &mut program.head {
			*pooling = Pooling::First;
		}
		let weights = MadeUp::new(&program, 3);
		let run = |tokens: &[u32]| evaluate(&program, &weights, &Input::Tokens(tokens.to_vec()), &GREEDY).unwrap();
		assert_eq!(run(&[1, 2, 3]) != run(&[1, 2, 4]), sees, "{mask:?}");
	}
}

#[test]
fn generation_ends_after_a_stop_token_unless_told_otherwise() {
	let mut program = decoder();
	let weights = MadeUp::new(&program, 11);
	let input = Input::Tokens(vec![5, 6, 7]);
	let generation = Generation {
		max_tokens: 8,
		..GREEDY
	};
	let free = tokens(evaluate(&program, &weights, &input, &generation).unwrap());
	assert_eq!(free.len(), 8);
	let stop_at = free[3];
	let first = free.iter().position(|&token| token == stop_at).unwrap();
	if let Head::Tokens { stop, .. } = &mut program.head {
		*stop = vec![stop_at];
	}
	let stopping = Generation {
		ignore_stop: false,
		..generation
	};
	assert_eq!(
		tokens(evaluate(&program, &weights, &input, &stopping).unwrap()),
		free[..=first]
	);
	assert_eq!(tokens(evaluate(&program, &weights, &input, &generation).unwrap()), free);
}

#[test]
fn pooling_gathers_positions() {
	let (a, b, c) = ([1, -4, i32::MAX], [2, -5, i32::MAX], [5, -5, i32::MAX]);
	let rows = [&a[..], &b, &c];
	assert_eq!(pool(Pooling::First, &rows), a);
	assert_eq!(pool(Pooling::Last, &rows), c);
	// 8/3 and -14/3, rounded.
	assert_eq!(pool(Pooling::Mean, &rows), [3, -5, i32::MAX]);
	assert_eq!(pool(Pooling::Mean, &[&[1], &[2]]), [2]);
	assert_eq!(pool(Pooling::Mean, &[&[-1], &[-2]]), [-1]);
	assert!(pool(Pooling::Mean, &[]).is_empty());
}

#[test]
fn saturated_weights_saturate_and_go_on() {
	let program = perceptron();
	let mut weights = MadeUp::new(&program, 1);
	for row in 0..64 {
		let row = weights.row_mut(t(0), None, row);
		row[..2].copy_from_slice(&0x7bffu16.to_le_bytes());
		row[2..].fill(127);
	}
	let run = |x| vector(evaluate(&program, &weights, &Input::Vector(vec![x; 32]), &GREEDY).unwrap());
	// The hidden layer is i32::MAX or, through ReLU, zero with the bias added.
	let hidden = add(i32::MIN, 1).max(0);
	assert_eq!(hidden, 0);
	assert_ne!(run(i32::MAX), run(i32::MIN));
}

#[test]
fn bad_programs_jobs_and_weights_are_told_apart() {
	let program = decoder();
	let input = Input::Tokens(vec![0, 1]);
	let run =
		|program: &Program, weights: &MadeUp, input: &Input| evaluate(program, weights, input, &GREEDY).unwrap_err();
	let weights = MadeUp::new(&program, 1);
	let invalid = Program {
		positions: 0,
		..program.clone()
	};
	let error = EvaluateError::Program(ProgramError::Positions { positions: 0 });
	assert_eq!(run(&invalid, &weights, &input), error);
	let error = EvaluateError::Job(JobError::EmptyPrompt);
	let empty = Input::Tokens(vec![]);
	assert_eq!(run(&program, &weights, &empty), error);

	let mut weights = MadeUp::new(&program, 1);
	weights.remove(t(4), Some(1));
	let error = EvaluateError::MissingRow {
		tensor: t(4),
		layer: Some(1),
		row: 0,
	};
	assert_eq!(run(&program, &weights, &input), error);

	let malformed = |tensor, layer, row| EvaluateError::MalformedRow { tensor, layer, row };
	let mut weights = MadeUp::new(&program, 1);
	weights.row_mut(t(0), None, 1)[67] = 0x80;
	assert_eq!(run(&program, &weights, &input), malformed(t(0), None, 1));
	let mut weights = MadeUp::new(&program, 1);
	weights.row_mut(t(9), Some(1), 5)[1] = 0xff;
	assert_eq!(run(&program, &weights, &input), malformed(t(9), Some(1), 5));
	let mut weights = MadeUp::new(&program, 1);
	weights.row_mut(t(2), None, 1)[..4].copy_from_slice(&(-(1 << 30) - 1i32).to_le_bytes());
	assert_eq!(run(&program, &weights, &input), malformed(t(2), None, 1));
	let other = Program {
		tensors: {
			let mut tensors = program.tensors.clone();
			tensors[3].shape = Shape::Vector { length: 32 };
			tensors
		},
		..program.clone()
	};
	assert_eq!(
		run(&other, &MadeUp::new(&program, 1), &input),
		malformed(t(3), Some(0), 0)
	);
}

#[test]
fn an_embedding_and_a_product_are_enough() {
	// The smallest decoder: logits are an embedding row times one, so the next token is the row's largest element.
	let width = 32;
	let square = Tensor {
		shape: Shape::Matrix {
			rows: width,
			columns: width,
		},
		per_layer: false,
	};
	let program = Program {
		profile: Profile::Q8A16V1,
		positions: 4,
		registers: vec![width, width],
		tensors: vec![square, square],
		layers: 0,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Tokens {
			ops: vec![Op::Linear {
				dst: r(1),
				src: r(0),
				weight: t(1),
				bias: None,
			}],
			logits: r(1),
			stop: vec![],
		},
	};
	let mut weights = MadeUp::new(&program, 1);
	for row in 0..width {
		for (tensor, column) in [(0, (row as usize * 7 + 1) % 32), (1, row as usize)] {
			let bytes = weights.row_mut(t(tensor), None, row);
			bytes[..2].copy_from_slice(&0x3c00u16.to_le_bytes());
			bytes[2..].fill(0);
			bytes[2 + column] = 1;
		}
	}
	let generation = Generation {
		max_tokens: 3,
		..GREEDY
	};
	let output = evaluate(&program, &weights, &Input::Tokens(vec![2]), &generation);
	assert_eq!(tokens(output.unwrap()), [15, 10, 7]);
}
