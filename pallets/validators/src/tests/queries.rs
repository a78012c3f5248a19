use super::*;
use frame_support::assert_ok;

#[test]
fn validators_and_candidates_are_shown_by_stake() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		candidate(CAROL, 150);
		assert_ok!(Validators::stop_validating(signed(BOB)));
		block(BOB);
		let shown = Validators::validator_summaries();
		let accounts: Vec<_> = shown.iter().map(|of| (of.account, of.stake)).collect();
		assert_eq!(accounts, [(CAROL, 150), (ALICE, 100), (BOB, 100)]);
		let [carol, alice, bob] = &shown[..] else {
			panic!("three are shown")
		};
		assert!(!carol.validates && carol.candidate && carol.elected);
		assert!(alice.validates && alice.candidate && alice.elected);
		assert!(bob.validates && !bob.candidate && !bob.elected);
		assert_eq!((alice.blocks, bob.blocks), (0, 1));
	});
}

#[test]
fn parameters_tell_what_a_block_earns() {
	ExtBuilder::default().validators(&[ALICE]).build_and_execute(|| {
		let shown = Validators::validation_parameters();
		assert_eq!(shown.yearly_issuance, Balances::total_issuance() / 10);
		assert_eq!(shown.block_reward, shown.yearly_issuance / 10);
		assert_eq!((shown.session, shown.max_validators), (0, 4));
	});
}
