//! Edits of an encoding that the fuzzer asks for.

use crate::bytes::Bytes;

/// Edits after which the rest of an input is left alone.
pub(crate) const MAX_EDITS: usize = 16;

/// One edit: a flipped bit, another byte, one more or less, a cut, a piece put in or copied over, or a piece taken out.
pub(crate) fn edit(encoded: &mut Vec<u8>, other: &[u8], bytes: &mut Bytes<'_>) {
	let kind = bytes.u8();
	let at = bytes.index(encoded.len());
	let argument = bytes.u8();
	let piece = |bytes: &mut Bytes<'_>| {
		let from = bytes.index(other.len());
		&other[from.min(other.len())..(from + usize::from(argument)).min(other.len())]
	};
	match kind % 8 {
		0 => encoded
			.iter_mut()
			.skip(at)
			.take(1)
			.for_each(|byte| *byte ^= 1 << (argument % 8)),
		1 => encoded.iter_mut().skip(at).take(1).for_each(|byte| *byte = argument),
		2 | 3 => {
			let step = if argument < 128 { 1 } else { u8::MAX };
			encoded
				.iter_mut()
				.skip(at)
				.take(1)
				.for_each(|byte| *byte = byte.wrapping_add(step));
		}
		4 => encoded.truncate(at),
		5 => {
			encoded.splice(at..at, piece(bytes).iter().copied());
		}
		6 => {
			let piece = piece(bytes);
			encoded
				.iter_mut()
				.skip(at)
				.zip(piece)
				.for_each(|(byte, other)| *byte = *other);
		}
		_ => {
			encoded.drain(at..(at + usize::from(argument)).min(encoded.len()));
		}
	}
}

/// The edits that the rest of the input asks for.
pub(crate) fn edit_all(encoded: &mut Vec<u8>, other: &[u8], bytes: &mut Bytes<'_>) {
	for _ in 0..MAX_EDITS {
		if bytes.is_empty() {
			break;
		}
		edit(encoded, other, bytes);
	}
}
