//! `assay-node`: authors, finalises and serves the Assay chain.
//!
//! [`cli`] is what may be asked on the command line, [`command`] what happens then, [`chain_spec`]
//! the chains that are built in, [`service`] the running node and [`rpc`] what it answers.

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
