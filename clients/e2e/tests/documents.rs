//! The commands of the documents, pasted into a shell as readers paste them.

use anyhow::{ensure, Context, Result};
use assay_e2e::{Binaries, Document};
use std::{
	env, fs,
	net::TcpListener,
	path::Path,
	process::{Command, Stdio},
};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Pasted into one shell, in the order in which they are read: a page may use what the pages before it have started.
const PASTED: [&str; 2] = ["README.md", "docs/dapps.md"];
/// Pages of which no command is pasted, and why.
const NOT_PASTED: [(&str, &str); 2] = [
	("docs/operators.md", "a second node and its keys are set up by hand"),
	(
		"docs/staking.md",
		"what is unbonded is free only after hundreds of blocks",
	),
];
/// The port at which a node answers unless told otherwise, as documents do not.
const RPC_PORT: u16 = 9944;

/// Sources the pages that are its arguments and stops at the first command that fails. What runs in the background ends with
/// the shell, whose options must be at the end what they were.
const SHELL: &str = r#"
options="$(set +o)"
end() {
	trap - ERR
	# Again and again: a job that has only just begun may not have heard it.
	while [[ -n "$(jobs -rp)" ]]; do
		kill $(jobs -rp) 2>/dev/null
		sleep 1
	done
}
trap end EXIT
trap 'status=$?; echo "$(basename "${BASH_SOURCE[0]:-}") line $LINENO: \`$BASH_COMMAND\` ended with $status" >&2; exit "$status"' ERR
for page in "$@"; do . "$page"; done
if [[ "$(set +o)" != "$options" ]]; then echo "the pages changed options of the shell" >&2; exit 1; fi
"#;

/// Pastes the commands of pages into a fresh shell at the root of the repository; all that they leave is in `folder`.
fn paste(pages: &[Document], folder: &Path) -> Result<()> {
	let log = folder.join("shell.log");
	let shown = fs::File::create(&log)?;
	let mut shell = Command::new("bash");
	// The first argument is the shell's own name.
	shell.args(["--noprofile", "--norc", "-c", SHELL, "bash"]);
	for page in pages {
		let name = page.path().file_name().context("a page without a name")?;
		let script = folder.join(name);
		fs::write(&script, page.script()?)?;
		shell.arg(script);
	}
	// What this machine's user has set must not help.
	for (variable, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ASSAY_")) {
		shell.env_remove(variable);
	}
	let binaries = Binaries::find()?;
	let status = shell
		.env("ASSAY_BIN_DIR", binaries.node.parent().context("a node in no folder")?)
		.env("TMPDIR", folder)
		.current_dir(REPOSITORY)
		.stdin(Stdio::null())
		.stdout(shown.try_clone()?)
		.stderr(shown)
		.status()
		.context("bash")?;
	ensure!(status.success(), "{}", fs::read_to_string(&log)?);
	Ok(())
}

/// All pages that readers are sent to: README.md and those of `docs`.
fn pages() -> Result<Vec<String>> {
	let mut pages = vec!["README.md".to_owned()];
	for file in fs::read_dir(Path::new(REPOSITORY).join("docs"))? {
		let name = file?.file_name().to_string_lossy().into_owned();
		if name.ends_with(".md") {
			pages.push(format!("docs/{name}"));
		}
	}
	Ok(pages)
}

#[test]
fn commands_of_the_documents_run_as_they_are_pasted() -> Result<()> {
	TcpListener::bind(("127.0.0.1", RPC_PORT))
		.with_context(|| format!("port {RPC_PORT}, at which the documents' node answers, is taken"))?;
	let pages = PASTED
		.into_iter()
		.map(Document::of_the_repository)
		.collect::<Result<Vec<_>>>()?;
	let folder = tempfile::Builder::new().prefix("assay-documents-").tempdir()?;
	paste(&pages, folder.path()).with_context(|| format!("logs are kept in {}", folder.keep().display()))
}

#[test]
fn every_block_of_commands_is_pasted_or_says_why_not() -> Result<()> {
	let pages = pages()?;
	for known in PASTED.iter().chain(NOT_PASTED.iter().map(|(name, _)| name)) {
		ensure!(pages.iter().any(|page| page == known), "there is no page {known}");
	}
	for name in pages {
		let excused = NOT_PASTED.iter().any(|(page, _)| *page == name);
		if excused || PASTED.contains(&name.as_str()) {
			continue;
		}
		for block in Document::of_the_repository(&name)?.commands()? {
			ensure!(
				block.not_run.is_some(),
				"nobody runs {name} line {}: paste the page in this test, or write ```sh not-run: REASON",
				block.line
			);
		}
	}
	Ok(())
}

#[test]
fn the_program_in_the_documents_is_the_example_that_runs() -> Result<()> {
	let example = Path::new(REPOSITORY).join("clients/sdk/examples/embed.rs");
	let example = fs::read_to_string(example)?;
	let page = Document::of_the_repository("docs/dapps.md")?;
	assert_eq!(page.block("sdk-example", "rust")?, example.trim_end());
	Ok(())
}

#[test]
fn a_command_that_fails_is_named_with_its_page_and_line() -> Result<()> {
	let (written, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
	let page = |name: &str, commands: &str| -> Result<Document> {
		let path = written.path().join(name);
		fs::write(&path, format!("# A page\n\n```sh\n{commands}\n```\n"))?;
		Document::read(path)
	};
	let good = page("good.md", "set -- a b\nsleep 1000 &\nexport X=1")?;
	paste(std::slice::from_ref(&good), folder.path())?;
	let fails = |pages: &[Document]| -> Result<String> {
		let error = paste(pages, folder.path())
			.err()
			.context("a failed command is no error")?;
		Ok(error.to_string())
	};
	let error = fails(&[good, page("bad.md", "[[ $X == 1 ]]\nls /no/such/folder\necho on")?])?;
	ensure!(
		error.contains("bad.md line 5: `ls /no/such/folder` ended with 2"),
		"{error}"
	);
	ensure!(!error.contains("\non"), "the commands after it were run: {error}");
	let error = fails(&[page("strict.md", "set -u")?])?;
	ensure!(error.contains("options of the shell"), "{error}");
	Ok(())
}
