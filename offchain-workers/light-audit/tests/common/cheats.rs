//! Executions that are wrong in the ways in which a worker saves work, or lies.

use super::{prompt, Packed, Setup, GREEDY};
use assay_exact::{
	attention::attend,
	blocks::CacheRow,
	evaluate::{evaluate, Fed, Operations, Site, Weights},
	program::{Head, Op, Program, Register},
	sample::choose,
	Generation, Input, Output, Sampler,
};
use assay_samples::{
	programs::{decoder, t, VOCABULARY},
	MadeUp,
};
use assay_trace::{
	boundary::Boundaries,
	cache::CachePair,
	execution::{open_cell, replay, Record},
	Hash32, Layout, Place, Statement, TraceRoot,
};

/// Matrices of the decoder's layers, of which the third and the last write to the residual stream.
const MATRICES: [u16; 7] = [4, 5, 6, 7, 9, 10, 11];
const TO_RESIDUAL: [u16; 2] = [7, 11];
/// Made-up logits differ by much: a temperature at which the largest is not always chosen.
const HOT: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 11,
		seed: [7; 32],
	},
	..GREEDY
};

/// Positions that a truncated cache keeps.
pub(crate) const WINDOW: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cheat {
	OtherWeights,
	FourBits,
	SkippedLayer,
	TruncatedCache,
	WrongNorm,
	WrongSampler,
	OneToken,
}

impl Cheat {
	pub(crate) const ALL: [Self; 7] = [
		Self::OtherWeights,
		Self::FourBits,
		Self::SkippedLayer,
		Self::TruncatedCache,
		Self::WrongNorm,
		Self::WrongSampler,
		Self::OneToken,
	];
}

/// A wrong execution that is claimed.
pub(crate) struct Wrong {
	pub(crate) setup: Setup<MadeUp>,
	pub(crate) input: Input,
	pub(crate) generation: Generation,
	pub(crate) output: Output,
	pub(crate) record: Record,
	pub(crate) boundaries: Boundaries,
	/// What the worker ran in place of the artifact, under the artifact's tree.
	pub(crate) own: Packed<MadeUp>,
}

impl Wrong {
	pub(crate) fn new(cheat: Cheat, seed: u64) -> Self {
		let program = decoder();
		let right = MadeUp::new(&program, seed);
		let setup = Setup::new(&program, right.clone(), seed);
		let input = prompt(9 + (seed % 4) as u32);
		let generation = HOT;
		let mut weights = right;
		let mut own_program = program.clone();
		let output = match cheat {
			Cheat::OtherWeights => {
				let other = MadeUp::new(&program, seed + 1_000);
				each_row(&program, &mut weights, |tensor, layer, row, bytes| {
					let other = other.row(t(tensor), layer, row).expect("it has the row");
					bytes.copy_from_slice(other);
				});
				evaluate(&program, &weights, &input, &generation)
			}
			Cheat::FourBits => {
				each_row(&program, &mut weights, |_, _, _, bytes| {
					let scales = bytes.len() / 34 * 2;
					for weight in &mut bytes[scales..] {
						let q = i16::from(*weight as i8);
						*weight = (((q + 8) >> 4) << 4).clamp(-112, 112) as i8 as u8;
					}
				});
				evaluate(&program, &weights, &input, &generation)
			}
			Cheat::SkippedLayer => {
				each_row(&program, &mut weights, |tensor, layer, _, bytes| {
					if layer == Some(1) && TO_RESIDUAL.contains(&tensor) {
						bytes.fill(0);
					}
				});
				evaluate(&program, &weights, &input, &generation)
			}
			Cheat::WrongNorm => {
				for op in &mut own_program.layer {
					if let Op::RmsNorm { epsilon, .. } = op {
						*epsilon = 1 << 31;
					}
				}
				evaluate(&own_program, &weights, &input, &generation)
			}
			Cheat::TruncatedCache => Ok(generate_windowed(&program, &weights, &input, &generation)),
			Cheat::WrongSampler => evaluate(&program, &weights, &input, &GREEDY),
			Cheat::OneToken => Ok(with_one_wrong_token(&program, &weights, &input, &generation, seed)),
		};
		let output = output.expect("the job runs");
		let statement = Statement {
			program: &own_program,
			artifact: Hash32::default(),
			input: &input,
			generation: &generation,
			output: &output,
			trace: TraceRoot::default(),
		};
		let record = match cheat {
			Cheat::TruncatedCache => windowed(&program, &weights, &fed(&statement), statement.layout()),
			_ => replay(&statement, &weights).expect("the job runs"),
		};
		Self {
			own: setup.artifact.with(weights),
			boundaries: record.boundaries(),
			setup,
			input,
			generation,
			output,
			record,
		}
	}

	pub(crate) fn statement(&self) -> Statement<'_> {
		let trace = self.boundaries.root();
		self.setup.statement(&self.input, &self.generation, &self.output, trace)
	}

	/// Whether a rule is broken at a position, by the referee's own reading of the cells.
	pub(crate) fn is_wrong_at(&self, position: u32) -> bool {
		let statement = self.statement();
		let cell = |place| {
			let values = open_cell(&statement, &self.setup.artifact, &self.record, place);
			values.expect("the cell runs").expect("the trace has it")
		};
		let rows = (0..statement.layout().rows).any(|row| {
			let values = cell(Place::Cell { row, position });
			let handed_on = values.vectors.last().expect("a cell writes");
			handed_on != self.record.residual(row, position) || values.cache != self.record.cache(row, position)
		});
		rows || statement.chosen(position).is_some_and(|chosen| {
			let residual = self.record.residual(statement.layout().rows - 1, position);
			token_after(&statement, &self.setup.artifact, residual, position) != chosen
		})
	}
}

/// Every row of every matrix of the layers.
fn each_row(program: &Program, weights: &mut MadeUp, mut change: impl FnMut(u16, Option<u16>, u32, &mut [u8])) {
	for tensor in MATRICES {
		for layer in (0..program.layers).map(Some) {
			for row in 0..program.tensors[usize::from(tensor)].shape.rows() {
				change(tensor, layer, row, weights.row_mut(t(tensor), layer, row));
			}
		}
	}
}

fn fed(statement: &Statement<'_>) -> Vec<u32> {
	let positions = 0..statement.layout().positions;
	let token = |position| match statement.fed(position) {
		Fed::Token(token) => token,
		_ => panic!("a decoder reads tokens"),
	};
	positions.map(token).collect()
}

fn tokens(output: Output) -> Vec<u32> {
	match output {
		Output::Tokens(tokens) => tokens,
		Output::Vector(_) => panic!("a decoder returns tokens"),
	}
}

fn prompt_of(input: &Input) -> &[u32] {
	match input {
		Input::Tokens(tokens) => tokens,
		Input::Vector(_) => panic!("a decoder reads tokens"),
	}
}

/// The output with one token replaced, and those after it as they follow from it.
fn with_one_wrong_token(
	program: &Program,
	weights: &MadeUp,
	input: &Input,
	generation: &Generation,
	seed: u64,
) -> Output {
	let mut output = tokens(evaluate(program, weights, input, generation).expect("the job runs"));
	let at = (seed % output.len() as u64) as usize;
	output.truncate(at + 1);
	output[at] = (output[at] + 1) % VOCABULARY;
	let left = generation.max_tokens - output.len() as u32;
	if left > 0 {
		let so_far = Input::Tokens([prompt_of(input), &output].concat());
		let rest = Generation {
			max_tokens: left,
			..*generation
		};
		output.extend(tokens(
			evaluate(program, weights, &so_far, &rest).expect("the job runs"),
		));
	}
	Output::Tokens(output)
}

fn token_after<W: Weights>(statement: &Statement<'_>, weights: &W, residual: &[i32], position: u32) -> u32 {
	let logits = logits(statement.program, weights, residual);
	choose(&statement.generation.sampler, &logits, position)
}

fn logits<W: Weights>(program: &Program, weights: &W, residual: &[i32]) -> Vec<i32> {
	let Head::Tokens { ops, logits, .. } = &program.head else {
		panic!("a decoder returns tokens");
	};
	let site = Site {
		position: 0,
		fed: Fed::Nothing,
		layer: None,
	};
	let mut registers = registers(program);
	registers[0] = residual.to_vec();
	for op in ops {
		registers[usize::from(op.dst().0)] = Operations::new(program, weights)
			.apply(op, &registers, site)
			.expect("the head runs");
	}
	registers.swap_remove(logits.0.into())
}

fn registers(program: &Program) -> Vec<Vec<i32>> {
	program.registers.iter().map(|&width| vec![0; width as usize]).collect()
}

/// Generates with attention that sees the last positions only.
fn generate_windowed(program: &Program, weights: &MadeUp, input: &Input, generation: &Generation) -> Output {
	let mut output = Vec::new();
	while (output.len() as u32) < generation.max_tokens {
		let all = [prompt_of(input), &output].concat();
		let layout = Layout::new(program, all.len() as u32, 1);
		let record = windowed(program, weights, &all, layout);
		let last = layout.positions - 1;
		let logits = logits(program, weights, record.residual(layout.rows - 1, last));
		output.push(choose(&generation.sampler, &logits, last));
	}
	Output::Tokens(output)
}

/// What an execution on these tokens leaves whose attention sees the last positions only.
fn windowed(program: &Program, weights: &MadeUp, tokens: &[u32], layout: Layout) -> Record {
	let operations = Operations::new(program, weights);
	let mut states: Vec<_> = tokens.iter().map(|_| registers(program)).collect();
	let (mut residuals, mut caches) = (Vec::new(), Vec::new());
	for row in 0..layout.rows {
		let ops = if row == 0 { &program.entry } else { &program.layer };
		let (mut keys, mut values): (Vec<Vec<CacheRow>>, Vec<Vec<CacheRow>>) = Default::default();
		for (position, (state, token)) in states.iter_mut().zip(tokens).enumerate() {
			let site = Site {
				position: position as u32,
				fed: Fed::Token(*token),
				layer: row.checked_sub(1),
			};
			for op in ops {
				let written = match *op {
					Op::Attention {
						query,
						key,
						value,
						heads,
						kv_heads,
						head_dim,
						scale,
						..
					} => {
						let rows = |register: Register| state[usize::from(register.0)].chunks(head_dim as usize);
						let pairs: Vec<CachePair> = rows(key)
							.zip(rows(value))
							.map(|(key, value)| CachePair::new(key, value))
							.collect();
						caches.push(pairs.iter().map(CachePair::to_bytes).collect());
						keys.resize(kv_heads.into(), Vec::new());
						values.resize(kv_heads.into(), Vec::new());
						for (head, pair) in pairs.into_iter().enumerate() {
							keys[head].push(pair.key);
							values[head].push(pair.value);
						}
						let from = (position + 1).saturating_sub(WINDOW);
						let mixed = rows(query).enumerate().flat_map(|(head, query)| {
							let head = head * usize::from(kv_heads) / usize::from(heads);
							attend(query, &keys[head][from..], &values[head][from..], scale)
						});
						mixed.collect()
					}
					_ => operations.apply(op, state, site).expect("the operation runs"),
				};
				state[usize::from(op.dst().0)] = written;
			}
			residuals.push(state[0].clone());
		}
	}
	Record::new(layout, residuals, caches).expect("it has every cell")
}
