use super::*;
use assay_exact::Program;
use assay_protocol::{
	job::JobError,
	model::{Models as _, Offer, OfferSummary},
};
use codec::Encode;
use frame_support::{assert_ok, traits::fungible::Mutate};

#[test]
fn a_model_is_summarised_with_its_versions_in_order() {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_ok!(add_version(PETRA));
			assert_ok!(serve(OLGA));
			assert_ok!(serve(OTTO));
			assert_ok!(Staking::chill(signed(OTTO)));
			assert_ok!(ModelRegistry::retire(signed(PETRA), SECOND));

			let summary = ModelRegistry::model_summary(ModelId(0)).unwrap();
			assert_eq!(
				(summary.id, summary.publisher, summary.deposit),
				(ModelId(0), PETRA, held(PETRA))
			);
			let numbers: Vec<_> = summary.versions.iter().map(|version| version.version.0).collect();
			assert_eq!(numbers, [0, 1]);
			let [first, second] = &summary.versions[..] else {
				panic!("there are two versions")
			};
			assert_eq!((first.offers, first.retired), (1, false));
			assert_eq!((second.offers, second.retired), (0, true));
			assert_eq!(first.program_bytes as usize, sample::decoder().encoded_size());

			assert_eq!(ModelRegistry::model_summary(ModelId(1)), None);
		});
}

#[test]
fn models_are_listed_in_pages() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..5 {
			assert_ok!(register(PETRA));
		}
		let gone = ModelVersion {
			model: ModelId(2),
			version: VersionNumber(0),
		};
		assert_ok!(ModelRegistry::retire(signed(PETRA), gone));
		assert_ok!(ModelRegistry::remove(signed(PETRA), gone));

		let page = |start, limit| -> Vec<u32> {
			let models = ModelRegistry::models_page(ModelId(start), limit);
			models.iter().map(|model| model.id.0).collect()
		};
		assert_eq!(page(0, 100), [0, 1, 3, 4]);
		assert_eq!(page(0, u32::MAX), [0, 1, 3, 4]);
		assert_eq!(page(1, 2), [1, 3]);
		assert_eq!(page(0, 0), [] as [u32; 0]);
		assert_eq!(page(5, 10), [] as [u32; 0]);
		assert_eq!(page(u32::MAX, 10), [] as [u32; 0]);
	});
}

#[test]
fn a_page_never_has_more_than_a_hundred_models() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..101 {
			Balances::set_balance(&PETRA, FUNDS);
			assert_ok!(register(PETRA));
		}
		assert_eq!(ModelRegistry::models_page(ModelId(0), u32::MAX).len(), 100);
		assert_eq!(ModelRegistry::models_page(ModelId(100), u32::MAX).len(), 1);
	});
}

#[test]
fn an_operator_is_shown_with_what_it_serves() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			let nothing = ModelRegistry::serving(&OLGA);
			assert!(nothing.active && !nothing.listed && nothing.offers.is_empty());
			assert_eq!(nothing.last_heartbeat, None);

			assert_ok!(serve(OLGA));
			let serving = ModelRegistry::serving(&OLGA);
			assert!(serving.active && serving.listed);
			assert_eq!(serving.last_heartbeat, Some(System::block_number()));
			let [offer] = &serving.offers[..] else {
				panic!("it serves one version")
			};
			let model = ModelRegistry::model_summary(FIRST.model).unwrap();
			let shown = ModelRegistry::offer_summaries(FIRST)[0].offer;
			assert_eq!(offer.version, FIRST);
			assert_eq!(offer.name, model.metadata.name.into_inner());
			assert_eq!(offer.artifact, model.versions[0].artifact);
			assert_eq!((offer.price, offer.capacity), (shown.price, shown.capacity));
			assert!(!offer.retired);
			assert_ok!(ModelRegistry::retire(signed(PETRA), FIRST));
			assert!(ModelRegistry::serving(&OLGA).offers[0].retired);

			assert_ok!(Staking::chill(signed(OLGA)));
			let chilled = ModelRegistry::serving(&OLGA);
			assert!(!chilled.active && !chilled.listed && chilled.offers.len() == 1);
			assert_eq!(ModelRegistry::serving(&STRANGER).offers, []);
		});
}

#[test]
fn offers_are_shown_listed_or_not() {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			System::set_block_number(2 + GRACE);
			assert_ok!(serve(OTTO));
			let offer = |operator| Offer {
				operator,
				price: 5,
				capacity: 2,
				speed: SPEED,
				largest: LARGEST,
			};
			assert_eq!(
				ModelRegistry::offer_summaries(FIRST),
				[
					OfferSummary {
						offer: offer(OLGA),
						last_heartbeat: Some(1),
						listed: false
					},
					OfferSummary {
						offer: offer(OTTO),
						last_heartbeat: Some(2 + GRACE),
						listed: true
					},
				]
			);
			assert_eq!(ModelRegistry::offer_summaries(SECOND), []);
		});
}

#[test]
fn the_jobs_pallet_reads_terms_and_program() {
	ExtBuilder::default().published().build_and_execute(|| {
		let terms = ModelRegistry::terms(FIRST).unwrap();
		let submission = sample::submission(&sample::decoder());
		assert_eq!(terms.publisher, PETRA);
		assert_eq!(
			(terms.royalty, terms.artifact),
			(submission.royalty, submission.artifact)
		);
		assert!(!terms.retired);
		assert_eq!(ModelRegistry::program(FIRST), Ok(sample::decoder()));
		assert_eq!(ModelRegistry::program_bytes(FIRST), Some(sample::decoder().encode()));

		assert_eq!(ModelRegistry::terms(SECOND), None);
		assert_eq!(
			ModelRegistry::program(SECOND),
			Err::<Program, _>(JobError::UnknownVersion)
		);
		assert_eq!(ModelRegistry::program_bytes(SECOND), None);
		assert_eq!(ModelRegistry::listed_offers(SECOND), []);
	});
}
