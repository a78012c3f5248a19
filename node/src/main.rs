//! `assay-node`: authors, finalises and serves the Assay chain.
//!
//! [`cli`] is what may be asked on the command line, [`command`] what happens then, [`key`] what of it
//! is about keys, [`ports`] where it listens, [`chain_spec`] the chains that are built in, [`service`] the running node and [`rpc`] what it answers.

// The large error types are those of `sc-cli` and `sc-service`.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod command;
mod key;
mod launch;
mod ports;
mod rpc;
mod service;

use std::{error::Error, process::ExitCode};

fn main() -> ExitCode {
	let Err(error) = command::run() else {
		return ExitCode::SUCCESS;
	};
	let mut text = error.to_string();
	let mut cause = error.source();
	while let Some(error) = cause {
		let more = error.to_string();
		// Some errors quote their causes themselves.
		if !text.ends_with(&more) {
			text = format!("{text}: {more}");
		}
		cause = error.source();
	}
	eprintln!("Error: {text}");
	ExitCode::FAILURE
}
