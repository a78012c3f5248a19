//! Inputs and outputs: tokens, or vectors as numbers.

use anyhow::{ensure, Context, Result};
use assay_exact::{Input, Output};
use assay_protocol::job::{JobInput, JobOutput};
use serde::{Deserialize, Serialize};

/// Value of one in fixed point with 16 fraction bits.
const ONE: f64 = 65_536.0;

/// The elements of an input or output. The numbers of a vector are exact: they have 16 fraction bits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Elements {
	/// Token ids.
	Tokens(Vec<u32>),
	/// A vector.
	Vector(Vec<f64>),
}

impl Elements {
	/// What they are called.
	pub(crate) fn kind(&self) -> &'static str {
		match self {
			Self::Tokens(_) => "tokens",
			Self::Vector(_) => "elements",
		}
	}

	/// What they are together.
	pub(crate) fn noun(&self) -> &'static str {
		match self {
			Self::Tokens(_) => "tokens",
			Self::Vector(_) => "a vector",
		}
	}

	/// How many there are.
	pub(crate) fn len(&self) -> usize {
		match self {
			Self::Tokens(tokens) => tokens.len(),
			Self::Vector(values) => values.len(),
		}
	}

	/// The element at an index, written out.
	pub(crate) fn get(&self, index: usize) -> Option<String> {
		match self {
			Self::Tokens(tokens) => tokens.get(index).map(ToString::to_string),
			Self::Vector(values) => values.get(index).map(ToString::to_string),
		}
	}

	/// The first few elements, written out.
	pub(crate) fn preview(&self) -> String {
		let shown: Vec<_> = (0..self.len().min(8)).filter_map(|index| self.get(index)).collect();
		let more = if shown.len() < self.len() { ", …" } else { "" };
		format!("{} {}: {}{more}", self.len(), self.kind(), shown.join(", "))
	}

	/// Where two outputs first differ; the length of the shorter one if it is the beginning of the other.
	pub(crate) fn first_difference(&self, other: &Self) -> Option<usize> {
		if std::mem::discriminant(self) != std::mem::discriminant(other) {
			return Some(0);
		}
		let longer = self.len().max(other.len());
		(0..longer).find(|index| self.get(*index) != other.get(*index))
	}

	/// Elements written as JSON, to the bit.
	pub(crate) fn from_json(text: &str) -> Result<Self> {
		let read: Self = serde_json::from_str(text).context("expected {\"tokens\":[…]} or {\"vector\":[…]}")?;
		Ok((&read.to_output()?).into())
	}

	/// As the output of a job.
	pub(crate) fn to_output(&self) -> Result<Output> {
		Ok(match self {
			Self::Tokens(tokens) => Output::Tokens(tokens.clone()),
			Self::Vector(values) => Output::Vector(values.iter().map(|value| fixed(*value)).collect::<Result<_>>()?),
		})
	}
}

/// A number as the value it stands for.
pub(crate) fn fixed(value: f64) -> Result<i32> {
	let scaled = (value * ONE).round();
	// Reading decimals may lose the last bit of the float, which is far below the last bit of the value.
	ensure!(
		(value * ONE - scaled).abs() < 1e-3 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&scaled),
		"{value} is not a number with 16 fraction bits between -32768 and 32768"
	);
	// Exact: checked just above.
	Ok(scaled as i32)
}

fn floats(values: &[i32]) -> Elements {
	Elements::Vector(values.iter().map(|value| f64::from(*value) / ONE).collect())
}

impl From<&JobInput> for Elements {
	fn from(input: &JobInput) -> Self {
		match input {
			JobInput::Tokens(tokens) => Self::Tokens(tokens.to_vec()),
			JobInput::Vector(values) => floats(values),
		}
	}
}

impl From<&JobOutput> for Elements {
	fn from(output: &JobOutput) -> Self {
		match output {
			JobOutput::Tokens(tokens) => Self::Tokens(tokens.to_vec()),
			JobOutput::Vector(values) => floats(values),
		}
	}
}

impl From<&Output> for Elements {
	fn from(output: &Output) -> Self {
		match output {
			Output::Tokens(tokens) => Self::Tokens(tokens.clone()),
			Output::Vector(values) => floats(values),
		}
	}
}

impl From<&Input> for Elements {
	fn from(input: &Input) -> Self {
		match input {
			Input::Tokens(tokens) => Self::Tokens(tokens.clone()),
			Input::Vector(values) => floats(values),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn vectors_survive_json_bit_for_bit() {
		let mut values = vec![0, 1, -1, 65_536, 12_345, i32::MAX, i32::MIN];
		values.extend((0..5_000).map(|index: i32| index.wrapping_mul(1_234_567_891)));
		let written = Elements::from(&Output::Vector(values.clone()));
		let back = Elements::from_json(&serde_json::to_string(&written).unwrap()).unwrap();
		assert_eq!(back.first_difference(&written), None);
		assert_eq!(back.to_output().unwrap(), Output::Vector(values));
	}

	#[test]
	fn numbers_between_two_values_are_refused() {
		assert!(fixed(0.1).is_err());
		assert!(fixed(40_000.0).is_err());
		assert!(fixed(f64::NAN).is_err());
		assert_eq!(fixed(0.5).unwrap(), 32_768);
	}

	#[test]
	fn the_first_difference_is_found_also_at_the_end() {
		let tokens = |tokens: &[u32]| Elements::Tokens(tokens.to_vec());
		assert_eq!(tokens(&[1, 2, 3]).first_difference(&tokens(&[1, 2, 3])), None);
		assert_eq!(tokens(&[1, 9, 3]).first_difference(&tokens(&[1, 2, 3])), Some(1));
		assert_eq!(tokens(&[1, 2]).first_difference(&tokens(&[1, 2, 3])), Some(2));
		assert_eq!(tokens(&[]).first_difference(&Elements::Vector(vec![])), Some(0));
	}
}
