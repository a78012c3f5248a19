//! Cheats on a real network. `scripts/demo --attack all` runs all of them; here one of each kind.

use anyhow::Result;
use assay_adversary::Cheat;
use assay_e2e::Arena;

#[test]
fn cheats_are_refuted_on_chain_and_wrong_challengers_lose() -> Result<()> {
	let arena = Arena::new()?;
	for (cheat, ruling, extrinsics) in [
		// The referee compares two tokens.
		(Cheat::PrefillSpoof, "Refuted", 4),
		// The whole walk: list, point, open, point, show, prove.
		(Cheat::FourBits, "Refuted", 7),
		(Cheat::TruncatedCache, "Refuted", 7),
		// Nothing that leads to the claim can be shown.
		(Cheat::WrongRoot, "WorkerSilent", 2),
	] {
		let row = arena.attack(cheat)?;
		assert_eq!(row.ruling, ruling, "{row:?}");
		assert!(row.extrinsics <= extrinsics, "{row:?}");
		assert!(row.answers <= 3, "{row:?}");
	}
	let row = arena.wrong_challengers(3)?;
	assert_eq!(row.loser, "the challenger");
	arena.end()
}
