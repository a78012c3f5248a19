//! `assay`: models, jobs, receipts, disputes, audits, accounts, operators, stake, validators and referenda from the command line.
//!
//! [`assay_sdk`] talks to a node, [`commands`] hold one file per command, [`views`] what they show.

mod advice;
mod blocks;
mod case;
mod challenger;
mod commands;
mod execute;
mod explain;
mod keys;
mod life;
mod light_keys;
mod output;
mod views;
mod watcher;

use assay_library::Library;
use clap::{error::ErrorKind, CommandFactory, FromArgMatches, Parser};
use commands::{Command, Context};
use keys::KeySource;
use output::Output;
use std::{ffi::OsString, process::ExitCode, time::Duration};

/// Inference that is checked: models, jobs, disputes, audits, accounts, operators, stake, validators and referenda of an Assay chain.
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
	/// Wait so many seconds for a node that does not answer yet.
	#[arg(long, global = true, default_value_t = 30, value_name = "SECONDS")]
	wait: u64,
	/// Send transactions without trying them out first. One that the chain then refuses costs its fee.
	#[arg(long, global = true)]
	force: bool,
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

impl Cli {
	fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
		let mut command = with_negative_numbers(Self::command());
		let mut matches = command.try_get_matches_from_mut(arguments)?;
		Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
	}
}

/// What begins with a minus and a digit is a value, so that whatever reads it can say what is wrong with it.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
	let command = command.mut_args(|argument| match argument.get_action().takes_values() {
		true => argument.allow_negative_numbers(true),
		false => argument,
	});
	command.mut_subcommands(with_negative_numbers)
}

/// Why a command line is wrong, in one line.
fn wrong_call(error: &clap::Error) -> String {
	if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
		return "a command is missing: `assay --help` lists them".into();
	}
	let text = error.render().to_string();
	let reason = text.split("\n\nUsage:").next().unwrap_or_default();
	let reason = reason.split("\n\nFor more information").next().unwrap_or_default();
	let words: Vec<_> = reason.trim_start_matches("error: ").split_whitespace().collect();
	words.join(" ")
}

#[tokio::main]
async fn main() -> ExitCode {
	let arguments: Vec<_> = std::env::args_os().collect();
	let cli = match Cli::parse_from(arguments.clone()) {
		Ok(cli) => cli,
		Err(error) => {
			// 2 has a meaning of its own here, so a wrong call exits with 1.
			let failed = error.use_stderr();
			let printed = error.print();
			if failed && arguments.iter().any(|argument| argument == "--json") {
				Output { json: true }.document(&serde_json::json!({ "error": wrong_call(&error) }));
			}
			return match printed {
				Ok(()) if !failed => ExitCode::SUCCESS,
				_ => ExitCode::FAILURE,
			};
		}
	};
	let output = Output { json: cli.json };
	let context = Context {
		url: cli.url,
		patience: Duration::from_secs(cli.wait),
		force: cli.force,
		key: cli.key,
		library: cli.library,
		finalized: cli.finalized,
		output,
	};
	match cli.command.run(&context).await {
		Ok(Outcome::Done) => ExitCode::SUCCESS,
		Ok(Outcome::Unfavourable) => ExitCode::from(2),
		Err(error) => {
			output.failure(&advice::advise(error));
			ExitCode::FAILURE
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parsed(line: &str) -> Result<Cli, clap::Error> {
		Cli::parse_from(line.split(' ').map(OsString::from))
	}

	#[test]
	fn the_command_line_is_well_defined() {
		with_negative_numbers(Cli::command()).debug_assert();
	}

	#[test]
	fn a_wrong_call_is_told_in_one_line() {
		for (line, words) in [
			("assay", "a command is missing"),
			("assay job", "a command is missing"),
			("assay job cancel", "required arguments were not provided: <JOB>"),
			("assay job show seven", "invalid value 'seven' for '<JOB>'"),
			("assay job show 7 --jsn", "unexpected argument '--jsn' found"),
			(
				"assay job submit --model 0.0 --tokens 1 --max-fee -1",
				"`-1` is not an amount of ASY: it is negative",
			),
			(
				"assay account transfer //Bob -0.5",
				"`-0.5` is not an amount of ASY: it is negative",
			),
		] {
			let text = wrong_call(&parsed(line).unwrap_err());
			assert!(text.contains(words) && !text.contains('\n'), "{line}: {text}");
			assert!(!text.contains("Usage"), "{line}: {text}");
		}
	}

	#[test]
	fn numbers_of_a_vector_may_be_negative() {
		assert!(parsed("assay job submit --model 0.0 --vector -0.5,1").is_ok());
		assert!(parsed("assay job submit --model 0.0 --vector -.5").is_ok());
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
			"stake payee //Alice",
			"stake payee //Alice //Eve",
			"stake reap //Alice",
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
			"operator readmit //Eve",
			"operator node",
			"operator unbond",
			"model serve 0.0 --price 1 --anyway",
			"validator keys",
			"validator keys --anyway",
			"watch",
			"watch --once --model 0.0 --model 1.2 --consumer //Alice --bonds 2",
			"validator join",
			"validator leave",
			"validator list",
			"validator slashes",
			"validator purge-keys",
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
			"watch 7",
			"watch --bonds 0",
			"watch --model zero",
		] {
			assert!(parse(&format!("assay {wrong}")).is_err(), "{wrong}");
		}
	}

	#[test]
	fn whoever_verifies_a_receipt_says_whom_it_trusts() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		let key = format!("0x{}", "0a".repeat(32));
		for right in [
			"get 7".to_owned(),
			"get 7 --checkpoint c.json --out r".into(),
			"checkpoint".into(),
			"verify r --checkpoint c.json".into(),
			"verify r --genesis chain.json".into(),
			format!("verify r --authorities {key},{key} --set 3"),
		] {
			assert!(parse(&format!("assay receipt {right} --json")).is_ok(), "{right}");
		}
		for wrong in [
			"get".to_owned(),
			"verify r".into(),
			"verify --checkpoint c.json".into(),
			"verify r --checkpoint c.json --genesis chain.json".into(),
			format!("verify r --authorities {key}"),
			"verify r --set 3".into(),
			"verify r --authorities 0x0a --set 3".into(),
		] {
			assert!(parse(&format!("assay receipt {wrong}")).is_err(), "{wrong}");
		}
	}

	#[test]
	fn a_job_is_verified_lightly_by_one_to_sixteen_positions() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		for right in [
			"",
			"--light",
			"--light --positions 16 --light-key a.key --worker ws://10.0.0.1:9944",
			"--light --opening 7.opening --tell-only",
		] {
			assert!(parse(format!("assay verify 7 {right}").trim_end()).is_ok(), "{right}");
		}
		for wrong in [
			"--positions 4",
			"--worker ws://10.0.0.1:9944",
			"--tell-only",
			"--light --positions 0",
			"--light --positions 17",
			"--light --output a.json",
			"--light --opening 7.opening --positions 4",
		] {
			assert!(parse(&format!("assay verify 7 {wrong}")).is_err(), "{wrong}");
		}
	}

	#[test]
	fn audits_are_asked_for_by_job_version_or_operator() {
		let parse = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ());
		for right in [
			"offer 0.0",
			"withdraw 1.2",
			"show 7",
			"auditors 0.0",
			"rates //Bob",
			"key 0.0",
			"key models/a.assay --out a.key",
			"open 7 --positions 3,9 --out 7.opening",
		] {
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
			"key",
			"open 7 --out 7.opening",
			"open 7 --positions three --out 7.opening",
		] {
			assert!(parse(&format!("assay audit {wrong}")).is_err(), "{wrong}");
		}
	}
}
