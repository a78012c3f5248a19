//! Jobs.

use super::{short, Elements};
use crate::output::fields;
use assay_exact::Sampler;
use assay_protocol::job::RefundReason;
use assay_sdk::{accounts::Balances, jobs::Job, jobs::State, AccountId, Amount, BlockNumber};
use serde::Serialize;

/// A job.
#[derive(Serialize)]
pub(crate) struct JobView {
	pub(super) id: u64,
	pub(super) model: String,
	pub(super) artifact: String,
	pub(super) consumer: AccountId,
	submitted_at: BlockNumber,
	max_fee: Amount,
	named_operator: Option<AccountId>,
	attempt: u8,
	#[serde(flatten)]
	pub(crate) state: StateView,
	pub(super) input: Elements,
	generation: GenerationView,
	pub(super) output: Option<Elements>,
	/// The output in words, where the model's tokenizer is at hand.
	text: Option<String>,
	pub(super) trace: Option<String>,
	pub(super) claim: Option<String>,
}

#[derive(Serialize)]
struct GenerationView {
	max_tokens: u32,
	ignore_stop: bool,
	/// Absent when the largest logit is taken.
	#[serde(skip_serializing_if = "Option::is_none")]
	temperature: Option<f64>,
	#[serde(skip_serializing_if = "Option::is_none")]
	seed: Option<String>,
}

/// Where a job is in its life.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "state")]
pub(crate) enum StateView {
	/// Waits for an operator.
	Open { expires: BlockNumber },
	/// An operator works on it.
	Assigned {
		operator: AccountId,
		price: Amount,
		deadline: BlockNumber,
	},
	/// A result was claimed.
	Claimed {
		operator: AccountId,
		price: Amount,
		final_at: BlockNumber,
	},
	/// Paid out.
	Final {
		operator: AccountId,
		paid: Amount,
		royalty: Amount,
		treasury: Amount,
		audits: Amount,
		refunded: Amount,
	},
	/// Ended without a result.
	Refunded { reason: &'static str, refunded: Amount },
}

/// A change in the life of a job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Change {
	/// Block in which it changed.
	pub(crate) block: BlockNumber,
	/// What it changed to.
	#[serde(flatten)]
	pub(crate) state: StateView,
	/// The consumer's money after that block.
	pub(crate) consumer: Balances,
	/// The operator's money after that block, if there is one.
	pub(crate) operator_balances: Option<Balances>,
}

impl From<&State> for StateView {
	fn from(state: &State) -> Self {
		match *state {
			State::Open { expires } => Self::Open { expires },
			State::Assigned {
				operator,
				price,
				deadline,
			} => Self::Assigned {
				operator,
				price: Amount(price),
				deadline,
			},
			State::Claimed {
				operator,
				price,
				final_at,
			} => Self::Claimed {
				operator,
				price: Amount(price),
				final_at,
			},
			State::Final {
				operator,
				paid,
				royalty,
				treasury,
				audits,
				refunded,
			} => Self::Final {
				operator,
				paid: Amount(paid),
				royalty: Amount(royalty),
				treasury: Amount(treasury),
				audits: Amount(audits),
				refunded: Amount(refunded),
			},
			State::Refunded { reason, refunded } => {
				let reason = match reason {
					RefundReason::Cancelled => "Cancelled",
					RefundReason::Unassigned => "Unassigned",
					RefundReason::AttemptsExhausted => "AttemptsExhausted",
					RefundReason::OperatorFailed => "OperatorFailed",
				};
				Self::Refunded {
					reason,
					refunded: Amount(refunded),
				}
			}
		}
	}
}

impl StateView {
	/// The state's name.
	pub(crate) fn name(&self) -> &'static str {
		match self {
			Self::Open { .. } => "Open",
			Self::Assigned { .. } => "Assigned",
			Self::Claimed { .. } => "Claimed",
			Self::Final { .. } => "Final",
			Self::Refunded { .. } => "Refunded",
		}
	}

	/// Whether nothing changes any more.
	pub(crate) fn is_over(&self) -> bool {
		matches!(self, Self::Final { .. } | Self::Refunded { .. })
	}

	/// Who works or worked on the job.
	pub(crate) fn operator(&self) -> Option<AccountId> {
		match self {
			Self::Assigned { operator, .. } | Self::Claimed { operator, .. } | Self::Final { operator, .. } => {
				Some(*operator)
			}
			Self::Open { .. } | Self::Refunded { .. } => None,
		}
	}

	/// The state in words.
	pub(crate) fn text(&self) -> String {
		match self {
			Self::Open { expires } => format!("Open      waits for an operator until block {expires}"),
			Self::Assigned {
				operator,
				price,
				deadline,
			} => {
				format!(
					"Assigned  to {} at {price} a unit, due by block {deadline}",
					short(operator)
				)
			}
			Self::Claimed { operator, final_at, .. } => {
				format!("Claimed   by {}, final at block {final_at}", short(operator))
			}
			Self::Final {
				operator,
				paid,
				royalty,
				treasury,
				audits,
				refunded,
			} => format!(
				"Final     {paid} to operator {}, {royalty} to the publisher, {treasury} to the treasury, {audits} to auditors, {refunded} back",
				short(operator)
			),
			Self::Refunded { reason, refunded } => {
				let reason = match *reason {
					"Cancelled" => "cancelled by the consumer",
					"Unassigned" => "no operator took it in time",
					"OperatorFailed" => "the operator that it named failed",
					_ => "every operator missed its deadline",
				};
				format!("Refunded  {reason}; {refunded} back")
			}
		}
	}
}

impl Change {
	/// One line.
	pub(crate) fn text(&self) -> String {
		let money = |name: &str, balances: &Balances| format!("{name} free {}, held {}", balances.free, balances.held);
		let mut parts = vec![money("consumer", &self.consumer)];
		parts.extend(
			self.operator_balances
				.as_ref()
				.map(|balances| money("operator", balances)),
		);
		format!(
			"block {:>5}  {}\n             {}",
			self.block,
			self.state.text(),
			parts.join("; ")
		)
	}
}

impl JobView {
	/// Describes a job; `text` is its output in words.
	pub(crate) fn new(job: &Job, text: Option<String>) -> Self {
		let (temperature, seed) = match job.generation.sampler {
			Sampler::Greedy => (None, None),
			Sampler::Gumbel {
				inverse_temperature,
				seed,
			} => (Some(65_536.0 / f64::from(inverse_temperature)), Some(hex::encode(seed))),
		};
		Self {
			id: job.id.0,
			model: job.version.to_string(),
			artifact: job.artifact.to_string(),
			consumer: job.consumer,
			submitted_at: job.submitted_at,
			max_fee: Amount(job.max_fee),
			named_operator: job.named_operator,
			attempt: job.attempt.0,
			state: (&job.state).into(),
			input: (&job.input).into(),
			generation: GenerationView {
				max_tokens: job.generation.max_tokens,
				ignore_stop: job.generation.ignore_stop,
				temperature,
				seed,
			},
			output: job.output.as_ref().map(Into::into),
			text,
			trace: job.trace.as_ref().map(ToString::to_string),
			claim: job.claim.as_ref().map(ToString::to_string),
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("job", Some(self.id.to_string())),
			("state", Some(self.state.text())),
			("model", Some(self.model.clone())),
			("consumer", Some(self.consumer.to_string())),
			(
				"operator",
				self.state
					.operator()
					.or(self.named_operator)
					.map(|operator| operator.to_string()),
			),
			("submitted", Some(format!("in block {}", self.submitted_at))),
			("max fee", Some(self.max_fee.to_string())),
			("input", Some(self.input.preview())),
			("output", self.output.as_ref().map(Elements::preview)),
			("text", self.text.clone()),
			("trace", self.trace.clone()),
			("claim", self.claim.clone()),
		])
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 6] {
		[
			self.id.to_string(),
			self.state.name().into(),
			self.model.clone(),
			short(&self.consumer),
			self.submitted_at.to_string(),
			self.max_fee.to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 6] = ["job", "state", "model", "consumer", "block", "max fee"];
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn states_are_flat_in_json() {
		let change = Change {
			block: 7,
			state: StateView::Refunded {
				reason: "Cancelled",
				refunded: Amount(5),
			},
			consumer: Balances {
				free: Amount(1),
				held: Amount(2),
				transferable: Amount(1),
				holds: vec![],
			},
			operator_balances: None,
		};
		let document = serde_json::to_value(&change).unwrap();
		assert_eq!(document["state"], "Refunded");
		assert_eq!(document["reason"], "Cancelled");
		assert_eq!(document["refunded"], "5");
		assert_eq!(document["consumer"]["held"], "2");
		assert!(change.text().contains("cancelled by the consumer"));
	}
}
