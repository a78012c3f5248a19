//! Cheats on a real network. `scripts/demo --attack all` runs all of them; here one of each kind.

use anyhow::Result;
use assay_adversary::Cheat;
use assay_e2e::{Arena, Attack};

#[test]
fn cheats_are_caught_on_chain_and_wrong_challengers_lose() -> Result<()> {
	let arena = Arena::new()?;
	let row = arena.attack(Attack::CopiedDigest)?;
	assert_eq!((row.caught_by, row.loser), ("audit", "the auditor"));
	for (cheat, auditor) in [
		// A third party has two tokens compared.
		(Cheat::PrefillSpoof, false),
		// The auditor challenges by itself and walks the whole way: list, point, open, point, show, prove.
		(Cheat::FourBits, true),
		// Nothing that leads to the claim can be shown.
		(Cheat::WrongRoot, true),
	] {
		let row = arena.attack(Attack::Work { cheat, auditor })?;
		let catcher = if auditor { "audit" } else { "challenge" };
		assert!([catcher, "draw"].contains(&row.caught_by), "{row:?}");
		assert!(["Refuted", "WorkerSilent"].contains(&&row.ruling[..]), "{row:?}");
		// The spot-check beside the dispute is replied to twice; an auditor that challenges sends no digest.
		assert!(row.evidence.extrinsics <= 7 && row.evidence.replies <= 2, "{row:?}");
		assert_eq!(row.loser, "the operator");
	}
	let row = arena.attack(Attack::WrongChallengers(3))?;
	assert_eq!(row.loser, "the challenger");

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
