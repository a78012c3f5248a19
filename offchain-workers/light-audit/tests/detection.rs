//! Every cheat we know is found at exactly the positions at which it breaks a rule, so that a draw of s positions finds it
//! with the probability that is stated, however the worker answers.

mod common;

use assay_light_audit::{detection, draw, open_record, Fault, Verdict};
use common::{
	cheats::{Cheat, Wrong, WINDOW},
	random,
};

/// How a worker that cheats may answer.
#[derive(Clone, Copy, Debug)]
enum Answer {
	/// With what it ran.
	Own,
	/// With the products of the right weights on what it committed to.
	Right,
}

impl Wrong {
	fn answer(&self, answer: Answer, positions: &[u32]) -> Verdict {
		let (statement, record, boundaries) = (self.statement(), &self.record, &self.boundaries);
		let opening = match answer {
			Answer::Own => open_record(&self.own, &statement, record, boundaries, positions),
			Answer::Right => open_record(&self.setup.artifact, &statement, record, boundaries, positions),
		};
		self.setup.check(&statement, &opening.expect("it opens"))
	}

	/// The positions at which a rule is broken.
	fn wrong_positions(&self) -> Vec<u32> {
		(0..self.statement().layout().positions)
			.filter(|position| self.is_wrong_at(*position))
			.collect()
	}
}

/// What a cheat breaks is found at each position where it does, and nothing is found elsewhere.
fn found_where_it_is(cheat: Cheat) {
	for seed in 0..12 {
		let wrong = Wrong::new(cheat, seed);
		let broken = wrong.wrong_positions();
		let positions = wrong.statement().layout().positions;
		for position in 0..positions {
			for answer in [Answer::Own, Answer::Right] {
				let found = wrong.answer(answer, &[position]) != Verdict::Holds;
				assert_eq!(
					found,
					broken.contains(&position),
					"{cheat:?}, seed {seed}, position {position}, {answer:?}"
				);
			}
		}
		match cheat {
			Cheat::OtherWeights | Cheat::FourBits | Cheat::SkippedLayer | Cheat::WrongNorm => {
				assert_eq!(
					broken.len() as u32,
					positions,
					"{cheat:?} is at every position, seed {seed}"
				);
			}
			Cheat::TruncatedCache => {
				let beyond: Vec<u32> = (WINDOW as u32..positions).collect();
				assert_eq!(broken, beyond, "it is where something was cut off, seed {seed}");
			}
			Cheat::OneToken => assert_eq!(broken.len(), 1, "seed {seed}"),
			Cheat::WrongSampler => assert!(broken.len() >= 2, "{broken:?}, seed {seed}"),
		}
	}
}

#[test]
fn other_weights_are_found_at_every_position() {
	found_where_it_is(Cheat::OtherWeights);
}

#[test]
fn weights_of_four_bits_are_found_at_every_position() {
	found_where_it_is(Cheat::FourBits);
}

#[test]
fn a_skipped_layer_is_found_at_every_position() {
	found_where_it_is(Cheat::SkippedLayer);
}

#[test]
fn a_wrong_norm_is_found_at_every_position() {
	found_where_it_is(Cheat::WrongNorm);
}

#[test]
fn a_truncated_cache_is_found_where_something_was_cut_off() {
	found_where_it_is(Cheat::TruncatedCache);
}

#[test]
fn a_wrong_sampler_is_found_where_it_chose_otherwise() {
	found_where_it_is(Cheat::WrongSampler);
}

#[test]
fn one_wrong_token_is_found_where_it_was_chosen() {
	found_where_it_is(Cheat::OneToken);
}

#[test]
fn a_draw_finds_each_cheat_with_the_stated_probability() {
	const SEEDS: u64 = 30;
	const DRAWS: u64 = 8;
	/// Positions of a draw.
	const COUNTS: [u32; 3] = [1, 2, 4];
	for cheat in Cheat::ALL {
		let mut tallies = [(0u32, 0.0, 0.0); COUNTS.len()];
		for seed in 0..SEEDS {
			let wrong = Wrong::new(cheat, seed);
			let (positions, broken) = (
				wrong.statement().layout().positions,
				wrong.wrong_positions().len() as u32,
			);
			for ((found, expected, variance), count) in tallies.iter_mut().zip(COUNTS) {
				let probability = detection(positions, broken, count);
				for round in 0..DRAWS {
					let drawn = draw(positions, count, &mut random(seed * DRAWS + round)).expect("so many are opened");
					*found += u32::from(wrong.answer(Answer::Own, &drawn) != Verdict::Holds);
					*expected += probability;
					*variance += probability * (1.0 - probability);
				}
			}
		}
		for ((found, expected, variance), count) in tallies.into_iter().zip(COUNTS) {
			let told = format!(
				"{cheat:?}, {count} positions: found {found} of {} times, {expected:.1} expected",
				SEEDS * DRAWS
			);
			println!("{told}");
			assert!(
				(f64::from(found) - expected).abs() <= 4.0 * f64::sqrt(variance) + 1e-6,
				"{told}"
			);
		}
	}
}

#[test]
fn what_is_found_says_what_is_wrong() {
	let fault = |cheat, answer, position| match Wrong::new(cheat, 3).answer(answer, &[position]) {
		Verdict::Fails(fault) => fault,
		Verdict::Holds => panic!("{cheat:?} is not found"),
	};
	let own = fault(Cheat::OtherWeights, Answer::Own, 4);
	assert!(matches!(own, Fault::Product { .. }), "{own}");
	let right = fault(Cheat::OtherWeights, Answer::Right, 4);
	assert!(matches!(right, Fault::Written { position: 4, layer: 0 }), "{right}");
	let skipped = fault(Cheat::SkippedLayer, Answer::Right, 4);
	assert_eq!(
		skipped.to_string(),
		"row 2, position 4: the residual vector is not the one that the claim commits to"
	);
	let truncated = fault(Cheat::TruncatedCache, Answer::Own, 11);
	assert!(matches!(truncated, Fault::Residual { position: 11, .. }), "{truncated}");
	let wrong = Wrong::new(Cheat::OneToken, 3);
	let at = wrong.wrong_positions()[0];
	let Verdict::Fails(token) = wrong.answer(Answer::Own, &[at]) else {
		panic!("the token is not found");
	};
	assert!(
		matches!(token, Fault::Token { position, .. } if position == at),
		"{token}"
	);
}
