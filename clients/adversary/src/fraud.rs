//! A claim that is wrong, and what its worker shows when it is asked.

use crate::{
	changed::{malformed_tree, Changed},
	Cheat,
};
use anyhow::{bail, Context, Result};
use assay_artifact::Artifact;
use assay_exact::{evaluate::evaluate, program::Head, Generation, Input, Output, Program, Sampler};
use assay_light_audit::open_record;
use assay_protocol::{
	audit::{Question, Reply},
	dispute::{Answer, OwnedStatement, Stage},
	Attempt, JobId,
};
use assay_trace::{
	cell::CellRoots,
	digest::{digest, DigestKey},
	execution::{replay, CellValues, Record},
	fault::{list_groups, Exhibit, Target},
	merkle::InclusionProof,
	prover::Prover,
	Hash32, Opening, Place, TraceRoot,
};

/// Positions that a worker with a truncated cache still sees.
const REMEMBERED: usize = 3;
/// Bytes of a leaf that fits into no opening.
const JUNK: usize = 1024 * 1024;

/// The root under which a publisher registers a program without weights.
pub fn malformed_artifact(program: &Program) -> Result<Hash32> {
	Ok(malformed_tree(program)?.root())
}

/// A wrong claim with the execution that its worker pretends to have.
pub struct Fraud<'a> {
	cheat: Cheat,
	weights: Changed<'a>,
	/// What is claimed.
	pub statement: OwnedStatement,
	record: Record,
}

impl<'a> Fraud<'a> {
	/// Makes up a claim about a job.
	pub fn new(cheat: Cheat, artifact: &'a Artifact, input: Input, generation: Generation) -> Result<Self> {
		let program = artifact.program().clone();
		let honest = Changed::new(artifact)?;
		let output = evaluate(&program, &honest, &input, &generation)?;
		let mut statement = OwnedStatement {
			program,
			artifact: artifact.root(),
			input,
			generation,
			output,
			trace: TraceRoot::default(),
		};
		let weights = match cheat {
			Cheat::OtherWeights | Cheat::PrefillSpoof => {
				Changed::new(artifact)?.with_weights(|index, weight| if index % 5 == 0 { -weight } else { weight })
			}
			Cheat::FourBits => Changed::new(artifact)?.with_weights(|_, weight| weight / 16 * 16),
			Cheat::MalformedWeights => honest.under_malformed_tree()?,
			_ => honest,
		};
		statement.artifact = weights.root();
		let mut fraud = match cheat {
			Cheat::ChangedToken | Cheat::UnchainedRoots | Cheat::Withheld | Cheat::Garbage | Cheat::LateAnswer => {
				change_token(&mut statement)?;
				Self::on(cheat, statement, weights)?
			}
			Cheat::OtherWeights | Cheat::FourBits => {
				statement.output = evaluate(&statement.program, &weights, &statement.input, &generation)?;
				Self::on(cheat, statement, weights)?
			}
			Cheat::PrefillSpoof => {
				statement.output = evaluate(&statement.program, &weights, &statement.input, &generation)?;
				Self::on(cheat, statement, Changed::new(artifact)?)?
			}
			Cheat::OtherSeed => {
				let Sampler::Gumbel {
					inverse_temperature, ..
				} = generation.sampler
				else {
					bail!("a job that draws no tokens has no seed");
				};
				let other = Generation {
					sampler: Sampler::Gumbel {
						inverse_temperature,
						seed: [99; 32],
					},
					..generation
				};
				statement.output = evaluate(&statement.program, &weights, &statement.input, &other)?;
				Self::on(cheat, statement, weights)?
			}
			Cheat::SkippedLayer => Self::with_a_layer_skipped(statement, weights)?,
			Cheat::TruncatedCache => Self::with_a_short_memory(statement, weights)?,
			Cheat::OtherPrompt => Self::of_another_prompt(statement, weights)?,
			Cheat::EmbeddingRow | Cheat::SilentUnderChallenge => {
				let mut fraud = Self::on(cheat, statement, weights)?;
				let element = fraud
					.record
					.residual_mut(0, 0)
					.and_then(|residual| residual.first_mut());
				*element.context("the model has no residual stream")? ^= 1;
				fraud
			}
			Cheat::JunkCacheLeaf => {
				change_token(&mut statement)?;
				let mut fraud = Self::on(cheat, statement, weights)?;
				let leaf = fraud.record.cache_mut(1, 0).and_then(|leaves| leaves.first_mut());
				*leaf.context("a model with attention")? = vec![0x5a; JUNK];
				fraud
			}
			Cheat::WrongRoot | Cheat::MalformedWeights | Cheat::SelfRefutation | Cheat::RightClaim => {
				Self::on(cheat, statement, weights)?
			}
			Cheat::TooLong | Cheat::TooShort | Cheat::IgnoredStop => {
				let stop = match &statement.program.head {
					Head::Tokens { stop, .. } => stop.first().copied(),
					Head::Vector { .. } => None,
				};
				if let Output::Tokens(tokens) = &mut statement.output {
					match cheat {
						Cheat::TooLong => tokens.push(1),
						Cheat::TooShort => tokens.truncate(1),
						_ => {
							let first = tokens.first_mut().context("an output with tokens")?;
							*first = stop.context("a model that stops at some token")?;
						}
					}
				}
				Self::on(cheat, statement, weights)?
			}
		};
		fraud.statement.trace = match cheat {
			Cheat::WrongRoot => TraceRoot(Hash32([0x66; 32])),
			_ => fraud.record.boundaries().root(),
		};
		Ok(fraud)
	}

	/// What it shows of some positions to whoever looks at them lightly: the products of the weights that it ran on what it
	/// commits to.
	pub fn opening(&self, positions: &[u32]) -> Result<Vec<u8>> {
		let (statement, boundaries) = (self.statement.as_statement(), self.record.boundaries());
		let opening = open_record(&self.weights, &statement, &self.record, &boundaries, positions)?;
		Ok(opening.to_bytes())
	}

	/// With the trace that some weights leave on the claimed tokens.
	fn on(cheat: Cheat, statement: OwnedStatement, weights: Changed<'a>) -> Result<Self> {
		let record = replay(&statement.as_statement(), &weights)?;
		Ok(Self {
			cheat,
			weights,
			statement,
			record,
		})
	}

	/// The last layer hands on what it was given.
	fn with_a_layer_skipped(mut statement: OwnedStatement, weights: Changed<'a>) -> Result<Self> {
		let shallow = Program {
			layers: statement.program.layers - 1,
			..statement.program.clone()
		};
		statement.output = evaluate(&shallow, &weights, &statement.input, &statement.generation)?;
		let mut fraud = Self::on(Cheat::SkippedLayer, statement, weights)?;
		let last = fraud.statement.program.layers;
		for position in 0..fraud.record.layout().positions {
			let given = fraud.record.residual(last - 1, position).to_vec();
			*fraud.record.residual_mut(last, position).context("a position")? = given;
		}
		Ok(fraud)
	}

	/// Each token follows from the last few alone, and so does what is committed to.
	fn with_a_short_memory(mut statement: OwnedStatement, weights: Changed<'a>) -> Result<Self> {
		let Input::Tokens(prompt) = &statement.input else {
			bail!("only a model that generates has a cache to truncate");
		};
		let (mut tokens, wanted) = (prompt.clone(), statement.generation.max_tokens as usize);
		let one = Generation {
			max_tokens: 1,
			..statement.generation
		};
		while tokens.len() < prompt.len() + wanted {
			let recent = tokens[tokens.len().saturating_sub(REMEMBERED)..].to_vec();
			match evaluate(&statement.program, &weights, &Input::Tokens(recent), &one)? {
				Output::Tokens(next) => tokens.extend(next),
				Output::Vector(_) => bail!("only a model that generates has a cache to truncate"),
			}
		}
		statement.output = Output::Tokens(tokens[prompt.len()..].to_vec());
		let mut fraud = Self::on(Cheat::TruncatedCache, statement, weights)?;
		let (rows, positions) = (fraud.record.layout().rows, fraud.record.layout().positions);
		for position in REMEMBERED as u32..positions {
			let end = position as usize + 1;
			let short = OwnedStatement {
				input: Input::Tokens(tokens[end - REMEMBERED..end].to_vec()),
				output: Output::Tokens(vec![0]),
				..fraud.statement.clone()
			};
			let seen = replay(&short.as_statement(), &fraud.weights)?;
			for row in 1..rows {
				let residual = seen.residual(row, REMEMBERED as u32 - 1).to_vec();
				*fraud.record.residual_mut(row, position).context("a position")? = residual;
			}
		}
		Ok(fraud)
	}

	fn of_another_prompt(statement: OwnedStatement, weights: Changed<'a>) -> Result<Self> {
		let Input::Tokens(prompt) = &statement.input else {
			bail!("a vector is no prompt");
		};
		let other = Input::Tokens(prompt.iter().map(|token| token ^ 1).collect());
		let output = evaluate(&statement.program, &weights, &other, &statement.generation)?;
		let elsewhere = OwnedStatement {
			input: other,
			output: output.clone(),
			..statement.clone()
		};
		let record = replay(&elsewhere.as_statement(), &weights)?;
		Ok(Self {
			cheat: Cheat::OtherPrompt,
			weights,
			statement: OwnedStatement { output, ..statement },
			record,
		})
	}

	/// What it says was returned, and what it commits to.
	pub fn says(&self) -> (&Output, TraceRoot) {
		(&self.statement.output, self.statement.trace)
	}

	/// How it cheats.
	pub fn cheat(&self) -> Cheat {
		self.cheat
	}

	/// What its worker answers; nothing if it stays silent.
	pub fn answer(&self, stage: Stage) -> Result<Option<Answer>> {
		match self.cheat {
			Cheat::Withheld | Cheat::SilentUnderChallenge | Cheat::SelfRefutation => return Ok(None),
			Cheat::Garbage => return Ok(Some(garbage(stage))),
			_ => {}
		}
		let prover = Prover::new(self.statement.as_statement(), &self.weights, &self.record);
		let answer = match stage {
			Stage::ListGroups => Answer::Groups(list_groups(prover.boundaries())),
			Stage::OpenGroup { group } => {
				let (start, length) = self.record.layout().span(group.index);
				let row = group.row;
				let places = (start..start + length).map(|position| Place::Cell { row, position });
				Answer::Cells {
					cells: places
						.map(|place| Ok(self.cell(place)?.roots()))
						.collect::<Result<_>>()?,
					path: prover.boundaries().group_path(group).context("a group of the trace")?,
				}
			}
			Stage::OpenHead { position } => {
				let mut roots = self.cell(Place::Head { position })?.roots();
				if self.cheat == Cheat::UnchainedRoots {
					roots.vectors.pop();
				}
				Answer::Head(roots)
			}
			Stage::Show { place, target } => {
				Answer::Shown(Exhibit::of(&self.cell(place)?, target).context("something to show")?)
			}
			Stage::OpenStep { place, step } => Answer::Step(prover.open(place, step, &self.cell(place)?)?.0),
			Stage::PointAtGroup | Stage::PointAtTarget | Stage::PointAtStep => return Ok(None),
		};
		Ok(Some(answer))
	}

	/// What its worker replies in a spot-check; nothing if it stays silent.
	pub fn reply(&self, question: Question) -> Result<Option<Reply>> {
		match self.cheat {
			Cheat::Withheld | Cheat::LateAnswer => return Ok(None),
			Cheat::Garbage => {
				return Ok(Some(Reply::Cell {
					roots: CellRoots::default(),
					path: None,
				}))
			}
			_ => {}
		}
		let prover = Prover::new(self.statement.as_statement(), &self.weights, &self.record);
		Ok(match question {
			Question::Cell { place } => {
				let mut roots = self.cell(place)?.roots();
				if self.cheat == Cheat::UnchainedRoots {
					roots.vectors.pop();
				}
				Some(Reply::Cell {
					roots,
					path: prover.path(place),
				})
			}
			Question::Step { place, step } => Some(Reply::Step(prover.open(place, step, &self.cell(place)?)?.0)),
			Question::Digest | Question::Values { .. } | Question::Receipt { .. } => None,
		})
	}

	/// What an auditor that is in league with the worker replies, for the claim of an attempt at a job: it has the execution that
	/// the worker pretends to have.
	pub fn vouch(&self, question: Question, auditor: &[u8], job: JobId, attempt: Attempt) -> Option<Reply> {
		let key = DigestKey::new(auditor, job.0, attempt.0);
		match question {
			Question::Digest => Some(Reply::Digest(digest(&key.leaves(&self.record)))),
			Question::Values { place } => {
				let prover = Prover::new(self.statement.as_statement(), &self.weights, &self.record);
				prover.open_digest(place, &key).map(Reply::Values)
			}
			Question::Cell { .. } | Question::Step { .. } | Question::Receipt { .. } => None,
		}
	}

	/// The inside of a cell, made to end in what the record says that it hands on.
	fn cell(&self, place: Place) -> Result<CellValues> {
		let prover = Prover::new(self.statement.as_statement(), &self.weights, &self.record);
		let values = prover.cell(place)?;
		let Place::Cell { row, position } = place else {
			return Ok(values);
		};
		let last = values
			.vectors
			.len()
			.checked_sub(1)
			.context("a cell without operations")?;
		let residual = Exhibit::Values(self.record.residual(row, position).to_vec());
		let values = values.with(Target::Vector(u8::try_from(last)?), &residual);
		Ok(if self.record.layout().has_caches(row) {
			values.with(
				Target::Cache,
				&Exhibit::Cache(self.record.cache(row, position).to_vec()),
			)
		} else {
			values
		})
	}
}

/// One token in the middle becomes another.
fn change_token(statement: &mut OwnedStatement) -> Result<()> {
	let vocabulary = statement.program.vocabulary().context("a model with tokens")?;
	let Output::Tokens(tokens) = &mut statement.output else {
		bail!("a vector has no tokens to change");
	};
	let middle = tokens.len() / 2;
	let token = tokens.get_mut(middle).context("an output with tokens")?;
	*token = (*token + 1) % vocabulary;
	Ok(())
}

/// An answer of the right kind with nothing right in it.
fn garbage(stage: Stage) -> Answer {
	match stage {
		Stage::OpenGroup { .. } => Answer::Cells {
			cells: vec![CellRoots::default(); 3],
			path: InclusionProof { path: vec![] },
		},
		Stage::OpenHead { .. } => Answer::Head(CellRoots::default()),
		Stage::Show { .. } => Answer::Shown(Exhibit::Values(vec![-1; 7])),
		Stage::OpenStep { .. } => Answer::Step(Opening::default()),
		_ => Answer::Groups(vec![Hash32([0x99; 32]); 5]),
	}
}
