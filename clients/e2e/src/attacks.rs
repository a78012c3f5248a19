//! The attack demonstration: every cheat on a network of three nodes. `scripts/demo --attack` builds and calls it.

use anyhow::{anyhow, Result};
use assay_adversary::Cheat;
use assay_e2e::{Arena, Row};
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
		let (cheats, challengers) = match self.attack.as_str() {
			"all" => (Cheat::ALL.to_vec(), vec![1, 3]),
			"wrong-challenger" => (vec![], vec![1]),
			"stalling-challengers" => (vec![], vec![3]),
			name => (vec![name.parse().map_err(|error: String| anyhow!(error))?], vec![]),
		};
		eprintln!("==> starting three nodes: a validator and two followers");
		let arena = Arena::new()?;
		let mut rows = vec![];
		let mut survived = 0;
		let mut keep = |name: String, row: Result<Row>| match row {
			Ok(row) => {
				eprintln!("    {name}: {} after {} extrinsics", row.ruling, row.extrinsics);
				rows.push(row);
			}
			Err(error) => {
				eprintln!("    {name}: SURVIVED: {error:#}");
				survived += 1;
			}
		};
		for cheat in cheats {
			eprintln!("==> {cheat}");
			keep(cheat.to_string(), arena.attack(cheat));
		}
		for count in challengers {
			eprintln!("==> {count} challengers of an honest claim");
			keep(format!("{count} wrong challengers"), arena.wrong_challengers(count));
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

fn table(rows: &[Row]) -> Table {
	let mut table = Table::new();
	table.load_preset(NOTHING).set_header([
		"attack",
		"caught by",
		"ruling",
		"extrinsics",
		"answers",
		"bytes",
		"blocks",
		"loser",
		"lost",
		"challenger got",
	]);
	for row in rows {
		table.add_row([
			row.attack.clone(),
			row.caught_by.into(),
			row.ruling.clone(),
			row.extrinsics.to_string(),
			row.answers.to_string(),
			row.bytes.to_string(),
			row.blocks.to_string(),
			row.loser.into(),
			asy(&row.lost),
			asy(&row.rewarded),
		]);
	}
	for column in [3, 4, 5, 6, 8, 9] {
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
