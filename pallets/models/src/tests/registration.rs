use super::*;
use crate::{Error, Event, Models, Programs, Version, Versions};
use assay_exact::program::{Op, Register, Shape};
use assay_protocol::model::{ProgramBytes, VersionSubmission};
use codec::{Encode, MaxEncodedLen};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

fn decoder() -> VersionSubmission {
	sample::submission(&sample::decoder())
}

fn register_submission(submission: VersionSubmission) -> DispatchResult {
	ModelRegistry::register(signed(PETRA), sample::metadata("sample"), submission)
}

fn bytes(bytes: Vec<u8>) -> ProgramBytes {
	bytes.try_into().unwrap()
}

#[test]
fn a_model_is_registered_with_its_first_version() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(PETRA));
		let artifact = decoder().artifact;
		let events: Vec<_> = System::events()
			.into_iter()
			.map(|record| record.event)
			.filter(|event| matches!(event, RuntimeEvent::ModelRegistry(_)))
			.collect();
		assert_eq!(
			events,
			[
				Event::ModelRegistered {
					model: ModelId(0),
					publisher: PETRA
				}
				.into(),
				Event::VersionAdded {
					version: FIRST,
					artifact
				}
				.into(),
			]
		);

		let model = Models::<Test>::get(ModelId(0)).unwrap();
		assert_eq!(
			(model.publisher, model.versions, model.next_version),
			(PETRA, 1, VersionNumber(1))
		);
		assert_eq!(model.metadata, sample::metadata("sample"));
		let version = Versions::<Test>::get(ModelId(0), VersionNumber(0)).unwrap();
		assert_eq!(version.artifact, artifact);
		assert_eq!(
			(version.positions, version.vocabulary),
			(sample::POSITIONS, Some(sample::VOCABULARY))
		);
		assert_eq!(version.output_length, None);
		assert!(!version.retired);
		assert_eq!(Programs::<Test>::get(FIRST), Some(sample::encoded(&sample::decoder())));
	});
}

#[test]
fn a_vector_model_is_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register_submission(sample::submission(&sample::vector_model())));
		let version = Versions::<Test>::get(ModelId(0), VersionNumber(0)).unwrap();
		assert_eq!(version.vocabulary, None);
		assert_eq!(version.output_length, Some(sample::OUTPUT_LENGTH));
	});
}

#[test]
fn every_stored_byte_is_paid_for() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(PETRA));
		let metadata = Balance::try_from(sample::metadata("sample").encoded_size()).unwrap();
		let program = Balance::try_from(sample::decoder().encoded_size()).unwrap();
		let record = Balance::try_from(Version::<Balance>::max_encoded_len()).unwrap();
		let deposit = 2 * DEPOSIT_BASE + DEPOSIT_PER_BYTE * (metadata + program + record);
		assert_eq!((free(PETRA), held(PETRA)), (FUNDS - deposit, deposit));

		assert_ok!(add_version(PETRA));
		let deposit = deposit + DEPOSIT_BASE + DEPOSIT_PER_BYTE * (program + record);
		assert_eq!((free(PETRA), held(PETRA)), (FUNDS - deposit, deposit));
		assert_eq!(ModelRegistry::model_summary(ModelId(0)).unwrap().deposit, deposit);
	});
}

#[test]
fn registration_fails_without_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(PAUPER), TokenError::FundsUnavailable);
	});
}

#[test]
fn models_are_numbered_one_after_the_other() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(PETRA));
		assert_ok!(register(STRANGER));
		assert_eq!(Models::<Test>::get(ModelId(1)).unwrap().publisher, STRANGER);
	});
}

#[test]
fn a_garbage_program_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let valid = sample::decoder().encode();
		let truncated = valid[..valid.len() - 1].to_vec();
		let trailing = [&valid[..], &[0]].concat();
		// A vector that claims 2^30 - 1 registers.
		let mut huge = sample::decoder().encode();
		huge.splice(5..6, [0xfe, 0xff, 0xff, 0xff]);
		let longest = vec![0xff; assay_protocol::model::MAX_PROGRAM_BYTES as usize];
		for garbage in [Vec::new(), vec![0; 100], truncated, trailing, huge, longest] {
			assert_noop!(
				register_submission(VersionSubmission {
					program: bytes(garbage),
					..decoder()
				}),
				Error::<Test>::InvalidProgram
			);
		}
	});
}

#[test]
fn a_program_that_breaks_the_rules_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let mut reads_unwritten = sample::decoder();
		reads_unwritten.entry.insert(
			0,
			Op::Add {
				dst: Register(0),
				a: Register(1),
				b: Register(1),
			},
		);
		let mut no_positions = sample::decoder();
		no_positions.positions = 0;
		let mut unknown_register = sample::decoder();
		unknown_register.registers.pop();
		for program in [reads_unwritten, no_positions, unknown_register] {
			assert_noop!(
				register_submission(VersionSubmission {
					program: sample::encoded(&program),
					..decoder()
				}),
				Error::<Test>::InvalidProgram
			);
		}
	});
}

#[test]
fn a_submission_must_make_sense() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			register_submission(VersionSubmission {
				artifact_bytes: 0,
				..decoder()
			}),
			Error::<Test>::ArtifactIsEmpty
		);
		let tokenizer = decoder().tokenizer;
		assert_noop!(
			register_submission(VersionSubmission {
				tokenizer,
				..sample::submission(&sample::vector_model())
			}),
			Error::<Test>::TokenizerWithoutTokens
		);
		assert_ok!(register_submission(VersionSubmission {
			tokenizer: None,
			..decoder()
		}));
		let royalty = Permill::from_parts(500_001);
		assert_noop!(
			register_submission(VersionSubmission { royalty, ..decoder() }),
			Error::<Test>::RoyaltyTooHigh
		);
		let royalty = Permill::from_percent(50);
		assert_ok!(register_submission(VersionSubmission { royalty, ..decoder() }));
	});
}

#[test]
fn only_the_publisher_adds_versions() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_noop!(add_version(STRANGER), Error::<Test>::NotPublisher);
		assert_ok!(add_version(PETRA));
		System::assert_last_event(
			Event::VersionAdded {
				version: SECOND,
				artifact: decoder().artifact,
			}
			.into(),
		);
		assert_eq!(Models::<Test>::get(ModelId(0)).unwrap().versions, 2);
		assert_noop!(
			ModelRegistry::add_version(signed(PETRA), ModelId(1), decoder()),
			Error::<Test>::UnknownModel
		);
	});
}

#[test]
fn an_added_version_is_checked_like_the_first() {
	ExtBuilder::default().published().build_and_execute(|| {
		let garbage = VersionSubmission {
			program: bytes(vec![1, 2, 3]),
			..decoder()
		};
		assert_noop!(
			ModelRegistry::add_version(signed(PETRA), ModelId(0), garbage),
			Error::<Test>::InvalidProgram
		);
	});
}

#[test]
fn a_model_has_so_many_versions_and_no_more() {
	ExtBuilder::default().published().build_and_execute(|| {
		assert_ok!(add_version(PETRA));
		assert_noop!(add_version(PETRA), Error::<Test>::TooManyVersions);

		// A removed version makes room; its number is not given again.
		assert_ok!(ModelRegistry::retire(signed(PETRA), SECOND));
		assert_ok!(ModelRegistry::remove(signed(PETRA), SECOND));
		assert_ok!(add_version(PETRA));
		assert!(!Versions::<Test>::contains_key(ModelId(0), VersionNumber(1)));
		assert!(Versions::<Test>::contains_key(ModelId(0), VersionNumber(2)));
	});
}

#[test]
fn p14_a_program_whose_values_do_not_fit_into_an_answer_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for (outputs, fits) in [(200_000, true), (1 << 18, false), (1 << 20, false)] {
			let registered = register_submission(sample::submission(&assay_samples::programs::product(outputs)));
			let expected = if fits {
				Ok(())
			} else {
				Err(Error::<Test>::TooLargeToJudge.into())
			};
			assert_eq!(registered, expected, "{outputs} values");
		}
		assert_eq!(Models::<Test>::iter().count(), 1, "what is refused leaves nothing");
	});
}

#[test]
fn p14_a_program_with_too_much_work_of_attention_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		// Each head commits to a hash for each group of positions.
		for (heads, fits) in [(64, true), (1_024, false)] {
			let mut program = sample::decoder();
			let width = 32 * u32::from(heads);
			for (register, elements) in program.registers.iter_mut().enumerate() {
				*elements = if register == 4 { sample::VOCABULARY } else { width };
			}
			for tensor in &mut program.tensors {
				tensor.shape = match tensor.shape {
					Shape::Matrix { rows, .. } if rows == sample::VOCABULARY => Shape::Matrix { rows, columns: width },
					Shape::Matrix { .. } => Shape::Matrix {
						rows: width,
						columns: width,
					},
					_ => Shape::Vector { length: width },
				};
			}
			for op in &mut program.layer {
				if let Op::Attention {
					heads: own, kv_heads, ..
				} = op
				{
					(*own, *kv_heads) = (heads, heads);
				}
			}
			program.validate().unwrap();
			let registered = register_submission(sample::submission(&program));
			let expected = if fits {
				Ok(())
			} else {
				Err(Error::<Test>::TooLargeToJudge.into())
			};
			assert_eq!(registered, expected, "{heads} heads");
		}
	});
}
