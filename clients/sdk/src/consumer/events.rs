//! What an endpoint tells of an answer: server-sent events (WHATWG HTML, section 9.2), as they are read.

use super::error::Breach;
use assay_protocol::channel::{SignedProgress, SignedReceipt};
use codec::DecodeAll;
use serde::Deserialize;
use serde_json::Value;

/// An error as an endpoint sends it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(super) struct Complaint {
	pub(super) code: String,
	#[serde(default)]
	pub(super) message: String,
	/// What else belongs to the code.
	#[serde(flatten)]
	pub(super) fields: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Complaining {
	error: Complaint,
}

impl Complaint {
	pub(super) fn read(document: &[u8]) -> Option<Self> {
		let Complaining { error } = serde_json::from_slice(document).ok()?;
		Some(error)
	}
}

/// What an event tells.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Told {
	Tokens(Vec<u32>),
	Values(Vec<i32>),
	Progress(SignedProgress),
	Receipt(SignedReceipt),
	Error(Complaint),
}

#[derive(Deserialize)]
struct Tokens {
	tokens: Vec<u32>,
}

#[derive(Deserialize)]
struct Values {
	values: Vec<i32>,
}

/// A stream of events, of which each is bounded.
pub(super) struct Events {
	buffer: Vec<u8>,
	/// Bytes of one event at most.
	most: usize,
}

impl Events {
	pub(super) fn new(most: usize) -> Self {
		Self {
			buffer: Vec::new(),
			most,
		}
	}

	/// Takes what has come.
	pub(super) fn push(&mut self, bytes: &[u8]) {
		self.buffer.extend_from_slice(bytes);
	}

	/// The next event, if it is here. Comments, and events of a name that is not known, are left out.
	pub(super) fn next(&mut self) -> Result<Option<Told>, Breach> {
		while let Some((end, next)) = blank_line(&self.buffer) {
			if end > self.most {
				return Err(Breach::TooLong { most: self.most });
			}
			let told = told(&self.buffer[..end]);
			self.buffer.drain(..next);
			if let Some(told) = told? {
				return Ok(Some(told));
			}
		}
		match self.buffer.len() > self.most {
			true => Err(Breach::TooLong { most: self.most }),
			false => Ok(None),
		}
	}
}

/// Where the first event ends, and where the next begins.
fn blank_line(bytes: &[u8]) -> Option<(usize, usize)> {
	let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
	for (end, _) in ends {
		match &bytes[end + 1..] {
			[b'\n', ..] => return Some((end, end + 2)),
			[b'\r', b'\n', ..] => return Some((end, end + 3)),
			_ => {}
		}
	}
	None
}

fn told(block: &[u8]) -> Result<Option<Told>, Breach> {
	let garbage = |reason: String| Breach::Garbage(reason);
	let block = std::str::from_utf8(block).map_err(|error| garbage(error.to_string()))?;
	let (mut name, mut data) = ("", String::new());
	for line in block.lines() {
		let (field, value) = line.split_once(':').unwrap_or((line, ""));
		let value = value.strip_prefix(' ').unwrap_or(value);
		match field {
			"event" => name = value,
			"data" if data.is_empty() => data.push_str(value),
			"data" => {
				data.push('\n');
				data.push_str(value);
			}
			_ => {}
		}
	}
	let json = |error: serde_json::Error| Breach::Garbage(format!("the event {name}: {error}"));
	Ok(Some(match name {
		"tokens" => Told::Tokens(serde_json::from_str::<Tokens>(&data).map_err(json)?.tokens),
		"values" => Told::Values(serde_json::from_str::<Values>(&data).map_err(json)?.values),
		"progress" => Told::Progress(unhex(&data).ok_or_else(|| garbage("a progress does not decode".into()))?),
		"receipt" => Told::Receipt(unhex(&data).ok_or_else(|| garbage("a receipt does not decode".into()))?),
		"error" => {
			let complaint = Complaint::read(data.as_bytes());
			Told::Error(complaint.ok_or_else(|| garbage("an error does not decode".into()))?)
		}
		_ => return Ok(None),
	}))
}

/// SCALE from hexadecimal digits.
pub(super) fn unhex<T: DecodeAll>(text: &str) -> Option<T> {
	let bytes = hex::decode(text.strip_prefix("0x")?).ok()?;
	T::decode_all(&mut &bytes[..]).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn all(pieces: &[&[u8]], most: usize) -> Result<Vec<Told>, Breach> {
		let mut events = Events::new(most);
		let mut all = vec![];
		for piece in pieces {
			events.push(piece);
			while let Some(told) = events.next()? {
				all.push(told);
			}
		}
		Ok(all)
	}

	#[test]
	fn events_are_read_however_they_are_cut() {
		let text: &[u8] =
			b":\n\nevent: tokens\ndata: {\"tokens\":[1,2]}\n\n: alive\r\n\r\nevent:values\r\ndata:{\"values\":[-3]}\r\n\r\n";
		let expected = vec![Told::Tokens(vec![1, 2]), Told::Values(vec![-3])];
		assert_eq!(all(&[text], 100).unwrap(), expected);
		let single: Vec<&[u8]> = text.chunks(1).collect();
		assert_eq!(all(&single, 100).unwrap(), expected);
	}

	#[test]
	fn an_error_keeps_what_else_belongs_to_it() {
		let told = all(
			&[b"event: error\ndata: {\"error\":{\"code\":\"unpaid\",\"message\":\"m\",\"credit\":\"7\"}}\n\n"],
			100,
		);
		let Told::Error(complaint) = &told.unwrap()[0] else {
			panic!("no error")
		};
		assert_eq!(
			(complaint.code.as_str(), &complaint.fields["credit"]),
			("unpaid", &"7".into())
		);
	}

	#[test]
	fn what_is_too_long_or_cannot_be_read_is_a_breach() {
		let long = [b"event: tokens\ndata: ".as_slice(), &[b'1'; 200]].concat();
		assert_eq!(all(&[&long], 100), Err(Breach::TooLong { most: 100 }));
		let ended = [&long[..], b"\n\n"].concat();
		assert_eq!(all(&[&ended], 100), Err(Breach::TooLong { most: 100 }));
		for garbage in [
			"event: tokens\ndata: {\"tokens\":[-1]}\n\n",
			"event: receipt\ndata: 0x00\n\n",
			"event: progress\ndata: 12\n\n",
			"event: error\ndata: {}\n\n",
		] {
			assert!(
				matches!(all(&[garbage.as_bytes()], 100), Err(Breach::Garbage(_))),
				"{garbage}"
			);
		}
		assert!(matches!(all(&[b"event: \xff\n\n"], 100), Err(Breach::Garbage(_))));
		assert_eq!(all(&[b"event: news\ndata: 1\n\n"], 100), Ok(vec![]));
	}
}
