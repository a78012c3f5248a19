//! Rotary position embedding (Su et al., arXiv 2104.09864): frequencies, their scaling, and the table of the artifact.
//!
//! The table is computed once, here, in f64, and is data of the artifact from then on.

use std::f64::consts::PI;

/// How a model stretches its rotary frequencies beyond the context it was pre-trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scaling {
	/// Not at all.
	None,
	/// Positions divided by a factor.
	Linear {
		/// The factor.
		factor: f64,
	},
	/// Llama 3: low frequencies divided by the factor, high ones kept, a ramp between.
	Llama3 {
		/// The factor.
		factor: f64,
		/// Wavelengths above `original_positions / low` are stretched.
		low: f64,
		/// Wavelengths below `original_positions / high` are kept.
		high: f64,
		/// Context of pre-training.
		original_positions: f64,
	},
	/// One divisor for each pair (`rope_freqs` of GGUF).
	Divisors(Vec<f64>),
}

/// Angle per position of each pair.
pub(crate) fn frequencies(base: f64, head_dim: u32, scaling: &Scaling) -> Vec<f64> {
	let pairs = head_dim / 2;
	(0..pairs)
		.map(|k| {
			let frequency = base.powf(-2.0 * f64::from(k) / f64::from(head_dim));
			match scaling {
				Scaling::None => frequency,
				Scaling::Linear { factor } => frequency / factor,
				Scaling::Llama3 {
					factor,
					low,
					high,
					original_positions,
				} => {
					let wavelength = 2.0 * PI / frequency;
					if wavelength > original_positions / low {
						frequency / factor
					} else if wavelength < original_positions / high {
						frequency
					} else {
						let smooth = (original_positions / wavelength - low) / (high - low);
						(1.0 - smooth) * frequency / factor + smooth * frequency
					}
				}
				Scaling::Divisors(divisors) => frequency / divisors[k as usize],
			}
		})
		.collect()
}

/// Rows of (cosine, sine) couples with 30 fraction bits, one row for each position.
pub(crate) fn table(frequencies: &[f64], positions: u32) -> Vec<i32> {
	let unit = f64::from(1 << 30);
	let mut table = Vec::with_capacity(positions as usize * frequencies.len() * 2);
	for position in 0..positions {
		for frequency in frequencies {
			let (sine, cosine) = (f64::from(position) * frequency).sin_cos();
			table.push((cosine * unit).round() as i32);
			table.push((sine * unit).round() as i32);
		}
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_first_row_is_the_identity_and_every_couple_is_on_the_circle() {
		let table = table(&frequencies(10_000.0, 64, &Scaling::None), 100);
		assert_eq!(table.len(), 100 * 64);
		assert!(table[..64].chunks(2).all(|couple| couple == [1 << 30, 0]));
		for couple in table.chunks(2) {
			let (c, s) = (i128::from(couple[0]), i128::from(couple[1]));
			assert!((c * c + s * s - (1i128 << 60)).abs() < 1 << 32);
		}
		// The first pair turns by one radian per position.
		assert_eq!(table[64], (1f64.cos() * f64::from(1 << 30)).round() as i32);
	}

	#[test]
	fn llama3_scaling_keeps_high_and_divides_low_frequencies() {
		let scaling = Scaling::Llama3 {
			factor: 8.0,
			low: 1.0,
			high: 4.0,
			original_positions: 8192.0,
		};
		let plain = frequencies(500_000.0, 128, &Scaling::None);
		let scaled = frequencies(500_000.0, 128, &scaling);
		assert_eq!(scaled[0], plain[0]);
		assert_eq!(scaled[63], plain[63] / 8.0);
		assert!(plain.iter().zip(&scaled).all(|(p, s)| s <= p && *s >= p / 8.0));
		assert!(plain.iter().zip(&scaled).any(|(p, s)| s < p && *s > p / 8.0));
	}
}
