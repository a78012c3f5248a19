//! Programs of others that must succeed.

use anyhow::{ensure, Context, Result};
use std::process::Command;

/// What a command prints to its standard output; `what` it is, and what to do if it cannot be run.
pub(crate) fn output(command: &mut Command, what: &str, advice: &str) -> Result<String> {
	let output = command.output().with_context(|| {
		let program = command.get_program().display();
		format!("{program} cannot be run: {advice}")
	})?;
	let printed = String::from_utf8_lossy(&output.stdout).into_owned();
	ensure!(
		output.status.success(),
		"`{what}` ended with {}:\n{printed}{}",
		output.status,
		String::from_utf8_lossy(&output.stderr)
	);
	Ok(printed)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_failed_command_says_what_it_printed() {
		let mut command = Command::new("sh");
		command.args(["-c", "echo out; echo err >&2; exit 3"]);
		let error = output(&mut command, "a wallet", "").unwrap_err().to_string();
		for part in ["a wallet", "exit status: 3", "out", "err"] {
			assert!(error.contains(part), "`{error}` does not say `{part}`");
		}
	}

	#[test]
	fn a_missing_program_says_how_to_get_it() {
		let error = output(&mut Command::new("no-such-program"), "nothing", "install it")
			.unwrap_err()
			.to_string();
		assert!(
			error.contains("no-such-program") && error.contains("install it"),
			"{error}"
		);
	}
}
