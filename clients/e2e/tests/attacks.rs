//! Cheats on a real network. `scripts/demo --attack all` runs all of them; here one of each kind, on networks that run side
//! by side.

use anyhow::Result;
use assay_adversary::Cheat;
use assay_e2e::{Arena, Attack};

/// Has a worker cheat, and looks at who caught it, how, and with how much.
fn a_cheat_is_caught(arena: &Arena, cheat: Cheat, auditor: bool) -> Result<()> {
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
	let arena = Arena::new()?;
	// Comes first: an honest worker without a record is audited for certain.
	let row = arena.attack(Attack::CopiedDigest)?;
	assert_eq!((row.caught_by, row.loser), ("audit", "the auditor"));
	let row = arena.attack(Attack::WrongChallengers(3))?;
	assert_eq!(row.loser, "the challenger");
	arena.end()
}

#[test]
fn cheats_are_caught_by_an_auditor() -> Result<()> {
	let arena = Arena::new()?;
	// The auditor challenges by itself and walks the whole way: list, point, open, point, show, prove.
	a_cheat_is_caught(&arena, Cheat::FourBits, true)?;
	// Nothing that leads to the claim can be shown.
	a_cheat_is_caught(&arena, Cheat::WrongRoot, true)?;
	arena.end()
}

#[test]
fn a_cheat_is_caught_by_a_third_party_and_all_behind_it_lose_alike() -> Result<()> {
	let arena = Arena::new()?;
	// A third party has two tokens compared.
	a_cheat_is_caught(&arena, Cheat::PrefillSpoof, false)?;

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
