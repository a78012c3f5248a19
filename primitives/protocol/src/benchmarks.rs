//! Made-up models for benchmarks: zeros all over, of the shapes that make answers, openings and replies long.

use crate::{
	dispute::{OpenedCells, OwnedStatement, Proof},
	job::MAX_INLINE_ELEMENTS,
	operator::WorkerKey,
	JobId,
};
use alloc::{vec, vec::Vec};
use assay_exact::{
	evaluate::Weights,
	limits::{MAX_COLUMNS, MAX_LAYERS, MAX_OPERATIONS},
	program::{Head, Op, Pooling, Profile, Program, Register, Shape, Tensor, TensorIndex},
	Generation, Input, Output, Sampler,
};
use assay_trace::{
	artifact::{program_hash, tensor_root, ArtifactTree, Leaves},
	boundary::GroupRoots,
	cell::{CellPath, CellRoots},
	digest::{self, DigestKey, DigestOpening},
	execution::{replay, Record},
	fault::{Exhibit, Target},
	merkle::{self, leaf_hash, Hash32, InclusionProof, LeafPosition},
	prover::{OpenArtifact, Prover},
	vector::vector_root,
	Group, Place, Step, TraceRoot,
};
use codec::Encode;

/// Makes claims to dispute and to audit.
pub trait ClaimsForBenchmarks {
	/// A job whose claim is this statement, at the first block, by an operator among as many as can serve a version; with
	/// its worker key, which the keystore has.
	fn claim(statement: OwnedStatement) -> (JobId, WorkerKey);
}

const HASH_BYTES: u32 = 32;
/// Groups of the largest trace: 257 rows of 2,047 positions, 128 at a time.
pub const LONGEST_LIST: u32 = 257 * 16 * HASH_BYTES;
/// Columns of the longest row.
pub const COLUMNS: u32 = MAX_COLUMNS;
/// Bytes of the product over a column: a value and a weight with its share of a scale.
pub const COLUMN_BYTES: u32 = 5;
/// Cells of a group at most.
const CELLS: usize = 128;
/// Operations of a cell at most.
const OPERATIONS: usize = MAX_OPERATIONS as usize;

fn generation() -> Generation {
	Generation {
		sampler: Sampler::Greedy,
		max_tokens: MAX_INLINE_ELEMENTS,
		ignore_stop: true,
	}
}

/// A decoder of as many layers as there can be that was given as much and returned as much as fits.
pub fn longest_statement() -> OwnedStatement {
	long_statement(MAX_LAYERS)
}

/// A decoder of so many layers that was given as much and returned as much as fits.
fn long_statement(layers: u16) -> OwnedStatement {
	let (residual, logits) = (Register(0), Register(1));
	let add = Op::Add {
		dst: residual,
		a: residual,
		b: residual,
	};
	let tokens = vec![0; MAX_INLINE_ELEMENTS as usize];
	OwnedStatement {
		program: Program {
			profile: Profile::Q8A16V1,
			positions: 2 * MAX_INLINE_ELEMENTS,
			registers: vec![32, 32],
			tensors: vec![matrix(32, 32)],
			layers,
			entry: vec![add],
			layer: vec![add; OPERATIONS - 3],
			head: Head::Tokens {
				ops: vec![
					add,
					Op::Linear {
						dst: logits,
						src: residual,
						weight: TensorIndex(0),
						bias: None,
					},
				],
				logits,
				stop: vec![],
			},
		},
		artifact: Hash32::default(),
		input: Input::Tokens(tokens.clone()),
		generation: generation(),
		output: Output::Tokens(tokens),
		trace: TraceRoot::default(),
	}
}

fn matrix(rows: u32, columns: u32) -> Tensor {
	Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer: false,
	}
}

/// A statement whose list of groups has about so many bytes, and the list.
pub fn listed(bytes: u32) -> (OwnedStatement, Vec<Hash32>) {
	let length = |layers: &u16| long_statement(*layers).as_statement().layout().groups() as u32 * HASH_BYTES;
	let layers = (0..=MAX_LAYERS)
		.min_by_key(|layers| length(layers).abs_diff(bytes))
		.expect("there is a number of layers");
	let mut statement = long_statement(layers);
	let list: Vec<Hash32> = (0..length(&layers) / HASH_BYTES)
		.map(|index| leaf_hash(&index.encode()))
		.collect();
	statement.trace = TraceRoot(merkle::root(&list));
	(statement, list)
}

/// Zeros.
struct Zeros {
	program: Program,
	row: Vec<u8>,
	tree: ArtifactTree,
}

impl Weights for Zeros {
	fn row(&self, tensor: TensorIndex, _: Option<u16>, row: u32) -> Option<&[u8]> {
		let shape = self.program.tensors.get(usize::from(tensor.0))?.shape;
		(row < shape.rows()).then(|| self.row.get(..shape.row_bytes() as usize))?
	}
}

impl OpenArtifact for Zeros {
	fn tree(&self) -> &ArtifactTree {
		&self.tree
	}

	fn leaf_hashes(&self, tensor: TensorIndex, _: Option<u16>) -> Option<Vec<Hash32>> {
		let shape = self.program.tensors.get(usize::from(tensor.0))?.shape;
		let bytes = vec![0; shape.bytes() as usize];
		let leaves = Leaves::new(shape).cut(&bytes)?.map(leaf_hash).collect();
		Some(leaves)
	}
}

/// A perceptron with a product over so many columns, of which one element is claimed to be what it is not, and the proof
/// of that.
pub fn wrong_product(columns: u32) -> (OwnedStatement, CellRoots, Proof) {
	let (input, wide, output) = (Register(1), Register(2), Register(0));
	let product = |dst, src, weight| Op::Linear {
		dst,
		src,
		weight: TensorIndex(weight),
		bias: None,
	};
	let program = Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![32, 32, columns],
		tensors: vec![matrix(columns, 32), matrix(32, columns)],
		layers: 0,
		entry: vec![
			Op::Input { dst: input },
			product(wide, input, 0),
			product(output, wide, 1),
		],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Last,
			ops: vec![],
			output,
		},
	};
	let tensors: Vec<Hash32> = program
		.tensors
		.iter()
		.map(|tensor| tensor_root(tensor.shape, &vec![0; tensor.shape.bytes() as usize]).expect("it has its length"))
		.collect();
	let artifact = Zeros {
		row: vec![0; program.tensors[1].shape.row_bytes().max(128) as usize],
		tree: ArtifactTree::new(&program_hash(&program), &tensors, &[]),
		program: program.clone(),
	};
	let mut statement = OwnedStatement {
		program,
		artifact: artifact.tree.root(),
		input: Input::Vector(vec![0; 32]),
		generation: generation(),
		output: Output::Vector(vec![0; 32]),
		trace: TraceRoot::default(),
	};
	let mut execution: Record = replay(&statement.as_statement(), &artifact).expect("zeros can be run");
	let place = Place::Cell { row: 0, position: 0 };
	let claimed: Vec<i32> = (0..32).map(|index| i32::from(index == 7)).collect();
	if let Some(residual) = execution.residual_mut(0, 0) {
		residual.clone_from(&claimed);
	}
	statement.trace = execution.boundaries().root();
	let step = Step::Element { op: 2, index: 7 };
	let prover = Prover::new(statement.as_statement(), &artifact, &execution);
	let values = prover.cell(place).expect("zeros can be run");
	let values = values.with(Target::Vector(2), &Exhibit::Values(claimed));
	let (opening, _) = prover.open(place, step, &values).expect("the step is there");
	(statement.clone(), values.roots(), Proof { place, step, opening })
}

/// The longest record of opened cells there can be; the first cell is this.
pub fn opened(first: CellRoots) -> OpenedCells {
	let others = CellRoots {
		vectors: vec![Hash32::default(); OPERATIONS],
		cache: Some(Hash32::default()),
		work: Some(Hash32::default()),
		pooled: None,
	};
	let mut cells = vec![first];
	cells.resize(CELLS, others);
	OpenedCells::Group {
		group: Group { row: 0, index: 0 },
		cells,
	}
}

/// The first cell of the layers of the longest statement: its inside, and the path to a trace that is made for it.
pub fn inside_of_a_cell() -> (OwnedStatement, Place, CellRoots, CellPath) {
	let mut statement = longest_statement();
	let roots = CellRoots {
		vectors: vec![Hash32([1; 32]); statement.program.layer.len()],
		..CellRoots::default()
	};
	let handed_on = roots.vectors.last().copied().unwrap_or_default();
	let (trace, path) = path_to(&statement, handed_on);
	statement.trace = trace;
	(statement, Place::Cell { row: 1, position: 0 }, roots, path)
}

/// What an auditor with this key shows of a cell that hands on so many values, and the digest that it leads to.
pub fn values_of_a_cell(
	width: u32,
	key: impl Fn(&OwnedStatement) -> DigestKey,
) -> (OwnedStatement, Place, DigestOpening, Hash32) {
	let mut statement = longest_statement();
	if let Some(register) = statement.program.registers.first_mut() {
		*register = width;
	}
	let residual = vec![1; width as usize];
	let (trace, in_trace) = path_to(&statement, vector_root(&residual));
	statement.trace = trace;
	let place = Place::Cell { row: 1, position: 0 };
	let at = digest::in_digest(&statement.as_statement().layout(), place).expect("the place is there");
	let (in_digest, digest) = made_up_path(at, &key(&statement).leaf(1, 0, &residual, []));
	let opening = DigestOpening {
		residual,
		cache: vec![],
		in_digest,
		in_trace,
	};
	(statement, place, opening, digest)
}

/// A trace whose cell at row 1 and position 0 hands this on, and the path to it.
fn path_to(statement: &OwnedStatement, handed_on: Hash32) -> (TraceRoot, CellPath) {
	let layout = statement.as_statement().layout();
	let (_, cells) = layout.span(0);
	let first = LeafPosition {
		index: 0,
		size: cells.into(),
	};
	let (residual, residuals) = made_up_path(first, &handed_on);
	let roots = GroupRoots {
		residuals,
		caches: None,
	};
	let group = LeafPosition {
		index: layout.group_index(Group { row: 1, index: 0 }),
		size: layout.groups(),
	};
	let (group, trace) = made_up_path(group, &roots.hash());
	let path = CellPath {
		residual,
		cache: None,
		group,
	};
	(TraceRoot(trace), path)
}

/// A path from this leaf past hashes of nothing, and the root that it leads to: as long as in the tree of that size, which
/// would have half a million leaves.
fn made_up_path(at: LeafPosition, leaf: &Hash32) -> (InclusionProof, Hash32) {
	let mut proof = InclusionProof { path: vec![] };
	loop {
		if let Some(root) = proof.root_from(at, leaf) {
			return (proof, root);
		}
		proof.path.push(Hash32::default());
	}
}
