//! Answers of strangers in a dispute: only what leads to the claim is accepted, and whatever is accepted and differs from
//! the honest execution is refuted by whoever has that.

use crate::{
	bytes::Bytes,
	change::{change_inside, MAX_CHANGES},
	edit::edit_all,
	job::{Inside, Job, JOBS},
};
use assay_trace::{
	cell::{boundary, check_cell, check_group, CellPath, CellRoots},
	check_step,
	fault::{first_group, first_step, first_target, has_target, list_groups, listed_leaves, Exhibit, Target},
	merkle::{self, InclusionProof},
	Group, Hash32, Place, Verdict,
};
use codec::{Decode, DecodeAll, Encode};

/// Reads an answer, or edits of an honest one, and takes it as the chain and a challenger would.
///
/// # Panics
/// If something other than the honest answer is accepted where only one can be, or an answer cannot be refuted.
pub fn run(bytes: &[u8]) {
	let mut bytes = Bytes::new(bytes);
	let kind = bytes.u8() % 8;
	let job = bytes.pick(&JOBS);
	let cell = bytes.pick(&job.cells);
	match kind {
		0 => list(job, &mut bytes),
		1 => group(job, cell, &mut bytes),
		2 => path(job, cell, &mut bytes),
		3 => digest(job, cell, &mut bytes),
		_ => exhibit(job, cell, &mut bytes),
	}
}

/// An honest answer after the edits that the fuzzer asks for: none, if no bytes are left.
fn answer<T: Encode + Decode>(honest: &T, other: &impl Encode, bytes: &mut Bytes<'_>) -> Option<T> {
	let mut encoded = honest.encode();
	edit_all(&mut encoded, &other.encode(), bytes);
	T::decode_all(&mut &encoded[..]).ok()
}

/// The groups of a trace.
fn list(job: &Job, bytes: &mut Bytes<'_>) {
	let boundaries = job.prover.boundaries();
	let (layout, honest) = (boundaries.layout(), list_groups(boundaries));
	let Some(list) = answer::<Vec<Hash32>>(&honest, &honest, bytes) else {
		return;
	};
	let Some(leaves) = listed_leaves(layout, &list) else {
		assert_ne!(list, honest);
		return;
	};
	assert_eq!(merkle::root(&leaves) == job.statement().trace.0, list == honest);
	match first_group(boundaries, &list) {
		Some(group) => assert!(layout.has_group(group) && list != honest),
		None => assert_eq!(list, honest),
	}
	assert!(boundaries.clone().claimed(leaves, None).is_some());
}

/// The roots of the cells of a group.
fn group(job: &Job, cell: &Inside, bytes: &mut Bytes<'_>) {
	let (statement, boundaries) = (job.statement(), job.prover.boundaries());
	let Place::Cell { row, position } = cell.place else {
		return;
	};
	let group = boundaries.layout().group_of(row, position);
	let (start, length) = boundaries.layout().span(group.index);
	let places = (start..start + length).map(|position| Place::Cell { row, position });
	let own: Vec<CellRoots> = places
		.clone()
		.filter_map(|place| Some(job.cell(place)?.roots.clone()))
		.collect();
	let honest = (own, boundaries.group_path(group).expect("the group is in the trace"));
	let Some((cells, path)) = answer::<(Vec<CellRoots>, InclusionProof)>(&honest, &honest, bytes) else {
		return;
	};
	let elsewhere = Group {
		row: bytes.u16(),
		index: bytes.u16().into(),
	};
	if elsewhere != group {
		let _ = check_group(&statement, elsewhere, &cells, &path);
	}
	let accepted = check_group(&statement, group, &cells, &path).is_ok();
	assert!(
		accepted || (&cells, &path) != (&honest.0, &honest.1),
		"the honest answer is refused"
	);
	if !accepted {
		return;
	}
	assert_eq!(path, honest.1);
	for ((place, own), claimed) in places.clone().zip(&honest.0).zip(&cells) {
		assert_eq!(boundary(&statement, place, claimed), boundary(&statement, place, own));
	}
	let first = Place::Cell { row, position: start };
	match first_target(&statement, first, &honest.0, &cells) {
		Some((index, target)) => {
			let place = places.clone().nth(index as usize).expect("one of the cells");
			assert!(has_target(&statement, place, target));
		}
		None => assert_eq!(cells, honest.0),
	}
}

/// The roots of one cell, and that it is in the trace.
fn path(job: &Job, cell: &Inside, bytes: &mut Bytes<'_>) {
	let statement = job.statement();
	let honest = (cell.roots.clone(), job.prover.path(cell.place));
	let Some((roots, path)) = answer::<(CellRoots, Option<CellPath>)>(&honest, &honest, bytes) else {
		return;
	};
	let accepted = check_cell(&statement, cell.place, &roots, path.as_ref()).is_ok();
	assert!(
		accepted || (&roots, &path) != (&honest.0, &honest.1),
		"the honest answer is refused"
	);
	if let (true, Place::Cell { .. }) = (accepted, cell.place) {
		assert_eq!(path, honest.1);
		assert_eq!(
			boundary(&statement, cell.place, &roots),
			boundary(&statement, cell.place, &honest.0)
		);
	}
}

/// The values of a cell, as an auditor shows that it has them.
fn digest(job: &Job, cell: &Inside, bytes: &mut Bytes<'_>) {
	let Some(honest) = job.prover.open_digest(cell.place, &job.key) else {
		return;
	};
	if let Some(shown) = answer(&honest, &honest, bytes) {
		let accepted = shown.verify(&job.statement(), cell.place, &job.key, &job.digest);
		assert_eq!(accepted, shown == honest, "{:?}", cell.place);
	}
}

/// Something inside of a cell.
fn exhibit(job: &Job, cell: &Inside, bytes: &mut Bytes<'_>) {
	let (statement, place) = (job.statement(), cell.place);
	let (kind, op) = (bytes.u8(), bytes.u8());
	let target = match kind % 4 {
		0 => Target::Cache,
		1 => Target::Work,
		2 => Target::Pooled,
		_ => Target::Vector(op % (cell.values.vectors.len() as u8 + 1)),
	};
	let Some(honest) = Exhibit::of(&cell.values, target) else {
		return;
	};
	// Half of the time what is shown was changed, and half of the time its encoding was.
	let shown = if bytes.u8() < 128 {
		answer(&honest, &honest, bytes)
	} else {
		let mut changed = cell.values.clone();
		for _ in 0..MAX_CHANGES {
			if bytes.is_empty() {
				break;
			}
			change_inside(&mut changed, bytes);
		}
		Exhibit::of(&changed, target)
	};
	let Some(shown) = shown else {
		return;
	};
	let exists = has_target(&statement, place, target);
	let accepted = shown.verify(&statement, place, &cell.roots, target);
	assert_eq!(accepted, exists && shown == honest, "{place:?} {target:?}");
	let step = first_step(&statement, place, &cell.values, target, &shown);
	// Had the worker committed to this, could whoever ran the job too refute it?
	let claimed = cell.values.with(target, &shown);
	let roots = claimed.roots();
	if accepted || !shown.verify(&statement, place, &roots, target) {
		return;
	}
	let step = step.unwrap_or_else(|| panic!("no step refutes {target:?} of {place:?}"));
	let (opening, _) = job
		.prover
		.open(place, step, &claimed)
		.unwrap_or_else(|error| panic!("{step:?} of {place:?} cannot be shown: {error}"));
	assert_eq!(
		check_step(&statement, place, &roots, step, opening),
		Ok(Verdict::Refuted),
		"{place:?} {step:?}"
	);
}
