//! Cheats on a real network. `scripts/demo --attack all` runs all of them; here one of each kind, on networks that run side
//! by side.

use anyhow::Result;
use assay_adversary::Cheat;
use assay_e2e::{Arena, Attack, ASY};

/// Has a worker cheat, and looks at who caught it, how, and with how much.
fn a_cheat_is_caught(arena: &mut Arena, cheat: Cheat, auditor: bool) -> Result<()> {
	let row = arena.attack(Attack::Work { cheat, auditor })?;
	let catcher = if auditor { "audit" } else { "challenge" };
	assert!([catcher, "draw"].contains(&row.caught_by), "{row:?}");
	assert!(["Refuted", "WorkerSilent"].contains(&&row.ruling[..]), "{row:?}");
	// The spot-check beside the dispute is replied to twice; an auditor that challenges sends no digest.
	assert!(row.evidence.extrinsics <= 7 && row.evidence.replies <= 2, "{row:?}");
	assert_eq!(row.loser, "the operator");
	Ok(())
}

#[test]
fn auditors_that_copy_and_challengers_that_are_wrong_lose() -> Result<()> {
	let mut arena = Arena::new()?;
	// Comes first: an honest worker without a record is audited for certain.
	let row = arena.attack(Attack::CopiedDigest)?;
	assert_eq!((row.caught_by, row.loser), ("audit", "the auditor"));
	let row = arena.attack(Attack::WrongChallengers(3))?;
	assert_eq!(row.loser, "the challenger");
	// What the chain refuses costs whoever tries the fee of the transaction.
	for (attack, refused_by) in [
		(Attack::UnanswerableProgram, "registration"),
		(Attack::OversizedJob, "submission"),
		(Attack::RaisedPrice, "assignment"),
	] {
		let row = arena.attack(attack)?;
		assert_eq!(row.caught_by, refused_by, "{row:?}");
		assert!(row.lost.parse::<u128>()? < ASY / 10, "{row:?}");
	}
	arena.end()
}

#[test]
fn a_lie_is_found_in_a_swarm_of_claims_and_no_auditor_loses_by_it() -> Result<()> {
	let mut arena = Arena::new()?;
	let row = arena.attack(Attack::DustSwarm)?;
	assert_eq!((row.caught_by, &row.ruling[..]), ("audit", "Refuted"), "{row:?}");
	let auditor = row.honest.iter().find(|party| party.role == "auditor");
	assert!(auditor.is_some_and(|auditor| auditor.lost == "0"), "{row:?}");
	arena.end()
}

#[test]
fn cheats_are_caught_by_an_auditor() -> Result<()> {
	let mut arena = Arena::new()?;
	// The auditor challenges by itself and walks the whole way: list, point, open, point, show, prove.
	a_cheat_is_caught(&mut arena, Cheat::FourBits, true)?;
	// Nothing that leads to the claim can be shown.
	a_cheat_is_caught(&mut arena, Cheat::WrongRoot, true)?;
	arena.end()
}

#[test]
fn a_cheat_is_caught_by_a_third_party_and_all_behind_it_lose_alike() -> Result<()> {
	let mut arena = Arena::new()?;
	// A third party has two tokens compared.
	a_cheat_is_caught(&mut arena, Cheat::PrefillSpoof, false)?;

	// Everybody behind the cheat loses the same part, whoever asked to leave since the job came.
	let worth = arena.fraud_of_a_delegate()?;
	let (_, own, own_after) = worth[0];
	assert!(own_after * 5 <= own * 4, "{worth:?}");
	for (part, before, after) in &worth {
		let fair = before * own_after / own;
		assert!(after.abs_diff(fair) <= before / 1_000_000, "{part} of {worth:?}");
	}
	arena.end()
}

#[test]
fn what_workers_say_in_channels_is_answered_for() -> Result<()> {
	let mut arena = Arena::new()?;
	let row = arena.attack(Attack::WrongReceipt)?;
	assert_eq!((row.caught_by, row.loser), ("challenge", "the operator"), "{row:?}");
	let row = arena.attack(Attack::EquivocatingStream)?;
	assert_eq!(row.caught_by, "two signatures", "{row:?}");
	// Its consumer has the whole batch back, whatever of it was right.
	let row = arena.attack(Attack::InflatedUnits)?;
	assert_eq!((row.caught_by, &row.ruling[..]), ("draw", "WorkerSilent"), "{row:?}");
	arena.end()
}
