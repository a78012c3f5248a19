//! The attack demonstration: every cheat on a network of three nodes. `scripts/demo --attack` builds and calls it.

use anyhow::{ensure, Result};
use assay_e2e::{Arena, Attack, Row};
use clap::Parser;
use comfy_table::{presets::NOTHING, CellAlignment, Table};
use std::process::ExitCode;

/// Cheats in every way we know and shows how each is caught.
#[derive(Debug, Parser)]
struct Attacks {
	/// The attack, or `all`.
	attack: String,
	/// Print the rows as one JSON document; everything else goes to standard error.
	#[arg(long)]
	json: bool,
}

fn main() -> ExitCode {
	let attacks = Attacks::parse();
	match attacks.run() {
		Ok(true) => ExitCode::SUCCESS,
		Ok(false) => ExitCode::FAILURE,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

impl Attacks {
	/// Whether every attack failed.
	fn run(&self) -> Result<bool> {
		let attacks = match self.attack.as_str() {
			"all" => Attack::all(),
			name => Attack::named(name),
		};
		ensure!(
			!attacks.is_empty(),
			"there is no attack {}; there are {}",
			self.attack,
			names()
		);
		eprintln!("==> starting three nodes: a validator that works, an auditor, and a third party");
		let arena = Arena::new()?;
		let mut rows = vec![];
		let mut survived = 0;
		for attack in attacks {
			eprintln!("==> {attack}");
			match arena.attack(attack) {
				Ok(row) => {
					eprintln!(
						"    caught by {}: {} after {} extrinsics",
						row.caught_by, row.ruling, row.evidence.extrinsics
					);
					rows.push(row);
				}
				Err(error) => {
					eprintln!("    SURVIVED: {error:#}");
					survived += 1;
				}
			}
		}
		if self.json {
			println!("{}", serde_json::to_string(&rows)?);
		} else {
			println!("{}", table(&rows));
			println!("{} attacks failed, {survived} survived", rows.len());
		}
		if survived == 0 {
			arena.end()?;
		}
		Ok(survived == 0)
	}
}

/// The names of all attacks.
fn names() -> String {
	Attack::all().iter().map(Attack::name).collect::<Vec<_>>().join(", ")
}

fn table(rows: &[Row]) -> Table {
	let mut table = Table::new();
	table.load_preset(NOTHING).set_header([
		"attack",
		"auditor",
		"caught by",
		"ruling",
		"extrinsics",
		"replies",
		"answers",
		"bytes",
		"blocks",
		"referee",
		"loser",
		"lost",
		"catcher got",
	]);
	for row in rows {
		table.add_row([
			row.attack.clone(),
			if row.auditor { "on".into() } else { "off".into() },
			row.caught_by.into(),
			row.ruling.clone(),
			row.evidence.extrinsics.to_string(),
			row.evidence.replies.to_string(),
			row.evidence.answers.to_string(),
			row.evidence.bytes.to_string(),
			row.evidence.blocks.to_string(),
			milliseconds(row.evidence.referee_microseconds),
			row.loser.into(),
			asy(&row.lost),
			asy(&row.rewarded),
		]);
	}
	for column in [4, 5, 6, 7, 8, 9, 11, 12] {
		if let Some(column) = table.column_mut(column) {
			column.set_cell_alignment(CellAlignment::Right);
		}
	}
	table
}

/// An amount in ASY.
fn asy(amount: &str) -> String {
	let units: f64 = amount.parse().unwrap_or_default();
	format!("{} ASY", units / 1e12)
}

/// A weight, if a step was judged.
fn milliseconds(microseconds: u64) -> String {
	match microseconds {
		0 => "-".into(),
		some => format!("{:.1} ms", some as f64 / 1_000.0),
	}
}
