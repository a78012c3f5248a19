//! The values that cross from cell to cell, and the commitment to all of them.
//!
//! A cell hands on the residual vector and, in a layer with attention, its cache rows. In a group, the residual roots of
//! its cells form a tree and so do their cache roots; the group's hash is the node over both, or the residual tree alone
//! where there are no caches. The trace is the tree over all groups, row after row.

use crate::{
	merkle::{self, node_hash, InclusionProof, LeafPosition, ProofError},
	statement::{Group, Layout, TraceRoot},
	Hash32,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// The two trees of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct GroupRoots {
	/// Over the residual roots of its cells.
	pub residuals: Hash32,
	/// Over the cache roots of its cells, in rows with caches.
	pub caches: Option<Hash32>,
}

impl GroupRoots {
	/// From what its cells hand on.
	pub fn new(residuals: &[Hash32], caches: Option<&[Hash32]>) -> Self {
		Self {
			residuals: merkle::root(residuals),
			caches: caches.map(merkle::root),
		}
	}

	/// The group's leaf in the trace.
	pub fn hash(&self) -> Hash32 {
		match &self.caches {
			Some(caches) => node_hash(&self.residuals, caches),
			None => self.residuals,
		}
	}

	/// Whether this is the group of the trace.
	pub fn verify(
		&self,
		layout: &Layout,
		group: Group,
		path: &InclusionProof,
		trace: &TraceRoot,
	) -> Result<(), ProofError> {
		path.verify(group_position(layout, group), &self.hash(), &trace.0)
	}
}

fn group_position(layout: &Layout, group: Group) -> LeafPosition {
	LeafPosition {
		index: layout.group_index(group),
		size: layout.groups(),
	}
}

/// Where a position stands in the trees of its group.
pub(crate) fn in_group(layout: &Layout, position: u32) -> LeafPosition {
	let (start, length) = layout.span(position / layout.group_size);
	LeafPosition {
		index: (position - start).into(),
		size: length.into(),
	}
}

/// What one cell hands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Boundary {
	/// The root of its residual vector.
	pub residual: Hash32,
	/// The root of its cache, in a layer with attention.
	pub cache: Option<Hash32>,
}

/// What every cell of a trace hands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Boundaries {
	layout: Layout,
	/// `[row][position]`.
	residuals: Vec<Hash32>,
	/// `[row - 1][position]`; empty without caches.
	caches: Vec<Hash32>,
	/// The leaves of the trace where they are another's.
	leaves: Option<Vec<Hash32>>,
}

impl Boundaries {
	/// From the residual roots of all cells, row after row, and the cache roots of all cells of layers.
	/// `None` if the numbers are not those of the layout.
	pub fn new(layout: Layout, residuals: Vec<Hash32>, caches: Vec<Hash32>) -> Option<Self> {
		let cells = u64::from(layout.rows) * u64::from(layout.positions);
		let cached = if layout.caches {
			cells - u64::from(layout.positions)
		} else {
			0
		};
		let fits = residuals.len() as u64 == cells && caches.len() as u64 == cached;
		fits.then_some(Self {
			layout,
			residuals,
			caches,
			leaves: None,
		})
	}

	/// These boundaries as another claims them: with the leaves of its trace, and with the roots of the cells of one group.
	/// Paths then lead to its trace. `None` if the numbers are not those of the layout.
	pub fn claimed(mut self, leaves: Vec<Hash32>, group: Option<(Group, &[Boundary])>) -> Option<Self> {
		let layout = self.layout;
		if leaves.len() as u64 != layout.groups() {
			return None;
		}
		self.leaves = Some(leaves);
		let Some((group, cells)) = group else {
			return Some(self);
		};
		let (start, length) = layout.span(group.index);
		if cells.len() as u64 != u64::from(length) {
			return None;
		}
		let first = usize::from(group.row) * layout.positions as usize + start as usize;
		for (index, cell) in (first..).zip(cells) {
			*self.residuals.get_mut(index)? = cell.residual;
			if let Some(cache) = cell.cache {
				*self.caches.get_mut(index.checked_sub(layout.positions as usize)?)? = cache;
			}
		}
		Some(self)
	}

	/// The shape.
	pub fn layout(&self) -> &Layout {
		&self.layout
	}

	/// The residual root of a cell.
	pub fn residual(&self, row: u16, position: u32) -> Option<Hash32> {
		self.residuals_of(row)?.get(position as usize).copied()
	}

	/// The cache root of a cell.
	pub fn cache(&self, row: u16, position: u32) -> Option<Hash32> {
		self.caches_of(row)?.get(position as usize).copied()
	}

	fn residuals_of(&self, row: u16) -> Option<&[Hash32]> {
		let positions = self.layout.positions as usize;
		self.residuals.get(usize::from(row) * positions..)?.get(..positions)
	}

	fn caches_of(&self, row: u16) -> Option<&[Hash32]> {
		let positions = self.layout.positions as usize;
		let row = usize::from(row).checked_sub(1)?;
		self.caches.get(row * positions..)?.get(..positions)
	}

	/// Residual roots and cache roots of a group's cells.
	pub fn cells(&self, group: Group) -> Option<(&[Hash32], Option<&[Hash32]>)> {
		let (start, length) = self.layout.span(group.index);
		let of = |row: &'_ [Hash32]| -> core::ops::Range<usize> {
			let start = (start as usize).min(row.len());
			start..start + length as usize
		};
		let residuals = self.residuals_of(group.row)?;
		let residuals = residuals.get(of(residuals)).filter(|cells| !cells.is_empty())?;
		let caches = self.caches_of(group.row).and_then(|row| row.get(of(row)));
		Some((residuals, caches))
	}

	/// The trees of a group.
	pub fn group(&self, group: Group) -> Option<GroupRoots> {
		let (residuals, caches) = self.cells(group)?;
		Some(GroupRoots::new(residuals, caches))
	}

	/// All groups, row after row.
	pub fn groups(&self) -> impl Iterator<Item = (Group, GroupRoots)> + '_ {
		let groups = (0..self.layout.rows)
			.flat_map(move |row| (0..self.layout.groups_per_row()).map(move |index| Group { row, index }));
		groups.filter_map(|group| Some((group, self.group(group)?)))
	}

	/// The leaves of the trace.
	pub fn hashes(&self) -> Vec<Hash32> {
		if let Some(leaves) = &self.leaves {
			return leaves.clone();
		}
		self.groups().map(|(_, roots)| roots.hash()).collect()
	}

	/// The trace's root.
	pub fn root(&self) -> TraceRoot {
		TraceRoot(merkle::root(&self.hashes()))
	}

	/// That a group is in the trace.
	pub fn group_path(&self, group: Group) -> Option<InclusionProof> {
		self.layout
			.has_group(group)
			.then(|| InclusionProof::new(&self.hashes(), self.layout.group_index(group)))?
	}

	/// Opens the residual root of a cell.
	pub fn open_residual(&self, row: u16, position: u32) -> Option<ResidualOpening> {
		let group = self.layout.group_of(row, position);
		let (residuals, caches) = self.cells(group)?;
		let place = in_group(&self.layout, position);
		Some(ResidualOpening {
			root: self.residual(row, position)?,
			in_group: InclusionProof::new(residuals, place.index)?,
			caches: caches.map(merkle::root),
			path: self.group_path(group)?,
		})
	}
}

/// The residual root of a cell, proved.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ResidualOpening {
	/// The root.
	pub root: Hash32,
	/// That it is in the residual tree of its group.
	pub in_group: InclusionProof,
	/// The other tree of the group.
	pub caches: Option<Hash32>,
	/// That the group is in the trace.
	pub path: InclusionProof,
}

impl ResidualOpening {
	/// The root, if it is the one of that cell in the trace.
	pub fn verify(&self, layout: &Layout, row: u16, position: u32, trace: &TraceRoot) -> Option<Hash32> {
		let place = in_group(layout, position);
		let residuals = self.in_group.root_from(place, &self.root)?;
		let roots = GroupRoots {
			residuals,
			caches: self.caches,
		};
		let group = layout.group_of(row, position);
		let shaped = layout.has_group(group) && self.caches.is_some() == layout.has_caches(row);
		(shaped && roots.verify(layout, group, &self.path, trace).is_ok()).then_some(self.root)
	}
}
