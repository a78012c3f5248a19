//! The command line.

use crate::{key::KeyCommand, launch::LaunchCmd};
use clap::ValueEnum;
use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

/// Everything that may be asked of the node.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
	/// What to do instead of running the node.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// How to run the node.
	#[clap(flatten)]
	pub(crate) run: sc_cli::RunCmd,

	/// How to run the embedded worker.
	#[clap(flatten)]
	pub(crate) worker: WorkerParams,

	/// Folder that keeps the runtime's machine code, so that the next start need not compile it again. What lies there is
	/// executed: nobody else may write to it.
	#[arg(long, value_name = "DIR")]
	pub(crate) runtime_cache: Option<PathBuf>,
}

/// What the node can do besides running.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(KeyCommand),

	/// Make the specification of a live chain from what its founders agree on.
	Launch(LaunchCmd),

	/// Print a chain's specification.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Execute a stored block again and compare.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state at a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Delete the chain's database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Go back to an earlier block.
	Revert(sc_cli::RevertCmd),

	/// Print the database's best, finalised and genesis block.
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// How to run the embedded worker.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WorkerParams {
	/// Folder of imported models [default: models in the user's data folder of assay].
	#[arg(long, value_name = "DIR")]
	models_dir: Option<PathBuf>,

	/// Whether this node runs jobs for the operators whose worker keys it holds [default: on for authorities].
	#[arg(long, value_name = "SWITCH")]
	worker: Option<Switch>,

	/// Cores that models may use [default: half of the machine's, at least one].
	#[arg(long, value_name = "N")]
	worker_cores: Option<NonZeroUsize>,

	/// Jobs that are run at the same time at most: those of one model share the passes over its weights, each keeps a cache of its
	/// own in memory.
	#[arg(long, value_name = "N", default_value = "8")]
	worker_jobs: NonZeroUsize,

	/// Where the worker answers requests in real time, through channels [default: nowhere]. Consumers connect to it, so it is an
	/// address that others reach: `0.0.0.0:8443`.
	#[arg(long, value_name = "ADDRESS")]
	endpoint_addr: Option<SocketAddr>,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Switch {
	/// On.
	On,
	/// Off.
	Off,
}

impl WorkerParams {
	/// Whether the worker runs.
	pub(crate) fn is_on(&self, is_authority: bool) -> bool {
		self.worker.map_or(is_authority, |switch| switch == Switch::On)
	}

	/// Folder of imported models.
	pub(crate) fn models_dir(&self) -> PathBuf {
		self.models_dir.clone().unwrap_or_else(|| {
			sc_service::BasePath::from_project("", "", "assay")
				.path()
				.join("models")
		})
	}

	/// Jobs that are run at the same time at most.
	pub(crate) fn jobs_at_once(&self) -> NonZeroUsize {
		self.worker_jobs
	}

	/// Where the worker answers requests.
	pub(crate) fn endpoint_addr(&self) -> Option<SocketAddr> {
		self.endpoint_addr
	}

	/// Cores that models may use. Half, because consensus has to keep its pace beside them.
	pub(crate) fn cores(&self) -> NonZeroUsize {
		let half = || {
			std::thread::available_parallelism()
				.ok()
				.and_then(|cores| NonZeroUsize::new(cores.get() / 2))
		};
		self.worker_cores.or_else(half).unwrap_or(NonZeroUsize::MIN)
	}
}
