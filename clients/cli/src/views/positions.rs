//! Positions, and what they sum up to.

use crate::output::{fields, table};
use assay_protocol::stake::{ExposedStake, StakeBalance, StakePosition, UnbondingStake};
use assay_sdk::{staking::StakeSums, staking::Staked, AccountId, Amount, BlockNumber};
use serde::Serialize;

/// The positions of an account.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct PositionsView {
	positions: Vec<StakePosition<AccountId, Amount, BlockNumber>>,
	/// The block they were read at.
	#[serde(skip)]
	now: BlockNumber,
}

impl PositionsView {
	/// Describes positions at a block.
	pub(crate) fn new(positions: Vec<Staked>, now: BlockNumber) -> Self {
		let positions = positions.into_iter();
		Self {
			positions: positions.map(|position| position.map_amounts(Amount)).collect(),
			now,
		}
	}

	/// Whether there are none.
	pub(crate) fn is_empty(&self) -> bool {
		self.positions.is_empty()
	}

	/// A table of positions, and of each part of them that waits for something.
	pub(crate) fn text(&self) -> String {
		let (mut stakes, mut waiting, mut exposed) = (vec![], vec![], vec![]);
		for position in &self.positions {
			let operator = position.operator.to_string();
			for chunk in &position.unbonding {
				waiting.push([operator.clone(), chunk.amount.to_string(), self.free(chunk)]);
			}
			for exposure in &position.exposures {
				exposed.push(answers(&operator, exposure));
			}
			stakes.push([
				operator,
				position.stake.to_string(),
				position.pending_rewards.to_string(),
				goes(position),
				position.pending_slash.to_string(),
			]);
		}
		let header = [
			"behind operator",
			"stake",
			"rewards to claim",
			"which are",
			"lost, to be taken",
		];
		let mut tables = vec![table(header, 1, stakes)];
		if !waiting.is_empty() {
			tables.push(table(["unbonding from", "amount", "free"], 1, waiting));
		}
		if !exposed.is_empty() {
			tables.push(table(["moved to", "amount", "answers also for", "until"], 1, exposed));
		}
		tables.join("\n\n")
	}

	fn free(&self, chunk: &UnbondingStake<Amount, BlockNumber>) -> String {
		match chunk.free_from.checked_sub(self.now) {
			None | Some(0) => "now".into(),
			Some(1) => format!("from block {}, the next", chunk.free_from),
			Some(blocks) => format!("from block {}, in {blocks} blocks", chunk.free_from),
		}
	}
}

/// Where rewards go.
fn goes(position: &StakePosition<AccountId, Amount, BlockNumber>) -> String {
	match (position.compound, &position.payee) {
		(true, _) => "added to stake".into(),
		(false, None) => "paid out".into(),
		(false, Some(payee)) => format!("paid to {payee}"),
	}
}

fn answers(operator: &str, exposure: &ExposedStake<AccountId, Amount, BlockNumber>) -> [String; 4] {
	[
		operator.to_string(),
		exposure.amount.to_string(),
		exposure.operator.to_string(),
		format!("block {}", exposure.until),
	]
}

/// All that an account has in stake.
#[derive(Serialize)]
pub(crate) struct SumsView {
	account: AccountId,
	#[serde(flatten)]
	sums: StakeBalance<Amount, BlockNumber>,
}

impl SumsView {
	/// Describes the sums.
	pub(crate) fn new(account: AccountId, sums: StakeSums) -> Self {
		Self {
			account,
			sums: sums.map_amounts(Amount),
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let sums = &self.sums;
		let next = sums
			.next_unlock
			.map(|block| format!(", some of it free from block {block}"));
		fields([
			("account", Some(self.account.to_string())),
			("free", Some(sums.free.to_string())),
			("transferable", Some(sums.transferable.to_string())),
			("staked", Some(sums.staked.to_string())),
			(
				"unbonding",
				Some(format!("{}{}", sums.unbonding, next.unwrap_or_default())),
			),
			("can be withdrawn", Some(sums.withdrawable.to_string())),
			("rewards to claim", Some(sums.pending_rewards.to_string())),
			("lost, to be taken", Some(sums.pending_slashes.to_string())),
		])
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_sdk::Balance;

	const ASY: Balance = 1_000_000_000_000;

	fn shows(text: &str, expected: &[&str]) {
		for part in expected {
			assert!(text.contains(part), "`{part}` is missing:\n{text}");
		}
	}

	fn account(byte: u8) -> AccountId {
		AccountId::from([byte; 32])
	}

	fn position() -> Staked {
		StakePosition {
			operator: account(8),
			stake: 70 * ASY,
			pending_slash: 2 * ASY,
			pending_rewards: ASY * 3 / 5,
			compound: false,
			payee: None,
			unbonding: vec![],
			exposures: vec![],
		}
	}

	#[test]
	fn a_position_without_waiting_parts_is_one_line() {
		let text = PositionsView::new(vec![position()], 10).text();
		shows(
			&text,
			&["70 ASY", "0.6 ASY", "paid out", "2 ASY", &account(8).to_string()],
		);
		assert!(!text.contains("unbonding") && !text.contains("answers"), "{text}");
	}

	#[test]
	fn waiting_parts_say_when_they_are_free() {
		let chunk = |amount, free_from| UnbondingStake { amount, free_from };
		let mut position = position();
		position.compound = true;
		position.unbonding = vec![chunk(3 * ASY, 10), chunk(4 * ASY, 11), chunk(5 * ASY, 50)];
		position.exposures = vec![ExposedStake {
			operator: account(9),
			amount: 20 * ASY,
			until: 60,
		}];
		let view = PositionsView::new(vec![position], 10);
		let text = view.text();
		let line = |amount: &str| text.lines().find(|line| line.contains(amount)).unwrap_or_default();
		shows(line("3 ASY"), &["now"]);
		shows(line("4 ASY"), &["block 11, the next"]);
		shows(line("5 ASY"), &["block 50, in 40 blocks"]);
		shows(
			line("20 ASY"),
			&[&account(8).to_string(), &account(9).to_string(), "block 60"],
		);
		shows(&text, &["added to stake"]);

		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document[0]["stake"], (70 * ASY).to_string());
		assert_eq!(document[0]["unbonding"][2]["free_from"], 50);
		assert_eq!(document[0]["exposures"][0]["operator"], account(9).to_string());
	}

	#[test]
	fn sums_name_the_next_block_at_which_something_is_free() {
		let mut sums = StakeBalance {
			free: 900 * ASY,
			transferable: 899 * ASY,
			staked: 80 * ASY,
			unbonding: 0,
			withdrawable: 0,
			pending_rewards: ASY,
			pending_slashes: 0,
			next_unlock: None,
		};
		let text = SumsView::new(account(8), sums.clone()).text();
		shows(&text, &["899 ASY", "80 ASY", "0 ASY"]);
		assert!(!text.contains("block"), "{text}");
		sums.unbonding = 20 * ASY;
		sums.next_unlock = Some(77);
		let view = SumsView::new(account(8), sums);
		shows(&view.text(), &["20 ASY, some of it free from block 77"]);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["account"], account(8).to_string());
		assert_eq!(document["unbonding"], (20 * ASY).to_string());
		assert_eq!(document["next_unlock"], 77);
	}
}
