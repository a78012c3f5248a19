//! What an attack did to everybody's money.

use super::attack::{Attack, Honest, Loss, Played, Row};
use crate::{
	evidence::Evidence,
	ledger::Ledger,
	money::{Books, ASY},
	party::account,
	rpc::Rpc,
};
use anyhow::{ensure, Result};

/// Somebody whose money is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Member {
	/// The account's name.
	pub(super) name: &'static str,
	/// What it is where it is honest.
	pub(super) role: &'static str,
}

/// Counts what an attack, played since `before`, did to the money of some accounts. Whoever is not an attacker must not have
/// lost more than is stated, and the issuance must have changed by what the runtime says and by nothing else.
pub(super) fn settle(
	rpc: Rpc,
	members: &[Member],
	attack: Attack,
	before: &Books,
	after: &Books,
	played: Played,
) -> Result<Row> {
	let heights = before.height + 1..=after.height;
	let ledger = Ledger::read(rpc, heights.clone())?;
	ensure!(
		before.issuance + ledger.minted == after.issuance + ledger.burned,
		"{} was issued before and {} after, but {} minted and {} burned",
		before.issuance,
		after.issuance,
		ledger.minted,
		ledger.burned
	);
	let mut honest = vec![];
	let (mut had, mut has, mut fees) = (0, 0, 0);
	for Member { name, role } in members {
		let (id, paid) = (account(name)?, before.of(name).saturating_sub(after.of(name)));
		if played.attackers.contains(name) {
			had += before.of(name);
			has += after.of(name);
			fees += ledger.fees(&id);
			continue;
		}
		let of_it = played.stated.iter().filter(|(of, _)| of == name);
		let stated: u128 = of_it.map(|(_, amount)| amount).sum();
		let lost = paid.saturating_sub(ledger.fees(&id)).max(ledger.penalties(&id));
		ensure!(lost <= stated, "{name} is honest and lost {lost}, more than {stated}");
		honest.push(Honest {
			account: name,
			role,
			lost: lost.to_string(),
			stated: stated.to_string(),
		});
	}
	let lost = u128::checked_sub(had, has);
	let right = match (played.loss, lost) {
		(Loss::Stake, Some(lost)) => lost > fees + ASY,
		(Loss::Something, Some(lost)) => lost > fees,
		(Loss::FeesAlone, Some(lost)) => lost == fees && fees > 0,
		(Loss::Nothing, lost) => lost == Some(0),
		(_, None) => false,
	};
	let lost = lost.unwrap_or_default();
	ensure!(
		right,
		"whoever attacks had {had} and has {has}, {fees} of it paid for transactions; not {:?}",
		played.loss
	);
	let rewarded = played
		.catcher
		.map_or(0, |name| after.of(name).saturating_sub(before.of(name)));
	ensure!(
		played.catcher.is_none() || rewarded > ASY,
		"whoever caught it got {rewarded}"
	);
	Ok(Row {
		attack: attack.name(),
		auditor: played.auditor,
		caught_by: played.caught_by,
		ruling: played.ruling,
		evidence: Evidence::collect(rpc, &played.jobs, &played.disputes, heights)?,
		loser: played.loser,
		lost: lost.to_string(),
		rewarded: rewarded.to_string(),
		honest,
		minted: ledger.minted.to_string(),
		burned: ledger.burned.to_string(),
	})
}
