//! `assay-simulate`: what the project's simulations are run by.

use anyhow::Context;
use assay_simulation::{
	constants::Constants,
	plots,
	report::{Report, Settings},
};
use clap::{Parser, Subcommand};
use sp_runtime::Perbill;
use std::{path::PathBuf, process::ExitCode};

/// Simulations of Assay.
#[derive(Parser)]
#[command(version)]
struct Arguments {
	#[command(subcommand)]
	simulation: Simulation,
}

#[derive(Subcommand)]
enum Simulation {
	/// Where honesty pays, with the constants of the runtime; exits 1 where it does not though an honest challenger watches, or
	/// where a constant does not cover what it has to.
	Economics(Economics),
}

#[derive(clap::Args)]
struct Economics {
	/// One JSON document instead of tables.
	#[arg(long)]
	json: bool,
	/// Draw plots as SVG into this folder.
	#[arg(long, value_name = "DIR")]
	plots: Option<PathBuf>,
	/// What the random numbers come from: the same seed, the same numbers.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// How many times each case is played.
	#[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(2..))]
	trials: u32,
	/// Another penalty for a wrong result than the runtime's, in percent of the stake at risk.
	#[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(..=100))]
	wrong_result_penalty: Option<u32>,
}

fn main() -> ExitCode {
	let Simulation::Economics(arguments) = Arguments::parse().simulation;
	match economics(&arguments) {
		Ok(true) => ExitCode::SUCCESS,
		Ok(false) => ExitCode::FAILURE,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::from(2)
		}
	}
}

/// Runs the simulation and says whether honesty pays.
fn economics(arguments: &Economics) -> anyhow::Result<bool> {
	let mut constants = Constants::of_the_runtime();
	if let Some(percent) = arguments.wrong_result_penalty {
		constants.wrong_result_penalty = Perbill::from_percent(percent);
	}
	let settings = Settings {
		seed: arguments.seed,
		trials: arguments.trials,
	};
	let report = Report::new(&constants, settings);
	if arguments.json {
		let document = serde_json::to_string_pretty(&report.json()).context("cannot write JSON")?;
		println!("{document}");
	} else {
		println!("{}", report.text());
	}
	if let Some(folder) = &arguments.plots {
		plots::draw(folder, &constants, settings)?;
	}
	Ok(report.honesty_pays)
}
