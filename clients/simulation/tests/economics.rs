//! The program as people run it, and the documentation that shows what it printed.

use assay_protocol::governance::ParameterValue;
use assay_runtime::{
	governance::{parameters::RuntimeParameters, queries},
	Parameters, RuntimeOrigin,
};
use assay_simulation::{
	conditions::conditions,
	constants::Constants,
	plots::{COLLUSION_PLOT, INFLATION_PLOT, STAKE_PLOT},
	report::{Report, Settings},
};
use codec::{Decode, Encode};
use serde_json::Value;
use sp_io::TestExternalities;
use sp_runtime::Permill;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Output},
};

/// What `docs/economics.md` says that its numbers come from.
const DOCUMENTED: Settings = Settings {
	seed: 1,
	trials: 20_000,
};

fn simulate(arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_assay-simulate"))
		.arg("economics")
		.args(arguments)
		.output()
		.expect("the program runs")
}

fn docs() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn honesty_should_pay_with_one_honest_challenger() {
	let output = simulate(&["--json", "--trials", "500"]);
	assert_eq!(output.status.code(), Some(0));
	let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
	assert_eq!(report["honesty_pays"], true);
	let rows = report["tables"]["one_challenger"].as_array().expect("rows");
	assert!(!rows.is_empty());
	assert!(rows.iter().all(|row| row["honesty pays"] == true));
}

#[test]
fn cheating_should_be_reported_when_wrong_results_cost_too_little() {
	let output = simulate(&["--trials", "500", "--wrong-result-penalty", "0"]);
	assert_eq!(output.status.code(), Some(1));
	let text = String::from_utf8(output.stdout).expect("text");
	assert!(text.contains("Honesty does not pay"), "{text}");
}

#[test]
fn p15_the_program_should_fail_when_a_single_condition_does_not_hold() {
	// At 30 % a cheat that an honest challenger watches still loses, but a challenger's cost is no longer covered everywhere.
	let output = simulate(&["--json", "--trials", "500", "--wrong-result-penalty", "30"]);
	assert_eq!(output.status.code(), Some(1));
	let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
	let rows = |table: &str, column: &str| {
		let rows = report["tables"][table].as_array().expect("rows");
		rows.iter().filter(|row| row[column] == false).count()
	};
	assert_eq!(rows("one_challenger", "honesty pays"), 0);
	assert!(rows("conditions", "holds") > 0);
}

#[test]
fn p15_every_condition_should_be_promised_and_hold() {
	let output = simulate(&["--json", "--trials", "500"]);
	assert_eq!(output.status.code(), Some(0));
	let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
	let rows = report["tables"]["conditions"].as_array().expect("rows");
	assert!(rows.len() > 20);
	assert!(rows
		.iter()
		.all(|row| row["holds"] == true && row.get("required").is_none()));
}

/// Whatever a referendum of the general admin does, alone or with others.
#[test]
fn every_condition_should_hold_at_all_bounds_of_the_parameters() {
	let parameters = TestExternalities::default().execute_with(queries::parameters);
	let corners = 1u32 << parameters.len();
	assert!(corners > 100, "{parameters:?}");
	for corner in 0..corners {
		let set = || {
			for (place, parameter) in parameters.iter().enumerate() {
				let most = corner >> place & 1 == 1;
				let value = match parameter.value {
					ParameterValue::Amount { least, most: bound, .. } => {
						Some(if most { bound } else { least }).encode()
					}
					ParameterValue::Share { most: bound, .. } => {
						Some(if most { bound } else { Permill::zero() }).encode()
					}
				};
				let set = [&parameter.key[..], &value].concat();
				let set = RuntimeParameters::decode(&mut &set[..]).expect("it is a parameter");
				Parameters::set_parameter(RuntimeOrigin::root(), set).expect("root may");
			}
		};
		let failed: Vec<_> = conditions(&Constants::of_a_chain_where(set))
			.into_iter()
			.filter(|condition| !condition.holds())
			.collect();
		assert!(
			failed.is_empty(),
			"at corner {corner:08b} of {parameters:?}: {failed:#?}"
		);
	}
}

#[test]
fn same_seed_should_print_the_same_and_another_seed_something_else() {
	let run = |seed| simulate(&["--json", "--trials", "300", "--seed", seed]).stdout;
	assert_eq!(run("3"), run("3"));
	assert_ne!(run("3"), run("4"));
}

#[test]
fn documentation_should_show_what_the_program_prints() {
	let report = Report::new(&Constants::of_the_runtime(), DOCUMENTED);
	let page = fs::read_to_string(docs().join("economics.md")).expect("docs/economics.md");
	for table in &report.tables {
		assert!(
			page.contains(&table.markdown()),
			"docs/economics.md does not show the table {} as `scripts/simulate economics` prints it:\n\n{}",
			table.name,
			table.markdown()
		);
	}
}

#[test]
fn plots_should_be_those_of_the_documentation() {
	let folder = tempfile::tempdir().expect("a folder");
	let path = folder.path().to_str().expect("a path of Unicode");
	// Every plot depends on seed and trials, so they are those of the documentation.
	assert!(simulate(&["--plots", path]).status.success());
	for plot in [STAKE_PLOT, COLLUSION_PLOT, INFLATION_PLOT] {
		let drawn = fs::read(folder.path().join(plot)).expect("a plot");
		let shown = fs::read(docs().join("economics").join(plot)).expect("a plot of the documentation");
		assert!(
			drawn == shown,
			"draw {plot} again: scripts/simulate economics --plots docs/economics"
		);
	}
}
