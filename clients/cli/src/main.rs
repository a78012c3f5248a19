//! `assay`: models, jobs, disputes, audits, accounts, operators, stake and validators from the command line.
//!
//! [`chain`] talks to a node, [`commands`] hold one file per command, [`views`] what they show.

mod amount;
mod chain;
mod challenger;
mod commands;
mod execute;
mod explain;
mod keys;
mod library;
mod life;
mod output;
mod text;
mod views;

use clap::Parser;
use commands::{Command, Context};
use keys::KeySource;
use library::Library;
use output::Output;
use std::process::ExitCode;

/// Inference that is checked: models, jobs, disputes, audits, accounts, operators, stake and validators of an Assay chain.
#[derive(Debug, Parser)]
#[command(
	name = "assay",
	version,
	propagate_version = true,
	after_help = "Exit codes: 0 done; 1 an error; 2 the verification differs, the job ended without a result, there was \
	nothing to challenge, or the challenge is lost.\n\
	Amounts are in ASY with up to 12 decimal places; in JSON they are strings of its smallest unit."
)]
struct Cli {
	#[command(subcommand)]
	command: Command,
	#[command(flatten)]
	key: KeySource,
	#[command(flatten)]
	library: Library,
	/// The node to talk to.
	#[arg(
		long,
		global = true,
		env = "ASSAY_URL",
		default_value = "ws://127.0.0.1:9944",
		value_name = "URL"
	)]
	url: String,
	/// Wait until the transaction is final instead of being in a block.
	#[arg(long, global = true)]
	finalized: bool,
	/// Answer with one JSON document.
	#[arg(long, global = true)]
	json: bool,
}

/// What a command that did not fail found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
	/// All is well.
	Done,
	/// The verification differs, the job ended without a result, there was nothing to challenge, or the challenge is lost.
	Unfavourable,
}

#[tokio::main]
async fn main() -> ExitCode {
	let cli = match Cli::try_parse() {
		Ok(cli) => cli,
		Err(error) => {
			// 2 has a meaning of its own here, so a wrong call exits with 1.
			let failed = error.use_stderr();
			return match error.print() {
				Ok(()) if !failed => ExitCode::SUCCESS,
				_ => ExitCode::FAILURE,
			};
		}
	};
	let output = Output { json: cli.json };
	let context = Context {
		url: cli.url,
		key: cli.key,
		library: cli.library,
		finalized: cli.finalized,
		output,
	};
	match cli.command.run(&context).await {
		Ok(Outcome::Done) => ExitCode::SUCCESS,
		Ok(Outcome::Unfavourable) => ExitCode::from(2),
		Err(error) => {
			output.failure(&error);
			ExitCode::FAILURE
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_command_line_is_well_defined() {
		Cli::command().debug_assert();
	}

	#[test]
	fn one_input_and_only_one_is_asked_for() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		assert!(parse("assay job submit --model 0.0 --text hello").is_ok());
		assert!(parse("assay job submit --model 0.0 --tokens 1,2").is_ok());
		assert!(parse("assay job submit --model 0.0").is_err());
		assert!(parse("assay job submit --model 0.0 --text a --tokens 1").is_err());
		assert!(parse("assay job submit --model zero --text a").is_err());
	}

	#[test]
	fn texts_may_begin_with_a_hyphen() {
		let parse = |arguments: &[&str]| Cli::try_parse_from(["assay"].iter().chain(arguments)).map(|_| ());
		let submit = ["job", "submit", "--model", "0.0"];
		for text in [
			&["--text", "- item"][..],
			&["--text", "-1"],
			&["--text=-1"],
			&["--text", "--"],
			&["--text", "--json"],
		] {
			assert!(
				parse(&[&submit[..], text, &["--max-tokens", "4"]].concat()).is_ok(),
				"{text:?}"
			);
		}
		let register = [
			"model",
			"register",
			"a.assay",
			"--name",
			"-m",
			"--description",
			"- a model",
			"--licence",
			"-",
		];
		assert!(parse(&[&register[..], &["--tag", "-t", "--royalty", "1%"]].concat()).is_ok());
		assert!(parse(&["model", "import", "folder", "--as", "-m"]).is_ok());
		for identity in [&["-- Bob --"][..], &["-1", "--json"], &["--json", "-Bob"]] {
			assert!(
				parse(&[&["operator", "identity"][..], identity].concat()).is_ok(),
				"{identity:?}"
			);
		}
	}

	#[test]
	fn a_temperature_may_be_zero_and_is_read_when_it_is_negative() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		for temperature in ["0", "0.0", "-1", "1e-3"] {
			let arguments = format!("assay job submit --model 0.0 --text a --temperature {temperature} --seed 7");
			assert!(parse(&arguments).is_ok(), "{temperature}");
		}
		assert!(parse("assay job submit --model 0.0 --text a --temperature warm").is_err());
	}

	#[test]
	fn accusations_are_checked_before_anything_is_done() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		assert!(parse("assay challenge 7").is_ok());
		assert!(parse("assay challenge 7 --accuse head:3 --json").is_ok());
		assert!(parse("assay challenge 7 --accuse head").is_err());
		assert!(parse("assay challenge").is_err());
	}

	#[test]
	fn stake_is_put_behind_an_operator_that_may_validate() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		for right in [
			"stake delegate //Alice 20",
			"stake delegate //Alice --all",
			"stake extra //Alice --all",
			"stake extra //Alice 0.5",
			"stake unbond //Alice",
			"stake rebond //Alice 3",
			"stake withdraw //Alice",
			"stake redelegate //Alice //Bob 7",
			"stake claim //Alice",
			"stake compound //Alice on",
			"stake settle //Alice //Eve",
			"stake positions",
			"stake balance //Eve",
			"stake operators",
			"stake operator //Alice",
			"stake election",
			"stake parameters",
			"operator commission 7.5%",
			"operator identity Alice",
			"operator kick //Eve",
			"operator node",
			"operator unbond",
			"model serve 0.0 --price 1 --anyway",
			"validator keys",
			"validator keys --anyway",
			"validator join",
			"validator leave",
			"validator list",
			"validator parameters",
		] {
			assert!(parse(&format!("assay {right} --json")).is_ok(), "{right}");
		}
		for wrong in [
			"stake delegate //Alice",
			"stake delegate //Alice 20 --all",
			"stake delegate 20",
			"stake extra //Alice much",
			"stake redelegate //Alice 7",
			"stake compound //Alice",
			"stake compound //Alice maybe",
			"stake settle //Alice",
			"operator commission 7.5",
			"operator commission 101%",
			"operator kick",
		] {
			assert!(parse(&format!("assay {wrong}")).is_err(), "{wrong}");
		}
	}

	#[test]
	fn audits_are_asked_for_by_job_version_or_operator() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		for right in ["offer 0.0", "withdraw 1.2", "show 7", "auditors 0.0", "rates //Bob"] {
			assert!(parse(&format!("assay audit {right} --json")).is_ok(), "{right}");
		}
		for wrong in [
			"offer",
			"offer 7",
			"withdraw zero",
			"show",
			"show 0.0",
			"auditors 7",
			"rates nobody",
		] {
			assert!(parse(&format!("assay audit {wrong}")).is_err(), "{wrong}");
		}
	}
}
