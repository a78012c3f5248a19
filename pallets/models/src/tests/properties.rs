//! Whatever is called in whatever order, deposits add up and no offer is lost.

use super::*;
use crate::Offers;
use assay_protocol::{
	model::Models as _,
	operator::{Fault, Operators as _},
};
use proptest::prelude::*;
use sp_io::storage::root as storage_root;
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

const PUBLISHERS: [AccountId; 2] = [PETRA, STRANGER];
const OPERATORS: [AccountId; 3] = [OLGA, OTTO, 12];

#[derive(Clone, Debug)]
enum Action {
	Register {
		who: AccountId,
		description: usize,
	},
	AddVersion {
		who: AccountId,
		model: u32,
	},
	SetMetadata {
		who: AccountId,
		model: u32,
		description: usize,
	},
	Retire {
		who: AccountId,
		version: ModelVersion,
	},
	Remove {
		who: AccountId,
		version: ModelVersion,
	},
	Serve {
		who: AccountId,
		version: ModelVersion,
	},
	Unserve {
		who: AccountId,
		version: ModelVersion,
	},
	Prune {
		version: ModelVersion,
		operator: AccountId,
	},
	StartJob {
		version: ModelVersion,
	},
	EndJob {
		version: ModelVersion,
	},
	Chill {
		who: AccountId,
	},
	Unchill {
		who: AccountId,
	},
	Penalise {
		who: AccountId,
	},
	Wait {
		blocks: u64,
	},
}

fn an_action() -> impl Strategy<Value = Action> {
	let publisher = || prop::sample::select(PUBLISHERS.as_slice());
	let operator = || prop::sample::select(OPERATORS.as_slice());
	let version = || {
		(0..3u32, 0..3u16).prop_map(|(model, version)| ModelVersion {
			model: ModelId(model),
			version: VersionNumber(version),
		})
	};
	prop_oneof![
		2 => (publisher(), 0..512usize).prop_map(|(who, description)| Action::Register { who, description }),
		3 => (publisher(), 0..3u32).prop_map(|(who, model)| Action::AddVersion { who, model }),
		2 => (publisher(), 0..3u32, 0..512usize)
			.prop_map(|(who, model, description)| Action::SetMetadata { who, model, description }),
		4 => (publisher(), version()).prop_map(|(who, version)| Action::Retire { who, version }),
		6 => (publisher(), version()).prop_map(|(who, version)| Action::Remove { who, version }),
		6 => (operator(), version()).prop_map(|(who, version)| Action::Serve { who, version }),
		3 => (operator(), version()).prop_map(|(who, version)| Action::Unserve { who, version }),
		4 => (version(), operator()).prop_map(|(version, operator)| Action::Prune { version, operator }),
		2 => version().prop_map(|version| Action::StartJob { version }),
		3 => version().prop_map(|version| Action::EndJob { version }),
		1 => operator().prop_map(|who| Action::Chill { who }),
		1 => operator().prop_map(|who| Action::Unchill { who }),
		1 => operator().prop_map(|who| Action::Penalise { who }),
		2 => (1..20u64).prop_map(|blocks| Action::Wait { blocks }),
	]
}

/// The jobs that were started and did not end.
type Running = BTreeMap<ModelVersion, u32>;

fn act(action: Action, running: &mut Running) -> DispatchResult {
	let metadata = |length| assay_protocol::model::ModelMetadata {
		description: vec![b'd'; length].try_into().unwrap(),
		..sample::metadata("sample")
	};
	match action {
		Action::Register { who, description } => ModelRegistry::register(
			signed(who),
			metadata(description),
			sample::submission(&sample::vector_model()),
		),
		Action::AddVersion { who, model } => {
			ModelRegistry::add_version(signed(who), ModelId(model), sample::submission(&sample::decoder()))
		}
		Action::SetMetadata {
			who,
			model,
			description,
		} => ModelRegistry::set_metadata(signed(who), ModelId(model), metadata(description)),
		Action::Retire { who, version } => ModelRegistry::retire(signed(who), version),
		Action::Remove { who, version } => {
			ModelRegistry::remove(signed(who), version)?;
			assert_eq!(
				running.get(&version).copied().unwrap_or(0),
				0,
				"a version was removed under its jobs"
			);
			Ok(())
		}
		Action::Serve { who, version } => ModelRegistry::serve(signed(who), version, 5, 1, SPEED, LARGEST),
		Action::Unserve { who, version } => ModelRegistry::unserve(signed(who), version),
		Action::Prune { version, operator } => ModelRegistry::prune_offer(signed(TREASURY), version, operator),
		Action::StartJob { version } => {
			if ModelRegistry::terms(version).is_some_and(|terms| !terms.retired) {
				ModelRegistry::job_started(version);
				*running.entry(version).or_default() += 1;
			}
			Ok(())
		}
		Action::EndJob { version } => {
			if let Some(jobs) = running.get_mut(&version).filter(|jobs| **jobs > 0) {
				ModelRegistry::job_ended(version);
				*jobs -= 1;
			}
			Ok(())
		}
		Action::Chill { who } => Staking::chill(signed(who)),
		Action::Unchill { who } => Staking::unchill(signed(who)),
		Action::Penalise { who } => {
			Staking::penalise(&who, 1, Fault::MissedDeadline, None);
			Ok(())
		}
		Action::Wait { blocks } => {
			System::set_block_number(System::block_number() + blocks);
			Ok(())
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

	#[test]
	fn deposits_and_offers_add_up_after_any_sequence_of_calls(
		actions in prop::collection::vec(an_action(), 1..100)
	) {
		ExtBuilder::default().operators(OPERATORS).build_and_execute(|| {
			let issuance = Balances::total_issuance();
			let mut running = Running::new();
			for action in actions {
				let before = storage_root(StateVersion::V1);
				let described = format!("{action:?}");
				if frame_support::storage::with_storage_layer(|| act(action, &mut running)).is_err() {
					assert_eq!(storage_root(StateVersion::V1), before, "{described} left traces");
				}
				assert_eq!(Balances::total_issuance(), issuance, "{described} changed the issuance");
				for who in PUBLISHERS {
					assert_eq!(free(who) + held(who), FUNDS, "{described} lost a deposit");
				}
				for (version, offers) in Offers::<Test>::iter() {
					assert!(
						ModelRegistry::listed_offers(version).len() <= offers.len(),
						"{described} listed offers nobody made"
					);
				}
				Pallet::<Test>::do_try_state().expect("the invariants hold after every call");
			}
		});
	}
}
