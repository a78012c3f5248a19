//! Changes to what is inside of a cell that the fuzzer asks for.

use crate::bytes::Bytes;
use assay_trace::{
	execution::CellValues,
	work::{state_hash, Largest},
	Hash32,
};

/// Changes after which the rest of an input is left alone.
pub(crate) const MAX_CHANGES: usize = 24;

/// One change somewhere inside.
pub(crate) fn change_inside(values: &mut CellValues, bytes: &mut Bytes<'_>) {
	match bytes.u8() % 4 {
		0 => {
			let index = bytes.index(values.vectors.len());
			if let Some(vector) = values.vectors.get_mut(index) {
				change_values(vector, bytes);
			}
		}
		1 => {
			let head = bytes.index(values.cache.len());
			if let Some(leaf) = values.cache.get_mut(head) {
				change_leaf(leaf, bytes);
			}
		}
		2 => change_values(&mut values.residual, bytes),
		_ => change_work(values, bytes),
	}
}

/// One value, or all.
pub(crate) fn change_values(values: &mut [i32], bytes: &mut Bytes<'_>) {
	let (all, at, value) = (bytes.u8() % 8, bytes.index(values.len()), bytes.i32());
	match all {
		0 => values.fill(value),
		1 => values.iter_mut().skip(at).for_each(|other| *other = value),
		_ => values.iter_mut().skip(at).take(1).for_each(|other| *other = value),
	}
}

pub(crate) fn change_leaf(leaf: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
	let (kind, at, value) = (bytes.u8() % 8, bytes.index(leaf.len()), bytes.u8());
	match kind {
		0 => leaf.truncate(at),
		1 => leaf.push(value),
		2 => leaf.fill(value),
		_ => leaf.iter_mut().skip(at).take(1).for_each(|byte| *byte = value),
	}
}

/// Work that says something else: another peak or top, other sums, other hashes.
fn change_work(values: &mut CellValues, bytes: &mut Bytes<'_>) {
	let pick = bytes.index(values.heads.len().max(values.chunks.len()));
	let (kind, at, value) = (bytes.u8(), bytes.u8(), bytes.i32());
	// Positions are small, or none.
	let position = if kind & 64 == 0 {
		u32::from(at % 16)
	} else {
		value as u32
	};
	let at = usize::from(at % 4);
	if let Some((work, _)) = values.heads.get_mut(pick) {
		match kind % 8 {
			0 => work.peak.value = value,
			1 => work.peak.position = position,
			2 => work.tops.iter_mut().skip(at).for_each(|top| top.value = value),
			3 => work
				.tops
				.iter_mut()
				.take(usize::from(kind >> 3 & 7))
				.for_each(|top| top.position = position),
			4 => work.tops.truncate(at),
			5 => work.tops.push(Largest { value, position: 0 }),
			_ => {}
		}
	}
	let states = match (values.heads.get_mut(pick), values.chunks.get_mut(pick)) {
		(Some((work, states)), _) => Some((&mut work.states, states)),
		(None, Some((work, states))) => Some((&mut work.states, states)),
		(None, None) => None,
	};
	let Some((hashes, states)) = states else {
		return;
	};
	match kind % 8 {
		6 if kind & 128 == 0 => change_sums(hashes, states, at, value, bytes),
		6 => hashes.truncate(at),
		7 if kind & 128 == 0 => hashes.push(Hash32::default()),
		7 => hashes.iter_mut().skip(at).take(1).for_each(|hash| hash.0[0] ^= 1),
		_ => {}
	}
}

/// Other sums, or more or fewer of them, under their own hash.
fn change_sums(hashes: &mut [Hash32], states: &mut [Vec<i64>], at: usize, value: i32, bytes: &mut Bytes<'_>) {
	let count = states.len().max(1);
	let (Some(hash), Some(sums)) = (hashes.get_mut(at % count), states.get_mut(at % count)) else {
		return;
	};
	let shift = u32::from(bytes.u8()) % 33;
	let sum = i64::from(value) << shift;
	match bytes.u8() {
		0 => sums.fill(sum),
		1 => sums.push(sum),
		2 => {
			sums.pop();
		}
		index => {
			let index = usize::from(index - 3) % sums.len().max(1);
			sums.iter_mut().skip(index).take(1).for_each(|other| *other = sum);
		}
	}
	*hash = state_hash(sums);
}
