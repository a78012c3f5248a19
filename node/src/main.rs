//! `assay-node`: authors, finalises and serves the Assay chain.
//!
//! [`cli`] is what may be asked on the command line, [`command`] what happens then, [`chain_spec`]
//! the chains that are built in, [`service`] the running node and [`rpc`] what it answers.

// The large error types are those of `sc-cli` and `sc-service`.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
