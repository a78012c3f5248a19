use super::*;
use crate::{Error, Event, Models};
use assay_protocol::model::ModelMetadata;
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

const NOT_UTF8: [u8; 2] = [0xc3, 0x28];

fn set(who: AccountId, metadata: ModelMetadata) -> DispatchResult {
	ModelRegistry::set_metadata(signed(who), ModelId(0), metadata)
}

fn with_description(length: usize) -> ModelMetadata {
	ModelMetadata {
		description: vec![b'd'; length].try_into().unwrap(),
		..sample::metadata("sample")
	}
}

#[test]
fn metadata_can_be_replaced_and_the_deposit_follows() {
	ExtBuilder::default().published().build_and_execute(|| {
		let size = |metadata: &ModelMetadata| Balance::try_from(metadata.encoded_size()).unwrap();
		let original = sample::metadata("sample");
		let before = held(PETRA);

		let longer = with_description(500);
		assert_ok!(set(PETRA, longer.clone()));
		System::assert_last_event(Event::MetadataChanged { model: ModelId(0) }.into());
		assert_eq!(
			held(PETRA),
			before + DEPOSIT_PER_BYTE * (size(&longer) - size(&original))
		);
		assert_eq!(Models::<Test>::get(ModelId(0)).unwrap().metadata, longer);

		let shorter = with_description(0);
		assert_ok!(set(PETRA, shorter.clone()));
		assert_eq!(
			held(PETRA),
			before - DEPOSIT_PER_BYTE * (size(&original) - size(&shorter))
		);

		assert_ok!(set(PETRA, original));
		assert_eq!((free(PETRA), held(PETRA)), (FUNDS - before, before));
	});
}

#[test]
fn longer_metadata_needs_the_money() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_ok!(Balances::transfer_allow_death(
			signed(PETRA),
			STRANGER,
			free(PETRA) - 50
		));
		assert_noop!(set(PETRA, with_description(500)), TokenError::FundsUnavailable);
		assert_ok!(set(PETRA, with_description(0)));
	});
}

#[test]
fn only_the_publisher_replaces_metadata() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_noop!(set(STRANGER, sample::metadata("stolen")), Error::<Test>::NotPublisher);
		assert_noop!(
			ModelRegistry::set_metadata(signed(PETRA), ModelId(9), sample::metadata("none")),
			Error::<Test>::UnknownModel
		);
	});
}

#[test]
fn a_model_has_a_name() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_noop!(set(PETRA, sample::metadata("")), Error::<Test>::NameIsEmpty);
		assert_noop!(
			ModelRegistry::register(
				signed(PETRA),
				sample::metadata(""),
				sample::submission(&sample::decoder())
			),
			Error::<Test>::NameIsEmpty
		);
	});
}

#[test]
fn every_text_is_utf8() {
	ExtBuilder::default().published().build_and_execute(|| {
		let sample = || sample::metadata("größer");
		assert_ok!(set(PETRA, sample()));
		let broken = [
			ModelMetadata {
				name: NOT_UTF8.to_vec().try_into().unwrap(),
				..sample()
			},
			ModelMetadata {
				description: NOT_UTF8.to_vec().try_into().unwrap(),
				..sample()
			},
			ModelMetadata {
				licence: NOT_UTF8.to_vec().try_into().unwrap(),
				..sample()
			},
			ModelMetadata {
				tags: vec![
					b"fine".to_vec().try_into().unwrap(),
					NOT_UTF8.to_vec().try_into().unwrap(),
				]
				.try_into()
				.unwrap(),
				..sample()
			},
		];
		for metadata in broken {
			assert_noop!(set(PETRA, metadata), Error::<Test>::NotUtf8);
		}
	});
}
