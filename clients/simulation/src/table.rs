//! Tables that are the same for people, programs and the documentation.

use comfy_table::{presets, CellAlignment, Table as TextTable};
use serde_json::{json, Map, Value};

/// What stands in a place of a table.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
	/// Words.
	Text(String),
	/// A number, with so many decimals.
	Number(f64, usize),
	/// A number and what it is known to, with so many decimals.
	Estimate(f64, f64, usize),
	/// A share between 0 and 1, with so many decimals of percent.
	Share(f64, usize),
	/// Whether.
	Yes(bool),
}

impl Cell {
	fn text(&self) -> String {
		match self {
			Self::Text(text) => text.clone(),
			Self::Number(number, decimals) => format!("{number:.decimals$}"),
			Self::Estimate(mean, error, decimals) => format!("{mean:.decimals$} ± {error:.decimals$}"),
			Self::Share(share, decimals) => format!("{:.decimals$} %", share * 100.0),
			Self::Yes(yes) => (if *yes { "yes" } else { "**no**" }).into(),
		}
	}

	fn value(&self) -> Value {
		match self {
			Self::Text(text) => json!(text),
			Self::Number(number, _) | Self::Share(number, _) => json!(number),
			Self::Estimate(mean, error, _) => json!({ "mean": mean, "error": error }),
			Self::Yes(yes) => json!(yes),
		}
	}
}

/// Rows of the same kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
	/// What programs call it.
	pub name: &'static str,
	/// What it says.
	pub title: &'static str,
	/// What its columns are called.
	pub columns: Vec<String>,
	/// Its rows.
	pub rows: Vec<Vec<Cell>>,
}

impl Table {
	/// A table without rows.
	pub fn new(name: &'static str, title: &'static str, columns: &[&str]) -> Self {
		Self {
			name,
			title,
			columns: columns.iter().map(|column| (*column).into()).collect(),
			rows: Vec::new(),
		}
	}

	/// In Markdown, which is for people too.
	pub fn markdown(&self) -> String {
		let mut table = TextTable::new();
		table.load_preset(presets::ASCII_MARKDOWN).set_header(&self.columns);
		for row in &self.rows {
			table.add_row(row.iter().map(Cell::text));
		}
		for (index, column) in table.column_iter_mut().enumerate() {
			let words = self
				.rows
				.iter()
				.any(|row| matches!(row.get(index), Some(Cell::Text(_))));
			if !words {
				column.set_cell_alignment(CellAlignment::Right);
			}
		}
		table.to_string()
	}

	/// One object for each row.
	pub fn json(&self) -> Value {
		let objects = self.rows.iter().map(|row| {
			let fields = self.columns.iter().cloned().zip(row.iter().map(Cell::value));
			Value::Object(fields.collect::<Map<_, _>>())
		});
		Value::Array(objects.collect())
	}
}
