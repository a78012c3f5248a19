//! Every fraud is refuted by whoever ran the job too, or cannot be defended at all.

use assay_adversary::{malformed_artifact, Cheat, Fraud};
use assay_artifact::{
	synthetic::{llama, LlamaShape},
	Artifact,
};
use assay_dispute::{Execution, Move};
use assay_exact::{Generation, Input, Sampler};
use assay_protocol::{
	audit::{Question, Reply},
	dispute::{Accusation, Answer, DisputeRecord, OpenedCells, Stage},
	Attempt, JobId,
};
use assay_trace::{
	cell::{check_cell, check_group},
	check_step,
	digest::DigestKey,
	execution::replay,
	fault::listed_leaves,
	merkle, Group, Place, Statement, Step, Verdict,
};

const GENERATION: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [3; 32],
	},
	max_tokens: 10,
	ignore_stop: true,
};

fn artifact(folder: &tempfile::TempDir) -> Artifact {
	let model = llama(LlamaShape::TINY, 7).unwrap();
	model.pack(folder.path().join("model.assay"), &mut ()).unwrap()
}

/// Takes an answer as the chain does; `false` if it is refused.
fn accept(statement: &Statement<'_>, stage: Stage, answer: Answer, shown: &mut DisputeRecord) -> bool {
	match (stage, answer) {
		(Stage::ListGroups, Answer::Groups(groups)) => {
			let leaves = listed_leaves(&statement.layout(), &groups);
			let right = leaves.is_some_and(|leaves| merkle::root(&leaves) == statement.trace.0);
			shown.groups = Some(groups);
			right
		}
		(Stage::OpenGroup { group }, Answer::Cells { cells, path }) => {
			let right = check_group(statement, group, &cells, &path).is_ok();
			shown.cells = Some(OpenedCells::Group { group, cells });
			right
		}
		(Stage::OpenHead { position }, Answer::Head(cell)) => {
			let right = check_cell(statement, Place::Head { position }, &cell, None).is_ok();
			shown.cells = Some(OpenedCells::Head { position, cell });
			right
		}
		(Stage::Show { place, target }, Answer::Shown(exhibit)) => {
			let roots = roots(shown, place);
			let right = exhibit.verify(statement, place, &roots, target);
			shown.shown = Some((place, target, exhibit));
			right
		}
		_ => false,
	}
}

fn roots(shown: &DisputeRecord, place: Place) -> assay_trace::cell::CellRoots {
	match (shown.cells.as_ref().unwrap(), place) {
		(OpenedCells::Head { cell, .. }, _) => cell.clone(),
		(OpenedCells::Group { group, cells }, Place::Cell { position, .. }) => {
			let size = cells.len().max(8) as u32;
			cells[(position - group.index * size) as usize].clone()
		}
		(OpenedCells::Group { .. }, Place::Head { .. }) => panic!("a head is in no group"),
	}
}

/// How a dispute about a fraud ends: with a refuted step, or with an answer that nobody takes.
#[derive(Debug, PartialEq)]
enum End {
	Refuted(Place, Step),
	Undefended(Stage),
}

fn dispute(cheat: Cheat, artifact: &Artifact) -> End {
	let input = Input::Tokens(vec![1, 2, 3, 4, 5, 6]);
	let fraud = Fraud::new(cheat, artifact, input, GENERATION).unwrap();
	let statement = fraud.statement.as_statement();
	let own = replay(&statement, artifact).unwrap();
	let honest = Execution::new(artifact, &fraud.statement, &own);
	let mut stage = match honest
		.accuse()
		.unwrap()
		.expect("a fraud is seen by whoever ran the job")
	{
		Accusation::Trace => Stage::ListGroups,
		Accusation::Head { position } => Stage::OpenHead { position },
	};
	let mut shown = DisputeRecord::default();
	for _ in 0..10 {
		stage = if stage.is_workers() {
			let answer = fraud.answer(stage).unwrap();
			if !answer.is_some_and(|answer| accept(&statement, stage, answer, &mut shown)) {
				return End::Undefended(stage);
			}
			match stage {
				Stage::ListGroups => Stage::PointAtGroup,
				Stage::Show { .. } => Stage::PointAtStep,
				_ => Stage::PointAtTarget,
			}
		} else {
			match honest.next_move(stage, &shown).unwrap() {
				Move::PointAtGroup(group) => Stage::OpenGroup { group },
				Move::PointAtTarget(place, target) => Stage::Show { place, target },
				Move::PointAtStep(place, step) => Stage::OpenStep { place, step },
				Move::Prove(proof) => {
					let roots = roots(&shown, proof.place);
					let verdict = check_step(&statement, proof.place, &roots, proof.step, proof.opening);
					assert_eq!(verdict, Ok(Verdict::Refuted));
					return End::Refuted(proof.place, proof.step);
				}
			}
		};
	}
	panic!("{cheat}: the dispute does not end");
}

#[test]
fn every_cheat_is_refuted_or_cannot_be_defended() {
	let folder = tempfile::tempdir().unwrap();
	let artifact = artifact(&folder);
	for cheat in Cheat::ALL.into_iter().filter(|cheat| !cheat.is_refused_at_once()) {
		let end = dispute(cheat, &artifact);
		let expected = match (cheat, &end) {
			(
				Cheat::ChangedToken | Cheat::PrefillSpoof | Cheat::OtherSeed | Cheat::LateAnswer,
				End::Refuted(_, step),
			) => {
				matches!(step, Step::Choice { .. })
			}
			(
				Cheat::OtherWeights | Cheat::FourBits | Cheat::OtherPrompt | Cheat::EmbeddingRow,
				End::Refuted(place, _),
			) => {
				matches!(place, Place::Cell { row: 0, .. })
			}
			(Cheat::SkippedLayer, End::Refuted(place, _)) => matches!(place, Place::Cell { row: 2, .. }),
			(Cheat::TruncatedCache, End::Refuted(place, _)) => matches!(place, Place::Cell { row: 1, .. }),
			(Cheat::JunkCacheLeaf, End::Undefended(stage)) => matches!(stage, Stage::Show { .. }),
			(Cheat::WrongRoot, end) => *end == End::Undefended(Stage::ListGroups),
			(Cheat::UnchainedRoots | Cheat::Withheld | Cheat::Garbage, End::Undefended(stage)) => {
				matches!(stage, Stage::OpenHead { .. })
			}
			_ => false,
		};
		assert!(expected, "{cheat}: {end:?}");
	}
}

fn fraud(cheat: Cheat, artifact: &Artifact) -> Fraud<'_> {
	Fraud::new(cheat, artifact, Input::Tokens(vec![1, 2, 3, 4, 5, 6]), GENERATION).unwrap()
}

#[test]
fn an_artifact_without_weights_opens_no_step_that_reads_one() {
	let folder = tempfile::tempdir().unwrap();
	let artifact = artifact(&folder);
	let hollow = fraud(Cheat::MalformedWeights, &artifact);
	assert_eq!(
		hollow.statement.artifact,
		malformed_artifact(artifact.program()).unwrap()
	);
	assert_ne!(hollow.statement.artifact, artifact.root());
	let (place, step) = (Place::Cell { row: 0, position: 0 }, Step::Element { op: 0, index: 0 });
	let verdict = |fraud: &Fraud<'_>| {
		let group = Group { row: 0, index: 0 };
		let Some(Answer::Cells { cells, .. }) = fraud.answer(Stage::OpenGroup { group }).unwrap() else {
			panic!("a worker opens its group");
		};
		let Some(Answer::Step(opening)) = fraud.answer(Stage::OpenStep { place, step }).unwrap() else {
			panic!("a worker opens a step as well as it can");
		};
		check_step(&fraud.statement.as_statement(), place, &cells[0], step, opening)
	};
	assert!(verdict(&hollow).is_err());
	assert_eq!(verdict(&fraud(Cheat::RightClaim, &artifact)), Ok(Verdict::Holds));
}

#[test]
fn accomplices_vouch_for_a_lie_with_the_values_of_its_trace() {
	let folder = tempfile::tempdir().unwrap();
	let artifact = artifact(&folder);
	let lie = fraud(Cheat::SilentUnderChallenge, &artifact);
	let place = Place::Cell { row: 1, position: 3 };
	let (job, attempt) = (JobId(7), Attempt(0));
	let vouch = |question| lie.vouch(question, b"accomplice", job, attempt);
	let Some(Reply::Digest(digest)) = vouch(Question::Digest) else {
		panic!("an accomplice has a digest");
	};
	let Some(Reply::Values(opening)) = vouch(Question::Values { place }) else {
		panic!("an accomplice has the values");
	};
	let key = |auditor: &[u8]| DigestKey::new(auditor, job.0, attempt.0);
	let statement = lie.statement.as_statement();
	assert!(opening.verify(&statement, place, &key(b"accomplice"), &digest));
	assert!(!opening.verify(&statement, place, &key(b"another"), &digest));
	// It defends the lie against spot-checks, and not against challenges.
	assert!(lie.reply(Question::Cell { place }).unwrap().is_some());
	assert_eq!(lie.answer(Stage::ListGroups).unwrap(), None);
}

#[test]
fn cheats_are_told_by_their_names() {
	for cheat in Cheat::ALL {
		assert_eq!(cheat.to_string().parse(), Ok(cheat));
		assert_eq!(serde_json::to_value(cheat).unwrap(), cheat.to_string());
	}
	assert!("honesty".parse::<Cheat>().unwrap_err().contains("changed-token"));
}
