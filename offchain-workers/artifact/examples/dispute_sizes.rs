//! Prints what a dispute about a Llama of some shape, or an audit, costs the chain: bytes of all that is shown, and
//! the time in which `check_step` judges it, natively on one core.
//!
//! Operands are made up: every row of every tensor, and every value, is the same. Sizes and times depend on shapes alone.
//!
//! `cargo run -p assay-artifact --example dispute_sizes -- 7B 4096`
//!
//! Without a shape it prints how long answers about models in use can be, whatever job of them the chain admits: the bounds by
//! which programs are registered.
//!
//! `cargo run -p assay-artifact --example dispute_sizes`

use anyhow::{bail, Context, Result};
use assay_artifact::synthetic::{llama, LlamaShape, IN_USE};
use assay_exact::{
	evaluate::Weights,
	program::{Op, Program, Shape, TensorIndex},
	Generation, Input, Output, Sampler,
};
use assay_trace::{
	artifact::{program_hash, ArtifactTree, Leaves},
	cache::CachePair,
	check_step,
	digest::DigestKey,
	execution::Record,
	fault::{list_groups, Exhibit, Target},
	merkle::{self, leaf_hash},
	prover::{OpenArtifact, Prover},
	size::longest_answers,
	Hash32, Opening, Place, Statement, Step, TraceRoot,
};
use codec::{DecodeAll, Encode};
use std::{collections::BTreeMap, env, time::Instant};

/// Tokens of a prompt, and of an output, on chain at most.
const TOKENS: u32 = 1_024;
/// Runs of the referee, of which the shortest counts.
const RUNS: usize = 5;

/// Shapes: name, width, layers, heads, key/value heads, feed-forward, vocabulary.
const SHAPES: [(&str, [u32; 6]); 6] = [
	("1M", [128, 4, 2, 2, 352, 2_048]),
	("15M", [288, 6, 6, 6, 768, 32_000]),
	("110M", [768, 12, 12, 12, 2_048, 32_000]),
	("1.1B", [2_048, 22, 32, 4, 5_632, 32_000]),
	("7B", [4_096, 32, 32, 32, 11_008, 32_000]),
	("70B", [8_192, 80, 64, 8, 28_672, 128_256]),
];

/// An artifact in which all rows of a shape are the same.
struct Uniform {
	program: Program,
	rows: BTreeMap<u16, Vec<u8>>,
	leaves: BTreeMap<u16, Vec<Hash32>>,
	tree: ArtifactTree,
}

impl Uniform {
	fn new(program: &Program) -> Self {
		let (mut rows, mut leaves, mut roots) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
		for (index, tensor) in (0u16..).zip(&program.tensors) {
			let row = match tensor.shape {
				Shape::Matrix { columns, .. } => {
					let scales = (0..columns / 32).flat_map(|_| 0x1c00u16.to_le_bytes());
					scales.chain((0..columns).map(|column| (column % 97) as u8)).collect()
				}
				_ => vec![0; tensor.shape.row_bytes() as usize],
			};
			let layout = Leaves::new(tensor.shape);
			let hashes: Vec<Hash32> = (0..layout.count())
				.filter_map(|leaf| layout.bytes_of(leaf))
				.map(|range| {
					let bytes = range
						.map(|at| row[(at % row.len() as u64) as usize])
						.collect::<Vec<_>>();
					leaf_hash(&bytes)
				})
				.collect();
			roots.insert(index, merkle::root(&hashes));
			rows.insert(index, row);
			leaves.insert(index, hashes);
		}
		let instances: Vec<Hash32> = program.instances().map(|instance| roots[&instance.tensor.0]).collect();
		Self {
			program: program.clone(),
			rows,
			leaves,
			tree: ArtifactTree::new(&program_hash(program), &instances, &[]),
		}
	}
}

impl Weights for Uniform {
	fn row(&self, tensor: TensorIndex, _: Option<u16>, row: u32) -> Option<&[u8]> {
		let rows = self.program.tensors.get(usize::from(tensor.0))?.shape.rows();
		(row < rows).then(|| self.rows[&tensor.0].as_slice())
	}
}

impl OpenArtifact for Uniform {
	fn tree(&self) -> &ArtifactTree {
		&self.tree
	}

	fn leaf_hashes(&self, tensor: TensorIndex, _: Option<u16>) -> Option<Vec<Hash32>> {
		self.leaves.get(&tensor.0).cloned()
	}
}

fn program(name: &str, positions: u32) -> Result<Program> {
	let shape = SHAPES.iter().find(|(known, _)| *known == name);
	let Some((_, [hidden, layers, heads, kv_heads, intermediate, vocabulary])) = shape.copied() else {
		bail!(
			"there is no shape {name}; there are {}",
			SHAPES.map(|(name, _)| name).join(", ")
		);
	};
	// Heads are multiples of 32 wide, as the profile wants them.
	let head_dim = (hidden / heads).next_multiple_of(32);
	let shape = LlamaShape {
		hidden,
		layers,
		heads,
		kv_heads,
		head_dim,
		intermediate,
		vocabulary,
		positions,
		..LlamaShape::TINYLLAMA_1_1B
	};
	Ok(llama(shape, 1)?.program().clone())
}

/// The bounds of models in use, as rows of a table, in KiB.
fn print_models_in_use() -> Result<()> {
	println!("| model | program, bytes | list of groups | cells of a group | exhibit | opening | values of a cell | longest answer |");
	println!("|---|---|---|---|---|---|---|---|");
	for model in IN_USE {
		let lowered = model.lowered(None)?;
		let program = lowered.program();
		let answers = longest_answers(program, TOKENS, TOKENS);
		let columns = [
			answers.groups,
			answers.cells,
			answers.exhibit,
			answers.opening,
			answers.values,
			answers.longest(),
		]
		.map(|bytes| format!("{:.1}", bytes as f64 / 1024.0));
		println!(
			"| {} | {} | {} |",
			model.name,
			program.encoded_size(),
			columns.join(" | ")
		);
	}
	Ok(())
}

fn main() -> Result<()> {
	let arguments: Vec<String> = env::args().skip(1).collect();
	match &arguments[..] {
		[] => print_models_in_use(),
		[name, positions] => print_shape(name, positions.parse().context("positions are a number")?),
		_ => bail!("usage: dispute_sizes [SHAPE POSITIONS]"),
	}
}

/// What a dispute about a Llama of a shape shows, and how long judging it takes.
fn print_shape(name: &str, positions: u32) -> Result<()> {
	let program = program(name, positions)?;
	let artifact = Uniform::new(&program);
	let input = Input::Tokens(vec![1; positions as usize - 1]);
	let output = Output::Tokens(vec![2, 2]);
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 2,
		ignore_stop: true,
	};
	let mut statement = Statement {
		program: &program,
		artifact: artifact.tree.root(),
		input: &input,
		generation: &generation,
		output: &output,
		trace: TraceRoot::default(),
	};
	let layout = statement.layout();
	let width = program.registers[0] as usize;
	let residual: Vec<i32> = (0..width)
		.map(|index| (index as i32 * 977) % 100_003 - 50_000)
		.collect();
	let (at, kv_heads, head_dim) = program
		.layer
		.iter()
		.enumerate()
		.find_map(|(at, op)| match op {
			Op::Attention { kv_heads, head_dim, .. } => Some((at, usize::from(*kv_heads), *head_dim as usize)),
			_ => None,
		})
		.context("a Llama attends")?;
	let pair = CachePair::new(&residual[..head_dim], &residual[..head_dim]).to_bytes();
	let cells = usize::from(layout.rows) * layout.positions as usize;
	let record = Record::new(
		layout,
		vec![residual; cells],
		vec![vec![pair; kv_heads]; cells - layout.positions as usize],
	)
	.context("a record of the layout")?;
	statement.trace = record.boundaries().root();
	let prover = Prover::new(statement, &artifact, &record);

	let place = Place::Cell {
		row: layout.rows / 2,
		position: layout.positions - 1,
	};
	let values = prover.cell(place)?;
	let roots = values.roots();
	println!(
		"{name}: width {width}, {} layers, {} positions, groups of {}",
		program.layers, layout.positions, layout.group_size
	);
	let line = |what: &str, bytes: usize| println!("{what:<44}{bytes:>10} bytes");
	line("answer: groups", list_groups(prover.boundaries()).encoded_size());
	let cells = vec![roots.clone(); layout.group_size as usize];
	line("answer: cells of a group", cells.encoded_size());
	let widest = (0..values.vectors.len())
		.max_by_key(|op| values.vectors[*op].len())
		.unwrap_or(0);
	for (what, target) in [
		("answer: the widest vector", Target::Vector(widest as u8)),
		("answer: caches", Target::Cache),
		("answer: work of attention", Target::Work),
	] {
		line(what, Exhibit::of(&values, target).context("an exhibit")?.encoded_size());
	}
	let path = prover.path(place).context("a cell of the trace")?;
	line("spot-check: inside of a cell", (roots, path).encoded_size());
	let shown = prover.open_digest(place, &DigestKey::new(&[1; 32], 0, 0));
	line(
		"audit: values of a cell",
		shown.context("a cell of the trace")?.encoded_size(),
	);

	let step = |what: String, place: Place, step: Step| -> Result<()> {
		let values = prover.cell(place)?;
		let roots = values.roots();
		let (opening, expected) = prover.open(place, step, &values)?;
		let bytes = opening.encode();
		let mut best = f64::MAX;
		for _ in 0..RUNS {
			let start = Instant::now();
			let opening = Opening::decode_all(&mut &bytes[..])?;
			let verdict = check_step(&statement, place, &roots, step, opening)?;
			best = best.min(start.elapsed().as_secs_f64());
			anyhow::ensure!(verdict == expected, "the referee and the prover disagree");
		}
		println!("{what:<44}{:>10} bytes {:>8.2} ms", bytes.len(), best * 1e3);
		Ok(())
	};
	for (op, kind) in (0u8..).zip(&program.layer) {
		let kind = format!("{kind:?}");
		let kind = kind.split([' ', '{']).next().unwrap_or_default();
		step(
			format!("opening: element of {op} {kind}"),
			place,
			Step::Element { op, index: 1 },
		)?;
	}
	step("opening: cache rows".into(), place, Step::Cache { head: 0 })?;
	let group = layout.groups_per_row() - 2;
	step(
		format!("opening: attention of {at} over a group"),
		place,
		Step::Attend { head: 0, group },
	)?;
	let head = Place::Head {
		position: layout.positions - 1,
	};
	step("opening: choice of a token".into(), head, Step::Choice { rival: 1 })?;
	let entry = Place::Cell { row: 0, position: 0 };
	step(
		"opening: element of an embedding".into(),
		entry,
		Step::Element { op: 0, index: 0 },
	)?;
	Ok(())
}
