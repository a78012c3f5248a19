use super::*;
use crate::{Error, Event, Models, Programs, RunningJobs, Versions};
use assay_protocol::model::Models as _;
use frame_support::{assert_noop, assert_ok};

fn retire(who: AccountId, version: ModelVersion) -> DispatchResult {
	ModelRegistry::retire(signed(who), version)
}

fn remove(who: AccountId, version: ModelVersion) -> DispatchResult {
	ModelRegistry::remove(signed(who), version)
}

#[test]
fn only_the_publisher_retires_a_version() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_noop!(retire(STRANGER, FIRST), Error::<Test>::NotPublisher);
		assert_noop!(retire(PETRA, SECOND), Error::<Test>::UnknownVersion);
		assert_ok!(retire(PETRA, FIRST));
		System::assert_last_event(Event::VersionRetired { version: FIRST }.into());
		assert!(ModelRegistry::terms(FIRST).unwrap().retired);
		assert_noop!(retire(PETRA, FIRST), Error::<Test>::Retired);
	});
}

#[test]
fn the_last_version_takes_the_model_and_every_deposit_with_it() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_ok!(add_version(PETRA));
		assert_ok!(retire(PETRA, FIRST));
		assert_ok!(remove(PETRA, FIRST));
		System::assert_last_event(Event::VersionRemoved { version: FIRST }.into());
		assert_eq!(Programs::<Test>::get(FIRST), None);
		assert_eq!(held(PETRA), ModelRegistry::model_summary(ModelId(0)).unwrap().deposit);

		assert_ok!(retire(PETRA, SECOND));
		assert_ok!(remove(PETRA, SECOND));
		System::assert_last_event(Event::ModelRemoved { model: ModelId(0) }.into());
		assert_eq!((free(PETRA), held(PETRA)), (FUNDS, 0));
		assert_eq!(Models::<Test>::iter().count() + Versions::<Test>::iter().count(), 0);

		// Its number is not given again.
		assert_ok!(register(PETRA));
		assert!(Models::<Test>::contains_key(ModelId(1)));
	});
}

#[test]
fn a_version_is_removed_only_when_nothing_needs_it() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			ModelRegistry::job_started(FIRST);
			ModelRegistry::job_started(FIRST);

			assert_noop!(remove(STRANGER, FIRST), Error::<Test>::NotPublisher);
			assert_noop!(remove(PETRA, SECOND), Error::<Test>::UnknownVersion);
			assert_noop!(remove(PETRA, FIRST), Error::<Test>::NotRetired);
			assert_ok!(retire(PETRA, FIRST));
			assert_noop!(remove(PETRA, FIRST), Error::<Test>::JobsRunning);
			ModelRegistry::job_ended(FIRST);
			assert_eq!(RunningJobs::<Test>::get(FIRST), 1);
			assert_noop!(remove(PETRA, FIRST), Error::<Test>::JobsRunning);
			ModelRegistry::job_ended(FIRST);
			assert!(!RunningJobs::<Test>::contains_key(FIRST));
			assert_noop!(remove(PETRA, FIRST), Error::<Test>::OffersStanding);
			assert_ok!(ModelRegistry::unserve(signed(OLGA), FIRST));
			assert_ok!(remove(PETRA, FIRST));
		});
}
