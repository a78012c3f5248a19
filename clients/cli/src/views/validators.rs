//! Who makes blocks, with which keys, and what it earns.

use crate::output::fields;
use assay_protocol::stake::PendingSlash;
use assay_sdk::{
	amount::show_share,
	validators::{Slash, Validation, Validator},
	AccountId, Amount, Receipt,
};
use serde::Serialize;

/// Session keys that were registered.
#[derive(Serialize)]
pub(crate) struct KeysView<'a> {
	account: AccountId,
	keys: String,
	/// The first session in which they hold.
	from_session: u32,
	#[serde(flatten)]
	receipt: &'a Receipt,
}

impl<'a> KeysView<'a> {
	/// Describes keys of an account that hold from a session on.
	pub(crate) fn new(account: AccountId, keys: &[u8], from_session: u32, receipt: &'a Receipt) -> Self {
		Self {
			account,
			keys: hexadecimal(keys),
			from_session,
			receipt,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("validator", Some(self.account.to_string())),
			("session keys", Some(self.keys.clone())),
			("registered", Some(format!("block {}", self.receipt.block))),
			("hold from", Some(format!("session {}", self.from_session))),
			("fee", Some(self.receipt.fee.to_string())),
		])
	}
}

/// A validator of the session, or a candidate.
#[derive(Serialize)]
pub(crate) struct ValidatorView {
	account: AccountId,
	/// All stake behind it.
	stake: Amount,
	/// Whether it is one of the validators of the session.
	validates: bool,
	/// Whether an election would choose it now.
	elected: bool,
	/// Whether it offers to make blocks.
	candidate: bool,
	/// Whether it has offended and may not make blocks.
	barred: bool,
	/// Blocks that it made in this session.
	blocks: u32,
	/// Its part of the fees in them.
	fees: Amount,
	/// Blocks that others made in its sessions up to the last since it last made one itself.
	silence: u32,
	/// The session keys it registered last.
	keys: Option<String>,
}

impl ValidatorView {
	/// Describes a validator and its keys.
	pub(crate) fn new(validator: Validator, keys: Option<Vec<u8>>) -> Self {
		Self {
			account: validator.account,
			stake: Amount(validator.stake),
			validates: validator.validates,
			elected: validator.elected,
			candidate: validator.candidate,
			barred: validator.barred,
			blocks: validator.blocks,
			fees: Amount(validator.fees),
			silence: validator.silence,
			keys: keys.map(|keys| hexadecimal(&keys)),
		}
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 5] {
		[
			self.account.to_string(),
			self.state().into(),
			self.stake.to_string(),
			self.blocks.to_string(),
			self.fees.to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 5] = ["validator", "state", "stake behind it", "blocks", "fees"];

	fn state(&self) -> &'static str {
		match (self.barred, self.validates, self.elected) {
			(true, ..) => "barred",
			(false, true, true) => "validates",
			(false, true, false) => "leaves",
			(false, false, true) => "joins",
			(false, false, false) => "waits",
		}
	}
}

/// What rules validators, and what blocks earn.
#[derive(Serialize)]
pub(crate) struct ValidationView {
	session: u32,
	max_validators: u32,
	min_validators: u32,
	min_validator_bond: Amount,
	seat_share: String,
	elected_stake: Amount,
	yearly_issuance: Amount,
	block_reward: Amount,
	author_fee_share: String,
	reporter_share: String,
	silence_limit: u32,
	reportable_sessions: u32,
	slash_deferral: u32,
}

impl ValidationView {
	/// Describes the rules.
	pub(crate) fn new(validation: Validation) -> Self {
		Self {
			session: validation.session,
			max_validators: validation.max_validators,
			min_validators: validation.min_validators,
			min_validator_bond: Amount(validation.min_validator_bond),
			seat_share: show_share(validation.seat_share),
			elected_stake: Amount(validation.elected_stake),
			yearly_issuance: Amount(validation.yearly_issuance),
			block_reward: Amount(validation.block_reward),
			author_fee_share: show_share(validation.author_fee_share),
			reporter_share: show_share(validation.reporter_share),
			silence_limit: validation.silence_limit,
			reportable_sessions: validation.reportable_sessions,
			slash_deferral: validation.slash_deferral,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("session", Some(self.session.to_string())),
			(
				"validators",
				Some(format!(
					"at least {}, at most {}",
					self.min_validators, self.max_validators
				)),
			),
			(
				"a validator bonds",
				Some(format!("at least {}", self.min_validator_bond)),
			),
			(
				"a seat takes",
				Some(format!("{} of the median stake of a seat", self.seat_share)),
			),
			("stake behind them", Some(self.elected_stake.to_string())),
			("a block earns", Some(self.block_reward.to_string())),
			("all blocks of a year", Some(self.yearly_issuance.to_string())),
			(
				"of fees",
				Some(format!(
					"{} go to the author's pool, the rest is burned",
					self.author_fee_share
				)),
			),
			(
				"of what an offence costs",
				Some(format!("{} go to whoever reports it", self.reporter_share)),
			),
			(
				"taken for absent",
				Some(format!("who misses all of {} blocks of its own", self.silence_limit)),
			),
			(
				"offences are reported",
				Some(format!("within {} sessions", self.reportable_sessions)),
			),
			(
				"offences are paid for",
				Some(match self.slash_deferral {
					0 => "when they are reported".into(),
					sessions => format!("after {sessions} sessions, unless that is cancelled"),
				}),
			),
		])
	}
}

/// What an offence is to cost.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct SlashView(PendingSlash<AccountId, Amount>);

impl SlashView {
	/// Describes it.
	pub(crate) fn new(slash: Slash) -> Self {
		Self(slash.map_amounts(Amount))
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 5] {
		let slash = &self.0;
		[
			slash.validator.to_string(),
			slash.session.to_string(),
			slash.due.to_string(),
			format!("{:?}", slash.share),
			slash.amount.to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 5] =
		["validator", "offended in session", "pays in session", "share", "amount"];
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn state(barred: bool, validates: bool, elected: bool) -> String {
		let validator = Validator {
			account: AccountId::from([8; 32]),
			stake: 2_000_000_000_000,
			validates,
			elected,
			candidate: elected,
			barred,
			blocks: 3,
			fees: 0,
			silence: 0,
		};
		let view = ValidatorView::new(validator, Some(vec![7, 255]));
		assert_eq!(serde_json::to_value(&view).unwrap()["keys"], "0x07ff");
		let [_, state, stake, blocks, fees] = view.row();
		assert_eq!([&*stake, &*blocks, &*fees], ["2 ASY", "3", "0 ASY"]);
		state
	}

	#[test]
	fn a_slash_shows_who_pays_how_much_and_when() {
		let view = SlashView::new(Slash {
			validator: AccountId::from([8; 32]),
			session: 7,
			due: 19,
			share: sp_runtime::Perbill::from_percent(56),
			amount: 3_000_000_000_000,
			reporter: None,
		});
		assert_eq!(view.row()[1..], ["7", "19", "56%", "3 ASY"]);
		assert_eq!(serde_json::to_value(&view).unwrap()["due"], 19);
	}

	#[test]
	fn the_state_tells_what_comes_next() {
		assert_eq!(state(false, true, true), "validates");
		assert_eq!(state(false, true, false), "leaves");
		assert_eq!(state(false, false, true), "joins");
		assert_eq!(state(false, false, false), "waits");
		assert_eq!(state(true, true, false), "barred");
	}
}
