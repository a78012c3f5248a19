//! How the commands answer: tables for people, one JSON document for programs.

use comfy_table::{presets, CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
	/// One JSON document instead of text.
	pub(crate) json: bool,
}

impl Output {
	/// The command's answer, on standard output.
	pub(crate) fn answer(&self, document: &impl Serialize, text: impl FnOnce() -> String) {
		if self.json {
			print_document(document);
		} else {
			print_line(&text());
		}
	}

	/// Something that happens on the way to the answer. It must not disturb the JSON document.
	pub(crate) fn progress(&self, line: &str) {
		if self.json {
			eprintln!("{line}");
		} else {
			print_line(line);
		}
	}

	/// Something that is neither on the way to the answer nor part of it, such as having to wait: on standard error.
	pub(crate) fn notice(&self, line: &str) {
		eprintln!("{line}");
	}

	/// A document for programs, whatever it says.
	pub(crate) fn document(&self, document: &impl Serialize) {
		print_document(document);
	}

	/// A failure: its causes on standard error and, for programs, as the document.
	pub(crate) fn failure(&self, error: &anyhow::Error) {
		let text = causes(error);
		eprintln!("error: {text}");
		if self.json {
			print_document(&json!({ "error": text }));
		}
	}

	/// A bar for work of `total` steps, on standard error, hidden when that is not a terminal.
	pub(crate) fn bar(&self, total: u64, bytes: bool) -> ProgressBar {
		let counted = if bytes { "{bytes}/{total_bytes}" } else { "{pos}/{len}" };
		let style = ProgressStyle::with_template(&format!("{{bar:40}} {counted} {{elapsed}} {{msg}}"));
		ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
	}

	/// A sign of life for work of unknown length, on standard error, hidden when that is not a terminal.
	pub(crate) fn spinner(&self, message: &'static str) -> ProgressBar {
		ProgressBar::new_spinner().with_message(message)
	}
}

/// Layers of the client library, each of which puts its name before what the next one says.
const LAYERS: [&str; 5] = [
	"Backend error: ",
	"RPC error: ",
	"client error: ",
	"Client error: ",
	"User error: ",
];

/// An error with its causes, without those that it quotes itself.
pub(crate) fn causes(error: &anyhow::Error) -> String {
	let plain = |text: String| LAYERS.iter().fold(text, |text, layer| text.replace(layer, ""));
	error
		.chain()
		.map(|cause| plain(cause.to_string()))
		.fold(String::new(), |text, cause| match cause {
			cause if text.is_empty() => cause,
			cause if text.ends_with(&cause) => text,
			cause => format!("{text}: {cause}"),
		})
}

/// Prints a line on standard output, whether or not anybody reads it to the end.
fn print_line(line: &str) {
	let _ = writeln!(io::stdout(), "{line}");
}

fn print_document(document: &impl Serialize) {
	match serde_json::to_string(document) {
		Ok(text) => print_line(&text),
		Err(error) => eprintln!("error: the answer cannot be written as JSON: {error}"),
	}
}

/// A table with a header; columns from `numbers` on are numbers.
pub(crate) fn table<const N: usize>(header: [&str; N], numbers: usize, rows: Vec<[String; N]>) -> String {
	let mut table = Table::new();
	table
		.load_preset(presets::NOTHING)
		.set_content_arrangement(ContentArrangement::Dynamic);
	table.set_header(header);
	table.add_rows(rows);
	for column in table.column_iter_mut().skip(numbers) {
		column.set_cell_alignment(CellAlignment::Right);
	}
	table.to_string()
}

/// Names and values, one pair on a line; pairs without a value are left out.
pub(crate) fn fields<const N: usize>(pairs: [(&str, Option<String>); N]) -> String {
	let shown: Vec<_> = pairs
		.iter()
		.filter_map(|(name, value)| Some((name, value.as_ref()?)))
		.collect();
	let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
	let lines: Vec<_> = shown
		.iter()
		.map(|(name, value)| format!("{name:<width$}  {value}"))
		.collect();
	lines.join("\n")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tables_align_numbers_to_the_right() {
		let text = table(
			["id", "fee"],
			1,
			vec![["7".into(), "1 ASY".into()], ["8".into(), "20 ASY".into()]],
		);
		let lines: Vec<_> = text.lines().collect();
		assert!(
			lines
				.iter()
				.any(|line| line.contains(" 7 ") && line.ends_with(" 1 ASY ")),
			"{text}"
		);
	}

	#[test]
	fn causes_are_told_once() {
		let quoted = anyhow::anyhow!("no such file")
			.context("x.assay: no such file")
			.context("import");
		assert_eq!(causes(&quoted), "import: x.assay: no such file");
	}

	#[test]
	fn the_layers_of_the_client_library_are_left_out() {
		let nested = anyhow::anyhow!("RPC error: client error: connection closed")
			.context("Backend error: RPC error: RPC error: client error: connection closed")
			.context("JobsApi_job at block 7");
		assert_eq!(causes(&nested), "JobsApi_job at block 7: connection closed");
	}

	#[test]
	fn absent_fields_leave_no_line() {
		assert_eq!(
			fields([("job", Some("7".into())), ("operator", None), ("x", Some("y".into()))]),
			"job  7\nx    y"
		);
	}
}
