//! Referenda, tracks, parameters and votes.

use crate::output::fields;
use assay_sdk::{
	amount::show_share,
	governance::{OngoingReferendum, Parameter, ParameterValue, Put, ReferendumState, Stage, Terms, Track, Votes},
	AccountId, Amount, Balance, BlockNumber,
};
use serde::Serialize;
use sp_runtime::Perbill;
use std::fmt;

/// A share with the decimal places that matter to voters.
fn percent(share: Perbill) -> String {
	let hundredths = share.deconstruct() / 100_000;
	format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn track_name(number: u16) -> String {
	let known = Track::ALL.into_iter().find(|track| track.number() == number);
	known.map_or_else(|| number.to_string(), |track| track.name().into())
}

/// A referendum.
#[derive(Serialize)]
pub(crate) struct ReferendumView {
	referendum: u32,
	state: &'static str,
	/// The block at which it ended.
	ended_at: Option<BlockNumber>,
	#[serde(flatten)]
	open: Option<OpenView>,
}

/// A referendum that is voted on.
#[derive(Serialize)]
struct OpenView {
	track: String,
	proposer: AccountId,
	/// The hash of its call.
	proposal: String,
	/// The pallet and name of its call, if it is known.
	call: Option<String>,
	/// The call in SCALE, at least how it begins.
	encoded: Option<String>,
	/// The block that its stage is about.
	until: Option<BlockNumber>,
	ayes: Amount,
	nays: Amount,
	support: Amount,
	approval: String,
	approval_needed: String,
	supported: String,
	support_needed: String,
}

impl ReferendumView {
	/// Describes a referendum.
	pub(crate) fn new(put: Put) -> Self {
		let (state, ended_at, open) = match put.state {
			ReferendumState::Ongoing(of) => {
				let (state, until) = match of.stage {
					Stage::Preparing { until } => ("preparing", Some(until)),
					Stage::WithoutDeposit { until } => ("without deposit", Some(until)),
					Stage::Queued => ("queued", None),
					Stage::Deciding { until } => ("deciding", Some(until)),
					Stage::Confirming { until } => ("confirming", Some(until)),
				};
				(state, None, Some(OpenView::new(of, until)))
			}
			ReferendumState::Approved(at) => ("approved", Some(at), None),
			ReferendumState::Rejected(at) => ("rejected", Some(at), None),
			ReferendumState::Cancelled(at) => ("cancelled", Some(at), None),
			ReferendumState::TimedOut(at) => ("timed out", Some(at), None),
			ReferendumState::Killed(at) => ("killed", Some(at), None),
		};
		Self {
			referendum: put.index,
			state,
			ended_at,
			open,
		}
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 6] = ["referendum", "track", "on", "state", "aye", "support"];

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 6] {
		let of = |show: fn(&OpenView) -> String| self.open.as_ref().map(show).unwrap_or_default();
		[
			self.referendum.to_string(),
			of(|open| open.track.clone()),
			of(OpenView::on),
			self.stage(),
			of(|open| format!("{} of {}", open.approval, open.approval_needed)),
			of(|open| format!("{} of {}", open.supported, open.support_needed)),
		]
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let open = self.open.as_ref();
		fields([
			("referendum", Some(self.referendum.to_string())),
			("state", Some(self.stage())),
			("track", open.map(|open| open.track.clone())),
			("proposer", open.map(|open| open.proposer.to_string())),
			("on", open.map(OpenView::on)),
			("call", open.and_then(|open| open.encoded.clone())),
			("ayes", open.map(|open| open.ayes.to_string())),
			("nays", open.map(|open| open.nays.to_string())),
			(
				"approval",
				open.map(|open| format!("{}, {} needed now", open.approval, open.approval_needed)),
			),
			(
				"support",
				open.map(|open| {
					format!(
						"{} of all ASY ({}), {} needed now",
						open.supported, open.support, open.support_needed
					)
				}),
			),
		])
	}

	fn stage(&self) -> String {
		let until = self.open.as_ref().and_then(|open| open.until);
		match (self.ended_at, until) {
			(Some(at), _) => format!("{} at block {at}", self.state),
			(None, Some(until)) => format!("{} until block {until}", self.state),
			(None, None) => self.state.into(),
		}
	}
}

impl OpenView {
	fn new(of: OngoingReferendum<AccountId, Balance, BlockNumber>, until: Option<BlockNumber>) -> Self {
		let call = of.proposal.call;
		Self {
			track: track_name(of.track),
			proposer: of.proposer,
			proposal: format!("{:?}", of.proposal.hash),
			encoded: call.as_ref().map(|call| format!("0x{}", hex::encode(&call.encoded))),
			call: call.map(|call| format!("{}.{}", call.pallet, call.name)),
			until,
			ayes: Amount(of.ayes),
			nays: Amount(of.nays),
			support: Amount(of.support),
			approval: percent(of.approval),
			approval_needed: percent(of.approval_needed),
			supported: percent(of.supported),
			support_needed: percent(of.support_needed),
		}
	}

	fn on(&self) -> String {
		self.call
			.clone()
			.unwrap_or_else(|| format!("an unknown call with hash {}", self.proposal))
	}
}

/// What it takes to decide.
#[derive(Serialize)]
pub(crate) struct TrackView {
	track: String,
	number: u16,
	decision_deposit: Amount,
	max_deciding: u32,
	prepare_period: BlockNumber,
	decision_period: BlockNumber,
	confirm_period: BlockNumber,
	min_enactment_period: BlockNumber,
}

impl TrackView {
	/// Describes a track.
	pub(crate) fn new(terms: Terms) -> Self {
		Self {
			track: terms.name,
			number: terms.number,
			decision_deposit: Amount(terms.decision_deposit),
			max_deciding: terms.max_deciding,
			prepare_period: terms.prepare_period,
			decision_period: terms.decision_period,
			confirm_period: terms.confirm_period,
			min_enactment_period: terms.min_enactment_period,
		}
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 7] = [
		"track",
		"deposit",
		"at once",
		"prepares",
		"decides",
		"confirms",
		"then waits",
	];

	/// One line of a list, its times in blocks.
	pub(crate) fn row(&self) -> [String; 7] {
		[
			self.track.clone(),
			self.decision_deposit.to_string(),
			self.max_deciding.to_string(),
			self.prepare_period.to_string(),
			self.decision_period.to_string(),
			self.confirm_period.to_string(),
			self.min_enactment_period.to_string(),
		]
	}
}

/// A constant that is open to referenda.
#[derive(Serialize)]
pub(crate) struct ParameterView {
	parameter: String,
	value: ValueView,
	least: Option<ValueView>,
	most: ValueView,
}

/// What a parameter is.
#[derive(Serialize)]
#[serde(untagged)]
enum ValueView {
	/// An amount of money.
	Amount(Amount),
	/// A share.
	Share(String),
}

impl fmt::Display for ValueView {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Amount(amount) => amount.fmt(f),
			Self::Share(share) => share.fmt(f),
		}
	}
}

impl ParameterView {
	/// Describes a parameter.
	pub(crate) fn new(parameter: &Parameter) -> Self {
		let (value, least, most) = match parameter.value {
			ParameterValue::Amount { now, least, most } => (
				ValueView::Amount(Amount(now)),
				Some(ValueView::Amount(Amount(least))),
				ValueView::Amount(Amount(most)),
			),
			ParameterValue::Share { now, most } => (
				ValueView::Share(show_share(now)),
				None,
				ValueView::Share(show_share(most)),
			),
		};
		Self {
			parameter: parameter.name.clone(),
			value,
			least,
			most,
		}
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 4] = ["parameter", "is", "at least", "at most"];

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 4] {
		[
			self.parameter.clone(),
			self.value.to_string(),
			self.least.as_ref().map(ToString::to_string).unwrap_or_default(),
			self.most.to_string(),
		]
	}
}

/// How an account votes.
#[derive(Serialize)]
pub(crate) struct VotingView {
	account: AccountId,
	votes_with: Amount,
	locked: Amount,
	cast: Vec<CastView>,
	lent: Vec<LentView>,
}

#[derive(Serialize)]
struct CastView {
	referendum: u32,
	aye: Amount,
	nay: Amount,
	abstain: Amount,
	conviction: Option<assay_sdk::governance::Conviction>,
}

#[derive(Serialize)]
struct LentView {
	track: String,
	to: AccountId,
	amount: Amount,
	conviction: assay_sdk::governance::Conviction,
}

impl VotingView {
	/// Describes the votes of an account.
	pub(crate) fn new(account: AccountId, votes: Votes) -> Self {
		Self {
			account,
			votes_with: Amount(votes.votes_with),
			locked: Amount(votes.locked),
			cast: votes
				.cast
				.into_iter()
				.map(|vote| CastView {
					referendum: vote.index,
					aye: Amount(vote.aye),
					nay: Amount(vote.nay),
					abstain: Amount(vote.abstain),
					conviction: vote.conviction,
				})
				.collect(),
			lent: votes
				.lent
				.into_iter()
				.map(|lent| LentView {
					track: track_name(lent.track),
					to: lent.to,
					amount: Amount(lent.amount),
					conviction: lent.conviction,
				})
				.collect(),
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let head = fields([
			("account", Some(self.account.to_string())),
			("can vote with", Some(self.votes_with.to_string())),
			("locked by votes", Some(self.locked.to_string())),
		]);
		let cast = self.cast.iter().map(|vote| {
			let sides = [(vote.aye, "aye"), (vote.nay, "nay"), (vote.abstain, "abstaining")];
			let sides: Vec<_> = sides
				.into_iter()
				.filter(|(amount, _)| amount.0 > 0)
				.map(|(amount, side)| format!("{amount} {side}"))
				.collect();
			format!("referendum {}: {}", vote.referendum, sides.join(", "))
		});
		let lent = self
			.lent
			.iter()
			.map(|lent| format!("{} lent to {} on the track {}", lent.amount, lent.to, lent.track));
		[head]
			.into_iter()
			.chain(cast)
			.chain(lent)
			.collect::<Vec<_>>()
			.join("\n")
	}
}
