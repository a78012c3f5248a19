use crate::{LoadError, Model, Options, RowError, RunError};
use assay_exact::{
	program::{Shape, TensorIndex},
	Generation, Input, Sampler,
};
use assay_samples::{
	random::{a_bert, a_llama, an_mlp, RandomModel},
	Noise,
};

fn load(model: &RandomModel) -> Result<Model, LoadError> {
	Model::from_weights(&model.program, model, Options::default())
}

fn greedy(max_tokens: u32) -> Generation {
	Generation {
		sampler: Sampler::Greedy,
		max_tokens,
		ignore_stop: true,
	}
}

fn a_model() -> RandomModel {
	let mut noise = Noise::new(5);
	RandomModel::fill(a_llama(&mut noise), &mut noise, false)
}

/// The index of the first tensor of this kind.
fn first(model: &RandomModel, kind: fn(&Shape) -> bool) -> u16 {
	model
		.program
		.tensors
		.iter()
		.position(|tensor| kind(&tensor.shape))
		.expect("the model has one") as u16
}

fn cause(model: &RandomModel) -> (u16, u32, RowError) {
	match load(model).err() {
		Some(LoadError::Row { tensor, row, cause, .. }) => (tensor, row, cause),
		other => panic!("expected a bad row, got {other:?}"),
	}
}

#[test]
fn a_job_that_does_not_fit_is_refused_with_its_numbers() {
	let model = load(&a_model()).expect("it loads");
	let message = |input, generation| {
		model
			.run(&input, &generation, &mut ())
			.expect_err("it is refused")
			.to_string()
	};
	assert_eq!(
		message(Input::Tokens(vec![1; 49]), greedy(1)),
		"prompt has 49 tokens, model accepts 48"
	);
	assert_eq!(
		message(Input::Tokens(vec![1; 40]), greedy(9)),
		"prompt of 40 and 9 generated tokens exceed the model's 48 positions"
	);
	assert_eq!(message(Input::Tokens(vec![]), greedy(1)), "prompt is empty");
	assert!(message(Input::Tokens(vec![0, 999]), greedy(1)).starts_with("prompt token 1 is 999, vocabulary has"));
	assert_eq!(
		message(Input::Vector(vec![0]), greedy(1)),
		"model reads tokens, the job gives a vector"
	);
}

#[test]
fn a_window_to_score_may_fill_every_position_but_no_more() {
	let model = load(&a_model()).expect("it loads");
	assert_eq!(model.score(&[1; 48], &mut ()).expect("it fits").len(), 47);
	assert!(model.score(&[1; 49], &mut ()).is_err());
	assert!(model.score(&[], &mut ()).is_err());
	assert!(model.score(&[1, 999], &mut ()).is_err());
	assert_eq!(model.score(&[1], &mut ()), Ok(vec![]));
}

#[test]
fn a_vector_model_has_no_scores() {
	let mut noise = Noise::new(1);
	for program in [a_bert(&mut noise), an_mlp(&mut noise)] {
		let model = load(&RandomModel::fill(program, &mut noise, false)).expect("it loads");
		assert_eq!(model.score(&[0, 1], &mut ()), Err(RunError::NoTokens));
		assert_eq!(model.logits(&[0, 1], &mut (), |_, _| ()), Err(RunError::NoTokens));
	}
}

#[test]
fn a_missing_or_short_row_is_named() {
	let mut model = a_model();
	let table = first(&model, |shape| matches!(shape, Shape::Matrix { .. }));
	model.weights.truncate(TensorIndex(table), None, 3);
	assert_eq!(cause(&model), (table, 3, RowError::Missing));
}

#[test]
fn a_scale_that_is_not_finite_or_negative_is_refused() {
	for bits in [0x7c00u16, 0x7e01, 0x8000, 0xb001, 0xffff] {
		let mut model = a_model();
		let table = first(&model, |shape| matches!(shape, Shape::Matrix { .. }));
		let row = model.weights.row_mut(TensorIndex(table), None, 2);
		row[..2].copy_from_slice(&bits.to_le_bytes());
		assert_eq!(cause(&model), (table, 2, RowError::Scale { bits }));
	}
}

#[test]
fn the_weight_minus_128_is_refused() {
	let mut model = a_model();
	let table = first(&model, |shape| matches!(shape, Shape::Matrix { .. }));
	let row = model.weights.row_mut(TensorIndex(table), None, 5);
	*row.last_mut().expect("a row has bytes") = 0x80;
	assert_eq!(cause(&model), (table, 5, RowError::Weight));
}

#[test]
fn a_rotation_beyond_one_is_refused() {
	let mut model = a_model();
	let table = first(&model, |shape| matches!(shape, Shape::Rotation { .. }));
	let value = (1 << 30) + 1;
	let row = model.weights.row_mut(TensorIndex(table), None, 1);
	row[..4].copy_from_slice(&i32::to_le_bytes(value));
	assert_eq!(cause(&model), (table, 1, RowError::Rotation { value }));
}

#[test]
fn an_invalid_program_is_refused() {
	let mut model = a_model();
	model.program.registers[0] += 32;
	assert!(matches!(load(&model), Err(LoadError::Program(_))));
}
