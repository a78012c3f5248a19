//! Every operation against candle's unfused twin: values and gradients.

use std::sync::Arc;

use candle_core::{DType, Var, D};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::*;

fn random(seed: u64, shape: impl Into<Shape>) -> Var {
	let shape = shape.into();
	let mut rng = ChaCha12Rng::seed_from_u64(seed);
	let values: Vec<f32> = (0..shape.elem_count()).map(|_| rng.random_range(-2.0..2.0)).collect();
	Var::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn assert_close(ours: &Tensor, theirs: &Tensor) {
	assert_eq!(ours.dims(), theirs.dims());
	let distance = (ours - theirs)
		.unwrap()
		.abs()
		.unwrap()
		.flatten_all()
		.unwrap()
		.max(0)
		.unwrap();
	let distance = distance.to_scalar::<f32>().unwrap();
	assert!(distance < 2e-5, "differs by {distance}");
}

/// Compares results, and the gradients of a sum in which every element has its own weight.
fn assert_twins(ours: &Tensor, theirs: &Tensor, vars: &[&Var]) {
	assert_close(ours, theirs);
	let weights = random(99, ours.shape().clone());
	let gradients = |y: &Tensor| {
		(y * weights.as_tensor())
			.unwrap()
			.sum_all()
			.unwrap()
			.backward()
			.unwrap()
	};
	let (ours, theirs) = (gradients(ours), gradients(theirs));
	for var in vars {
		assert_close(ours.get(var).unwrap(), theirs.get(var).unwrap());
	}
}

#[test]
fn rms_norm_equals_its_twin() {
	let (x, gain) = (random(1, (150, 64)), random(2, 64));
	let ours = rms_norm(&x, &gain, 1e-5).unwrap();
	let theirs = candle_nn::ops::rms_norm_slow(&x, &gain, 1e-5).unwrap();
	assert_twins(&ours, &theirs, &[&x, &gain]);
}

#[test]
fn causal_softmax_equals_its_twin() {
	let keys = 7;
	let scores = random(3, (2, 3 * keys, keys));
	let ours = causal_softmax(&scores, 0.25).unwrap();
	let mask: Vec<f32> = (0..3 * keys * keys)
		.map(|k| {
			if k % keys > k / keys % keys {
				f32::NEG_INFINITY
			} else {
				0.0
			}
		})
		.collect();
	let mask = Tensor::from_vec(mask, (3 * keys, keys), &Device::Cpu).unwrap();
	let masked = (scores.as_tensor() * 0.25).unwrap().broadcast_add(&mask).unwrap();
	let theirs = candle_nn::ops::softmax(&masked, D::Minus1).unwrap();
	assert_twins(&ours, &theirs, &[&scores]);
}

#[test]
fn swiglu_equals_its_twin() {
	let (gate, up) = (random(4, (9, 33)), random(5, (9, 33)));
	let ours = swiglu(&gate, &up).unwrap();
	let theirs = (gate.silu().unwrap() * up.as_tensor()).unwrap();
	assert_twins(&ours, &theirs, &[&gate, &up]);
}

#[test]
fn cross_entropy_equals_its_twin() {
	let logits = random(6, (8, 21));
	let targets = vec![0, 20, 3, 3, 7, 11, 19, 1];
	let ours = cross_entropy(&logits, targets.clone()).unwrap();
	let targets = Tensor::from_vec(targets, 8, &Device::Cpu).unwrap();
	let theirs = candle_nn::loss::cross_entropy(&logits, &targets).unwrap();
	assert_twins(&ours, &theirs, &[&logits]);
}

#[test]
fn cross_entropy_leaves_ignored_rows_out() {
	let logits = random(6, (3, 5));
	let some = cross_entropy(&logits, vec![IGNORED, 2, IGNORED]).unwrap();
	let one = cross_entropy(&logits.narrow(0, 1, 1).unwrap(), vec![2]).unwrap();
	assert_twins(&some, &one, &[&logits]);
	let error = cross_entropy(&logits, vec![0, 5, 1]).unwrap_err().to_string();
	assert!(error.contains("target 5 is outside the vocabulary of 5"), "{error}");
}

#[test]
fn heads_split_turn_and_merge_like_their_twins() {
	let shape = Heads {
		batch: 2,
		length: 5,
		heads: 3,
		width: 8,
	};
	let x = random(7, (10, 24));
	let ours = split_heads(&x, shape, Some(Arc::new(Rotary::new(5, 8, 10_000.0)))).unwrap();
	let frequencies: Vec<f32> = (0..4).map(|i| 10_000f32.powf(-(i as f32) / 4.0)).collect();
	let frequencies = Tensor::from_vec(frequencies, (1, 4), &Device::Cpu).unwrap();
	let positions = Tensor::arange(0u32, 5, &Device::Cpu)
		.unwrap()
		.to_dtype(DType::F32)
		.unwrap();
	let angles = positions.reshape((5, 1)).unwrap().matmul(&frequencies).unwrap();
	let split = x
		.reshape((2, 5, 3, 8))
		.unwrap()
		.transpose(1, 2)
		.unwrap()
		.contiguous()
		.unwrap();
	let theirs = candle_nn::rotary_emb::rope_slow(&split, &angles.cos().unwrap(), &angles.sin().unwrap()).unwrap();
	assert_twins(&ours, &theirs, &[&x]);

	let merged = merge_heads(&theirs, shape).unwrap();
	let twin = theirs
		.transpose(1, 2)
		.unwrap()
		.contiguous()
		.unwrap()
		.reshape((10, 24))
		.unwrap();
	assert_twins(&merged, &twin, &[&x]);
}
