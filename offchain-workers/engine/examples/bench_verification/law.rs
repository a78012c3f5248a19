//! How a cost changes with the size of a model: a power law through what was measured.

use crate::{costs::Costs, LARGEST};
use serde::Serialize;
use std::fmt;

/// The share of a job that something takes, as the number of weights to a power times a factor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Law {
	pub(crate) part: String,
	/// The power: the slope of a line in logarithms.
	pub(crate) slope: f64,
	factor: f64,
	/// The share at [`LARGEST`] that it comes to, which is not measured.
	modelled_at_70b: f64,
}

impl Law {
	/// The least-squares line through the logarithms of points of weights and share; none through fewer than two sizes.
	fn through(part: &str, points: &[(f64, f64)]) -> Option<Self> {
		let logs: Vec<(f64, f64)> = points
			.iter()
			.filter(|(_, share)| *share > 0.0)
			.map(|(weights, share)| (weights.ln(), share.ln()))
			.collect();
		let count = logs.len() as f64;
		let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
		let (x, y) = (mean(|log| log.0), mean(|log| log.1));
		let spread: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
		if logs.len() < 2 || spread == 0.0 {
			return None;
		}
		let slope = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum::<f64>() / spread;
		let factor = (y - slope * x).exp();
		let mut law = Self {
			part: part.into(),
			slope,
			factor,
			modelled_at_70b: 0.0,
		};
		law.modelled_at_70b = law.share(LARGEST);
		Some(law)
	}

	/// The share at so many weights.
	pub(crate) fn share(&self, weights: f64) -> f64 {
		self.factor * weights.powf(self.slope)
	}
}

impl fmt::Display for Law {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"law       {:<22} weights^{:+.2}; modelled at 70B: {:.4} % of the job",
			self.part,
			self.slope,
			100.0 * self.modelled_at_70b
		)
	}
}

/// The law of each part.
pub(crate) fn laws(all: &[Costs]) -> Vec<Law> {
	let parts = all.first().map(|costs| &costs.parts[..]).unwrap_or_default();
	parts
		.iter()
		.filter_map(|part| {
			let points: Vec<(f64, f64)> = all
				.iter()
				.filter_map(|costs| Some((costs.weights as f64, costs.share(&part.name)?)))
				.collect();
			Law::through(&part.name, &points)
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_power_law_is_found_again() {
		let points = [1e6, 1e7, 3e9].map(|weights: f64| (weights, 5.0 * weights.powf(-0.5)));
		let law = Law::through("part", &points).unwrap();
		assert!((law.slope + 0.5).abs() < 1e-9, "{law:?}");
		assert!((law.share(1e8) - 5e-4).abs() < 1e-9, "{law:?}");
	}

	#[test]
	fn one_size_makes_no_law() {
		assert_eq!(Law::through("part", &[(1e6, 0.1), (1e6, 0.2)]), None);
		assert_eq!(Law::through("part", &[(1e6, 0.1)]), None);
		// What is below the noise is no point.
		assert_eq!(Law::through("part", &[(1e6, 0.1), (1e7, -0.1)]), None);
	}
}
