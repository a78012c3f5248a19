//! `assay model`.

mod eval;
mod import;
mod register;
mod serve;
mod show;
mod tokenizer;

use super::{parse_version, Context};
use crate::Outcome;
use anyhow::Result;
use assay_protocol::ModelVersion;
use assay_sdk::Call;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
	/// Turn a model into an artifact: quantised weights, program, tokenizer, and the root by which the chain knows them.
	Import(import::Import),
	/// Register an artifact as a new model, or as a new version of one.
	Register(register::Register),
	/// List the registered models.
	List,
	/// Show a model, or one version of it, with the operators that serve it.
	Show(show::Show),
	/// Write the tokenizer.json of a model version to a file, for programs that tokenise by themselves.
	Tokenizer(tokenizer::TokenizerOf),
	/// Offer to run a model version, as the signing operator.
	Serve(serve::Serve),
	/// Withdraw an offer.
	Unserve {
		/// Model version.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Refuse new jobs for a version, as its publisher.
	Retire {
		/// Model version.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Forget a retired version that nobody runs or serves, as its publisher; its deposit comes back.
	Remove {
		/// Model version.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Measure the quality of a model in the exact profile against its float weights.
	Eval(eval::Eval),
}

impl ModelCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Import(command) => command.run(context),
			Self::Register(command) => command.run(context).await,
			Self::List => show::list(context).await,
			Self::Show(command) => command.run(context).await,
			Self::Tokenizer(command) => command.run(context).await,
			Self::Serve(command) => command.run(context).await,
			Self::Unserve { version } => {
				context
					.submit_and_tell(Call::unserve(version), &format!("{version} is not served any more"))
					.await
			}
			Self::Remove { version } => {
				context
					.submit_and_tell(Call::remove(version), &format!("{version} is removed"))
					.await
			}
			Self::Eval(command) => command.run(context).await,
			Self::Retire { version } => {
				context
					.submit_and_tell(Call::retire(version), &format!("{version} is retired"))
					.await
			}
		}
	}
}
