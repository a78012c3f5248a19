//! The choice of the next token (section 4 of the page).

use crate::{
	job::Sampler,
	number::{bits, rshift},
	tables::{LN2, LOG2},
};
use sha2::{Digest, Sha256};

/// Domain of the sampling noise.
const DOMAIN: &[u8] = b"assay/q8a16/gumbel";

/// 2³³ as a logarithm with 30 fraction bits: uniform and exponential variates have 33 fraction bits.
const LOG2_ONE: i64 = 33 << 30;

/// The next token after the position of these logits.
pub fn choose(sampler: &Sampler, logits: &[i32], position: u32) -> u32 {
	match *sampler {
		Sampler::Greedy => first_largest(logits.iter().map(|&logit| logit.into())),
		Sampler::Gumbel {
			inverse_temperature,
			seed,
		} => {
			let perturbed = logits.chunks(8).enumerate().flat_map(|(block, logits)| {
				let words = random_words(&seed, position, block as u32);
				let pairs = logits.iter().zip(words);
				pairs.map(move |(&logit, word)| perturbed(logit, inverse_temperature, word))
			});
			first_largest(perturbed)
		}
	}
}

/// The key of one logit: the chosen token has the largest, and the lowest index among equals.
pub fn key(sampler: &Sampler, logit: i32, token: u32, position: u32) -> i64 {
	match *sampler {
		Sampler::Greedy => logit.into(),
		Sampler::Gumbel {
			inverse_temperature,
			seed,
		} => {
			let word = random_words(&seed, position, token / 8)[(token % 8) as usize];
			perturbed(logit, inverse_temperature, word)
		}
	}
}

fn perturbed(logit: i32, inverse_temperature: u32, word: u32) -> i64 {
	rshift(i64::from(logit) * i64::from(inverse_temperature), 16) + gumbel(word)
}

/// The lowest index among the largest keys.
fn first_largest(keys: impl Iterator<Item = i64>) -> u32 {
	let mut best = (0, i64::MIN);
	for (i, key) in keys.enumerate() {
		if key > best.1 {
			best = (i as u32, key);
		}
	}
	best.0
}

/// The uniform words of logits 8·block to 8·block + 7 at a position.
pub fn random_words(seed: &[u8; 32], position: u32, block: u32) -> [u32; 8] {
	let hash = Sha256::new()
		.chain_update(DOMAIN)
		.chain_update(seed)
		.chain_update(position.to_le_bytes())
		.chain_update(block.to_le_bytes())
		.finalize();
	core::array::from_fn(|i| u32::from_le_bytes(core::array::from_fn(|j| hash[4 * i + j])))
}

/// Gumbel noise of a uniform word, with 16 fraction bits: -ln E for an exponential variate E.
#[inline]
pub fn gumbel(word: u32) -> i64 {
	let minus_log2 = i128::from(LOG2_ONE - log2(exponential(word)));
	// rshift by 44 in 128 bits.
	((minus_log2 * i128::from(LN2) + (1 << 43)) >> 44) as i64
}

/// -ln(1 - U) in units of 2⁻³³, for U = (2·word + 1) / 2³³.
#[inline]
pub fn exponential(word: u32) -> u64 {
	let v = 2 * u64::from(word) + 1;
	if v < 1 << 25 {
		// U + U²/2 + U³/3: the logarithm's table is too coarse here.
		let square = v * v;
		v + (square >> 34) + (((square >> 33) * v) >> 33) / 3
	} else {
		let minus_log2 = LOG2_ONE - log2((1 << 33) - v);
		((i128::from(minus_log2) * i128::from(LN2)) >> 27) as u64
	}
}

/// log2(x) with 30 fraction bits, for 1 ≤ x < 2⁶³.
#[inline]
pub fn log2(x: u64) -> i64 {
	let h = bits(x as i64).max(1) - 1;
	let y = if h > 40 { x >> (h - 40) } else { x << (40 - h) };
	let (i, l) = ((y >> 30 & 1023) as usize, y & ((1 << 30) - 1));
	let interpolated = u64::from(LOG2[i]) * ((1 << 30) - l) + u64::from(LOG2[i + 1]) * l;
	(i64::from(h) << 30) + (interpolated >> 30) as i64
}
