//! The checker's side: whether what was opened is what the program makes of it, and what the claim commits to.

mod fault;
mod rows;

pub use fault::{At, Fault, Refused};

use crate::{
	needs::{cache_shape, opened_groups, reach},
	opening::{Accumulators, OpenedCaches, Pooled},
	walk::{walk, LayerCaches, Product, Side},
	Key, Opening, MAX_POSITIONS,
};
use assay_engine::check_statement;
use assay_exact::{
	blocks::CacheRow,
	linear::finish,
	pool::pool,
	program::{Head, Pooling},
	Output,
};
use assay_trace::{
	boundary::GroupRoots,
	cache::{cache_root, leaf_bytes, CachePair},
	merkle::{self, LeafPosition},
	vector::vector_root,
	Group, Hash32, Layout, Statement, TraceRoot,
};
use rows::Rows;

/// Every accumulator is below this in magnitude (`docs/exact-arithmetic.md`, 3.1).
const ACCUMULATORS: u64 = 1 << 62;

/// What a light audit found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
	/// At the positions that were opened the claim is right.
	Holds,
	/// It is wrong, or what was opened is.
	Fails(Fault),
}

/// Checks what was opened of the positions asked for.
pub fn check(key: &Key, statement: &Statement<'_>, positions: &[u32], opening: &Opening) -> Result<Verdict, Refused> {
	if key.artifact() != statement.artifact {
		return Err(Refused::OtherArtifact {
			key: key.artifact(),
			claimed: statement.artifact,
		});
	}
	check_statement(key.program(), statement)?;
	let layout = statement.layout();
	check_positions(&layout, positions)?;
	Ok(match check_opening(key, statement, layout, positions, opening) {
		Ok(()) => Verdict::Holds,
		Err(fault) => Verdict::Fails(fault),
	})
}

/// Whether these positions can be asked for: of others there is no largest opening.
pub fn check_positions(layout: &Layout, positions: &[u32]) -> Result<(), Refused> {
	let rise = positions.windows(2).all(|pair| pair[0] < pair[1]);
	let within = positions.last().is_some_and(|last| *last < layout.positions);
	match rise && within && positions.len() <= MAX_POSITIONS as usize {
		true => Ok(()),
		false => Err(Refused::Positions {
			positions: layout.positions,
		}),
	}
}

fn check_opening(
	key: &Key,
	statement: &Statement<'_>,
	layout: Layout,
	positions: &[u32],
	opening: &Opening,
) -> Result<(), Fault> {
	if opening.positions != positions {
		return Err(Fault::Positions {
			opened: opening
				.positions
				.iter()
				.copied()
				.take(2 * MAX_POSITIONS as usize)
				.collect(),
			asked: positions.to_vec(),
		});
	}
	let groups = u64::from(opened_groups(&layout, positions)) * u64::from(layout.rows - 1);
	for (part, given, expected) in [
		("groups", opening.groups.len(), layout.groups()),
		("groups of cache rows", opening.caches.len(), groups),
		("positions", opening.cells.len(), positions.len() as u64),
	] {
		sized(part, given, expected)?;
	}
	let actual = TraceRoot(merkle::root(&opening.groups));
	if actual != statement.trace {
		return Err(Fault::Trace {
			actual,
			expected: statement.trace,
		});
	}
	for cell in &opening.cells {
		sized("residual vectors", cell.residuals.len(), layout.rows.into())?;
	}
	let rows = Rows::new(key, statement, positions, opening)?;
	let mut checking = Checking {
		key,
		statement,
		layout,
		positions,
		opening,
		next: vec![0; positions.len() + 1],
	};
	walk(statement, positions, &rows, &mut checking)?;
	for (products, next) in checking.products().zip(&checking.next) {
		sized("products", products.len(), *next as u64)?;
	}
	Ok(())
}

fn sized(part: &'static str, given: usize, expected: u64) -> Result<(), Fault> {
	let given = given as u64;
	match given == expected {
		true => Ok(()),
		false => Err(Fault::Shape { part, given, expected }),
	}
}

struct Checking<'a> {
	key: &'a Key,
	statement: &'a Statement<'a>,
	layout: Layout,
	positions: &'a [u32],
	opening: &'a Opening,
	/// For each position, and then the head of a model that returns a vector: products taken so far.
	next: Vec<usize>,
}

impl<'a> Checking<'a> {
	/// The products of each position and then of the head.
	fn products(&self) -> impl Iterator<Item = &'a [Accumulators]> {
		let head = self.opening.head.as_ref().map_or(&[][..], |head| &head.products);
		self.opening.cells.iter().map(|cell| &cell.products[..]).chain([head])
	}

	fn at(&self, at: usize) -> At {
		self.positions
			.get(at)
			.map_or(At::Head, |position| At::Position(*position))
	}

	fn group(&self, row: u16, index: u32) -> Hash32 {
		let index = self.layout.group_index(Group { row, index });
		self.opening.groups.get(index as usize).copied().unwrap_or_default()
	}

	/// What was opened of the caches of a group.
	fn caches_of(&self, row: u16, index: u32) -> Option<&'a OpenedCaches> {
		let groups = opened_groups(&self.layout, self.positions) as usize;
		self.opening
			.caches
			.get((usize::from(row) - 1) * groups + index as usize)
	}

	/// The root over the residual vectors of a group, of which the caches were seen to be in the trace.
	fn residuals_of(&self, row: u16, index: u32) -> Hash32 {
		match self.layout.has_caches(row) {
			true => self
				.caches_of(row, index)
				.map_or_else(Hash32::default, |caches| caches.residuals),
			false => self.group(row, index),
		}
	}
}

impl Side for Checking<'_> {
	type Error = Fault;

	fn product(&mut self, product: Product<'_>) -> Result<Vec<i32>, Fault> {
		let Product {
			at,
			instance,
			rows,
			x,
			bias,
		} = product;
		let opened = self.products().nth(at).and_then(|products| products.get(self.next[at]));
		let accumulators = opened
			.and_then(|opened| opened.values(rows as usize))
			.ok_or(Fault::Shape {
				part: "products",
				given: self.next[at] as u64,
				expected: self.next[at] as u64 + 1,
			})?;
		self.next[at] += 1;
		let at = self.at(at);
		if let Some(&value) = accumulators.iter().find(|value| value.unsigned_abs() >= ACCUMULATORS) {
			return Err(Fault::Magnitude { at, instance, value });
		}
		let floors = self
			.key
			.floors(&instance)
			.filter(|_| self.key.holds(&instance, x, &accumulators));
		let floors = floors.ok_or(Fault::Product { at, instance })?;
		let rows = accumulators.iter().zip(floors).enumerate();
		Ok(rows
			.map(|(row, (&accumulator, &floor))| finish(accumulator, floor.into(), x, bias.map(|bias| bias[row])))
			.collect())
	}

	fn caches(&mut self, layer: u16) -> Result<LayerCaches, Fault> {
		let Some((heads, head_dim)) = cache_shape(self.statement.program) else {
			return Ok(LayerCaches::default());
		};
		let row = layer + 1;
		let bytes = usize::from(heads) * leaf_bytes(head_dim);
		let mut caches = LayerCaches {
			keys: vec![Vec::new(); heads.into()],
			values: vec![Vec::new(); heads.into()],
		};
		let reach = reach(&self.layout, self.positions);
		for index in 0..opened_groups(&self.layout, self.positions) {
			let (start, length) = self.layout.span(index);
			let seen = (reach - start).min(length);
			let group = Group { row, index };
			let opened = self.caches_of(row, index).ok_or(Fault::Caches(group))?;
			sized(
				"bytes of cache rows",
				opened.leaves.len(),
				u64::from(seen) * bytes as u64,
			)?;
			sized("roots of caches", opened.rest.len(), (length - seen).into())?;
			let seen = opened.leaves.chunks_exact(bytes);
			let roots = seen
				.clone()
				.map(|leaves| cache_root(leaves.chunks_exact(leaf_bytes(head_dim))));
			let roots: Vec<Hash32> = roots.chain(opened.rest.iter().copied()).collect();
			let group_roots = GroupRoots {
				residuals: opened.residuals,
				caches: Some(merkle::root(&roots)),
			};
			if group_roots.hash() != self.group(row, index) {
				return Err(Fault::Caches(group));
			}
			for (position, leaves) in (start..).zip(seen) {
				for (head, leaf) in (0u16..).zip(leaves.chunks_exact(leaf_bytes(head_dim))) {
					let pair = CachePair::from_bytes(leaf, head_dim).ok_or(Fault::CacheRow { row, position, head })?;
					caches.keys[usize::from(head)].push(pair.key);
					caches.values[usize::from(head)].push(pair.value);
				}
			}
		}
		let enough = |rows: &Vec<Vec<CacheRow>>| rows.iter().all(|rows| rows.len() == reach as usize);
		debug_assert!(enough(&caches.keys) && enough(&caches.values));
		Ok(caches)
	}

	fn writes(&mut self, at: usize, layer: u16, leaves: &[u8]) -> Result<(), Fault> {
		let position = self.positions[at];
		let index = position / self.layout.group_size;
		let start = (position - self.layout.span(index).0) as usize * leaves.len();
		let opened = self.caches_of(layer + 1, index);
		let opened = opened.and_then(|opened| opened.leaves.get(start..start + leaves.len()));
		match opened == Some(leaves) {
			true => Ok(()),
			false => Err(Fault::Written { position, layer }),
		}
	}

	fn hands_on(&mut self, at: usize, row: u16, residual: &[i32]) -> Result<(), Fault> {
		let position = self.positions[at];
		let index = position / self.layout.group_size;
		let (start, length) = self.layout.span(index);
		let place = LeafPosition {
			index: (position - start).into(),
			size: length.into(),
		};
		let path = &self.opening.cells[at].residuals[usize::from(row)];
		match path.verify(place, &vector_root(residual), &self.residuals_of(row, index)) {
			Ok(()) => Ok(()),
			Err(_) => Err(Fault::Residual { row, position }),
		}
	}

	fn chooses(&mut self, at: usize, right: u32) -> Result<(), Fault> {
		let position = self.positions[at];
		let claimed = self.statement.chosen(position);
		match claimed == Some(right) {
			true => Ok(()),
			false => Err(Fault::Token {
				position,
				claimed,
				right,
			}),
		}
	}

	fn pooled(&mut self) -> Result<Vec<i32>, Fault> {
		let program = self.statement.program;
		let (layout, width) = (self.layout, program.registers[0] as usize);
		let Head::Vector { pooling, .. } = program.head else {
			return Ok(Vec::new());
		};
		let missing = Fault::Shape {
			part: "heads",
			given: 0,
			expected: 1,
		};
		let last = layout.rows - 1;
		match (pooling, self.opening.head.as_ref().map(|head| &head.pooled)) {
			(Pooling::Mean, Some(Pooled::All { residuals, caches })) => {
				sized(
					"pooled values",
					residuals.len(),
					u64::from(layout.positions) * width as u64,
				)?;
				let groups = if layout.has_caches(last) {
					layout.groups_per_row()
				} else {
					0
				};
				sized("roots of caches", caches.len(), groups.into())?;
				let rows: Vec<&[i32]> = residuals.chunks_exact(width).collect();
				for index in 0..layout.groups_per_row() {
					let (start, length) = layout.span(index);
					let rows = &rows[start as usize..][..length as usize];
					let roots: Vec<Hash32> = rows.iter().map(|row| vector_root(row)).collect();
					let roots = GroupRoots {
						residuals: merkle::root(&roots),
						caches: caches.get(index as usize).copied(),
					};
					if roots.hash() != self.group(last, index) {
						return Err(Fault::Pooled(index));
					}
				}
				Ok(pool(pooling, &rows))
			}
			(Pooling::First | Pooling::Last, Some(Pooled::One { residual, opening })) => {
				let position = if pooling == Pooling::First {
					0
				} else {
					layout.positions - 1
				};
				sized("pooled values", residual.len(), width as u64)?;
				let root = opening.verify(&layout, last, position, &self.statement.trace);
				match root == Some(vector_root(residual)) {
					true => Ok(residual.clone()),
					false => Err(Fault::Pooled(position / layout.group_size)),
				}
			}
			_ => Err(missing),
		}
	}

	fn returns(&mut self, right: &[i32]) -> Result<(), Fault> {
		let Output::Vector(claimed) = self.statement.output else {
			return Ok(());
		};
		match (0..)
			.zip(right.iter().zip(claimed))
			.find(|(_, (right, claimed))| right != claimed)
		{
			None => Ok(()),
			Some((index, (&right, &claimed))) => Err(Fault::Output { index, claimed, right }),
		}
	}
}
