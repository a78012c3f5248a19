//! The command line by which operators of a gateway keep its keys.

use std::{path::Path, process::Command};

/// Runs `assay-gateway key …` on the keys in a folder: whether it succeeded, and what it said.
fn key(folder: &Path, arguments: &[&str]) -> (bool, String) {
	let output = Command::new(env!("CARGO_BIN_EXE_assay-gateway"))
		.arg("--data")
		.arg(folder)
		.arg("key")
		.args(arguments)
		.output()
		.unwrap();
	let said = match output.status.success() {
		true => output.stdout,
		false => output.stderr,
	};
	(output.status.success(), String::from_utf8(said).unwrap())
}

fn said(folder: &Path, arguments: &[&str]) -> String {
	let (succeeded, said) = key(folder, arguments);
	assert!(succeeded, "{said}");
	said
}

#[test]
fn keys_are_made_listed_changed_and_revoked() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	let secret = said(folder, &["create", "alice", "--limit", "20"]);
	assert!(secret.starts_with("sk-assay-") && secret.trim().len() == 73, "{secret}");
	said(
		folder,
		&["create", "bob", "--limit", "1.5", "--tokens-per-minute", "1000"],
	);
	let listed = said(folder, &["list"]);
	let expected = "alice: spent 0 ASY, reserved 0 ASY, limit 20 ASY\n\
		bob: spent 0 ASY, reserved 0 ASY, limit 1.5 ASY, 1000 tokens a minute\n";
	assert_eq!(listed, expected);
	let changed = said(
		folder,
		&["change", "alice", "--limit", "50", "--requests-per-minute", "60"],
	);
	assert_eq!(changed, "alice: limit 50 ASY, 60 requests a minute\n");
	said(folder, &["revoke", "bob"]);
	let listed = said(folder, &["list"]);
	assert!(
		listed.contains("limit 50 ASY, 60 requests a minute\nbob:") && listed.ends_with(", revoked\n"),
		"{listed}"
	);
}

#[test]
fn what_cannot_be_done_to_a_key_is_told() {
	let folder = tempfile::tempdir().unwrap();
	let folder = folder.path();
	said(folder, &["create", "alice", "--limit", "20"]);
	for (arguments, words) in [
		(
			&["create", "alice", "--limit", "1"][..],
			"there is a key called `alice` already",
		),
		(&["change", "bob", "--limit", "1"], "there is no key called `bob`"),
		(&["revoke", "bob"], "there is no key called `bob`"),
		(&["change", "alice"], "--limit"),
		(
			&["change", "alice", "--requests-per-minute", "0"],
			"--requests-per-minute",
		),
	] {
		let (succeeded, error) = key(folder, arguments);
		assert!(!succeeded && error.contains(words), "{arguments:?}: {error}");
	}
}
