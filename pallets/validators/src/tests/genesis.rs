use super::*;
use crate::Candidates;

#[test]
fn validators_of_genesis_are_candidates() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		assert_eq!(Candidates::<Test>::count(), 2);
		assert_eq!(Session::validators(), [ALICE, BOB]);
		assert_eq!(free(Validators::pot()), 1);
	});
}

#[test]
#[should_panic(expected = "operator 3 cannot be a validator at genesis")]
fn a_candidate_at_genesis_must_be_an_operator() {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	crate::GenesisConfig::<Test> {
		candidates: vec![CAROL],
	}
	.assimilate_storage(&mut storage)
	.unwrap();
}
