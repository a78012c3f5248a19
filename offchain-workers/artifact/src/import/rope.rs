//! What model files say about rotary positions: the base, the scaling, and where versions put them.

use std::path::Path;

use serde::Deserialize;

use super::folder::parse;
use crate::{
	error::{ArtifactError, Result},
	lower,
	rotary::{self, Scaling},
};

/// What config.json says about rotary positions, in the places of older and newer versions of transformers.
#[derive(Debug, Deserialize)]
struct RawRotary {
	rope_theta: Option<f64>,
	partial_rotary_factor: Option<f64>,
	rope_scaling: Option<RawRope>,
	rope_parameters: Option<RawRope>,
}

/// `rope_scaling`, and `rope_parameters` of newer configurations, which holds the base as well.
#[derive(Debug, Deserialize)]
struct RawRope {
	rope_type: Option<String>,
	/// What `rope_type` was called before; some versions save both.
	#[serde(rename = "type")]
	older_type: Option<String>,
	rope_theta: Option<f64>,
	factor: Option<f64>,
	low_freq_factor: Option<f64>,
	high_freq_factor: Option<f64>,
	original_max_position_embeddings: Option<f64>,
	partial_rotary_factor: Option<f64>,
}

impl RawRope {
	fn scaling(&self) -> Result<Scaling> {
		let field = |what: &'static str, value: Option<f64>| match value {
			Some(value) if value > 0.0 && value.is_finite() => Ok(value),
			other => Err(ArtifactError::InvalidParameter {
				what,
				value: other.map_or("absent".into(), |value| value.to_string()),
				reason: "this rope scaling needs a positive number",
			}),
		};
		let factor = || field("rope scaling factor", self.factor);
		let kind = agreed(
			"rope scaling",
			("rope_type", self.rope_type.as_deref()),
			("type", self.older_type.as_deref()),
		)?;
		match kind {
			None if self.factor.is_some_and(|factor| factor != 1.0) => Err(ArtifactError::InvalidParameter {
				what: "rope scaling factor",
				value: factor()?.to_string(),
				reason: "it has no rope_type that says how to scale",
			}),
			None | Some("default") => Ok(Scaling::None),
			Some("linear") => Ok(Scaling::Linear { factor: factor()? }),
			Some("llama3") => Ok(Scaling::Llama3 {
				factor: factor()?,
				low: field("low_freq_factor", self.low_freq_factor)?,
				high: field("high_freq_factor", self.high_freq_factor)?,
				original_positions: field(
					"original_max_position_embeddings",
					self.original_max_position_embeddings,
				)?,
			}),
			Some(other) => Err(ArtifactError::Unsupported {
				what: "rope scaling",
				found: other.into(),
				supported: "default, linear, llama3",
			}),
		}
	}
}

/// What two places say, which must be the same if both say something.
pub(crate) fn agreed<T: PartialEq + std::fmt::Debug>(
	what: &'static str,
	first: (&str, Option<T>),
	second: (&str, Option<T>),
) -> Result<Option<T>> {
	match (first.1, second.1) {
		(Some(one), Some(other)) if one != other => Err(ArtifactError::Contradiction {
			what,
			first: format!("`{}` {one:?}", first.0),
			second: format!("`{}` {other:?}", second.0),
		}),
		(one, other) => Ok(one.or(other)),
	}
}

/// Base and scaling of the rotary frequencies that config.json describes.
pub(crate) fn rotary(path: &Path, json: &[u8]) -> Result<(f64, Scaling)> {
	let raw: RawRotary = parse(path, json)?;
	let (older, newer) = (raw.rope_scaling.as_ref(), raw.rope_parameters.as_ref());
	let inside = |field: fn(&RawRope) -> Option<f64>| {
		agreed(
			"a field of rotary positions",
			("rope_parameters", newer.and_then(field)),
			("rope_scaling", older.and_then(field)),
		)
	};
	let partial = agreed(
		"partial rotary factor",
		("rope_parameters", inside(|rope| rope.partial_rotary_factor)?),
		("config.json", raw.partial_rotary_factor),
	)?;
	if let Some(factor) = partial.filter(|&factor| factor != 1.0) {
		return Err(ArtifactError::Unsupported {
			what: "partial rotary factor",
			found: factor.to_string(),
			supported: "1",
		});
	}
	let base = agreed(
		"rope base",
		("rope_parameters", inside(|rope| rope.rope_theta)?),
		("config.json", raw.rope_theta),
	)?;
	let scaling = agreed(
		"rope scaling",
		("rope_parameters", newer.map(RawRope::scaling).transpose()?),
		("rope_scaling", older.map(RawRope::scaling).transpose()?),
	)?;
	Ok((rotary_base(base.unwrap_or(10_000.0))?, scaling.unwrap_or(Scaling::None)))
}

/// Frequencies of a head, whose dimension is checked first: it bounds the table.
pub(crate) fn head_frequencies(base: f64, head_dim: u32, scaling: &Scaling) -> Result<Vec<f64>> {
	lower::multiple_of_32("head dimension", head_dim)?;
	lower::at_most(
		"head dimension",
		head_dim.into(),
		assay_exact::limits::MAX_HEAD_DIM.into(),
	)?;
	Ok(rotary::frequencies(base, head_dim, scaling))
}

pub(crate) fn rotary_base(base: f64) -> Result<f64> {
	if base.is_finite() && base >= 1.0 {
		return Ok(base);
	}
	let value = base.to_string();
	Err(ArtifactError::InvalidParameter {
		what: "rope base",
		value,
		reason: "it must be a number of at least 1",
	})
}
