//! The attack demonstration: every cheat on networks of real nodes. `scripts/demo --attack` builds and calls it.

use anyhow::{ensure, Result};
use assay_e2e::{Arena, Attack, Election, Honest, Row};
use clap::Parser;
use comfy_table::{presets::NOTHING, CellAlignment, Table};
use std::{
	collections::VecDeque,
	process::ExitCode,
	sync::{Mutex, MutexGuard, PoisonError},
	thread,
};

/// Networks that run side by side: while one waits for its blocks another computes.
const NETWORKS: usize = 3;

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
		let program = Program::new(&attacks);
		program.play();
		let rows = program.rows();
		let survived = attacks.len() - rows.len();
		if self.json {
			println!("{}", serde_json::to_string(&rows)?);
		} else {
			println!("{}", table(&rows));
			println!("{} attacks failed, {survived} survived", rows.len());
		}
		Ok(survived == 0)
	}
}

/// The names of all attacks.
fn names() -> String {
	Attack::all().iter().map(Attack::name).collect::<Vec<_>>().join(", ")
}

/// An attack with its place in the table.
type Numbered = (usize, Attack);

/// What is to be played, and what became of it.
struct Program {
	/// By validators that work.
	elections: Vec<Numbered>,
	/// By everybody else.
	arenas: Mutex<VecDeque<Numbered>>,
	played: Mutex<Vec<(usize, Row)>>,
}

impl Program {
	fn new(attacks: &[Attack]) -> Self {
		let numbered = attacks.iter().copied().enumerate();
		let (elections, arenas): (Vec<_>, Vec<_>) = numbered.partition(|(_, attack)| attack.is_a_validators());
		Self {
			elections,
			arenas: Mutex::new(arenas.into()),
			played: Mutex::default(),
		}
	}

	/// Plays everything: one network begins with validators, the others with three nodes.
	fn play(&self) {
		thread::scope(|scope| {
			for network in 0..NETWORKS {
				scope.spawn(move || {
					let played = match network {
						0 => self.play_elections().and_then(|()| self.play_arena()),
						_ => self.play_arena(),
					};
					if let Err(error) = played {
						eprintln!("    a network failed: {error:#}");
					}
				});
			}
		});
	}

	fn play_elections(&self) -> Result<()> {
		if self.elections.is_empty() {
			return Ok(());
		}
		eprintln!("==> starting four validators");
		let election = Election::new()?;
		let mut all_failed = true;
		for numbered in &self.elections {
			eprintln!("==> {}", numbered.1);
			all_failed &= self.note(*numbered, election.attack(numbered.1));
		}
		match all_failed {
			true => election.end(),
			false => Ok(()),
		}
	}

	fn play_arena(&self) -> Result<()> {
		let Some(mut next) = locked(&self.arenas).pop_front() else {
			return Ok(());
		};
		eprintln!("==> starting three nodes: a validator that works, an auditor, and a third party");
		let mut arena = Arena::new()?;
		let mut all_failed = true;
		loop {
			eprintln!("==> {}", next.1);
			all_failed &= self.note(next, arena.attack(next.1));
			match locked(&self.arenas).pop_front() {
				Some(numbered) => next = numbered,
				None if all_failed => return arena.end(),
				None => return Ok(()),
			}
		}
	}

	/// Notes what became of an attack, and says whether it failed.
	fn note(&self, (number, attack): Numbered, outcome: Result<Row>) -> bool {
		match outcome {
			Ok(row) => {
				eprintln!(
					"    {attack}: caught by {}: {} after {} extrinsics",
					row.caught_by, row.ruling, row.evidence.extrinsics
				);
				locked(&self.played).push((number, row));
				true
			}
			Err(error) => {
				eprintln!("    SURVIVED: {error:#}");
				false
			}
		}
	}

	/// The rows of the attacks that failed, in the order of the table.
	fn rows(&self) -> Vec<Row> {
		let mut played = locked(&self.played).clone();
		played.sort_by_key(|(number, _)| *number);
		played.into_iter().map(|(_, row)| row).collect()
	}
}

/// What a panic elsewhere left is whole: each change is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
		"honest lost",
		"issuance",
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
			honest(&row.honest),
			// A row whose issuance changed by anything that the runtime does not state is none.
			"conserved".into(),
		]);
	}
	for column in [4, 5, 6, 7, 8, 9, 11, 12] {
		if let Some(column) = table.column_mut(column) {
			column.set_cell_alignment(CellAlignment::Right);
		}
	}
	table
}

/// What honest parties lost, each with the most that is stated; beside the fees of transactions, which all pay.
fn honest(parties: &[Honest]) -> String {
	let lost = parties.iter().filter(|party| party.lost != "0");
	let lost: Vec<_> = lost
		.map(|party| format!("{} {} of {}", party.role, asy(&party.lost), asy(&party.stated)))
		.collect();
	match lost.is_empty() {
		true => "nothing".into(),
		false => lost.join(", "),
	}
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
