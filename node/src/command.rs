//! What happens when the node is called.

use crate::{
	chain_spec::{self, ChainSpec},
	cli::{Cli, Subcommand},
	ports,
	service::{self, Block},
};
use sc_cli::SubstrateCli;
use sc_service::PartialComponents;
use std::path::PathBuf;

/// Whoever runs a node says for which chain: a network whose keys everybody knows must not be joined by mistake.
const NO_CHAIN: &str =
	"which chain? `--chain FILE` joins the one whose specification you were given, `--dev` starts one of your own \
	with a single validator, `--chain local` is for test networks of four whose keys everybody knows";

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Assay Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn executable_name() -> String {
		env!("CARGO_PKG_NAME").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		"The Assay authors".into()
	}

	fn support_url() -> String {
		"docs/operators.md".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(match id {
			"dev" => Box::new(chain_spec::development()?),
			// Commands that need no chain, like those for keys, pass no name.
			"" | "local" => Box::new(chain_spec::local_testnet()?),
			path => Box::new(
				ChainSpec::from_json_file(PathBuf::from(path))
					.map_err(|error| format!("no chain is called `{path}`; as a file: {error}"))?,
			),
		})
	}
}

/// Parses the command line and does what it says.
pub(crate) fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		None => {
			if cli.run.shared_params.chain.is_none() && !cli.run.shared_params.is_dev() {
				return Err(NO_CHAIN.into());
			}
			let runner = cli.create_runner(&cli.run)?;
			runner.run_node_until_exit(|mut config| async move {
				ports::check(&mut config, &cli.run)?;
				service::new_full(config, &cli.worker, cli.runtime_cache.as_deref()).map_err(sc_cli::Error::Service)
			})
		}
		Some(Subcommand::Key(command)) => command.run(&cli),
		Some(Subcommand::Launch(command)) => command.run(),
		Some(Subcommand::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
		Some(Subcommand::CheckBlock(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents {
				client,
				task_manager,
				import_queue,
				..
			} = service::new_chain_ops(config)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(command)) => cli.create_runner(command)?.async_run(|config| {
			let database = config.database.clone();
			let PartialComponents {
				client, task_manager, ..
			} = service::new_chain_ops(config)?;
			Ok((command.run(client, database), task_manager))
		}),
		Some(Subcommand::ExportState(command)) => cli.create_runner(command)?.async_run(|config| {
			let chain_spec = config.chain_spec.cloned_box();
			let PartialComponents {
				client, task_manager, ..
			} = service::new_chain_ops(config)?;
			Ok((command.run(client, chain_spec), task_manager))
		}),
		Some(Subcommand::ImportBlocks(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents {
				client,
				task_manager,
				import_queue,
				..
			} = service::new_chain_ops(config)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::PurgeChain(command)) => cli
			.create_runner(command)?
			.sync_run(|config| command.run(config.database)),
		Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents {
				client,
				task_manager,
				backend,
				..
			} = service::new_chain_ops(config)?;
			let revert_consensus = Box::new(|client, backend, blocks| {
				service::revert_consensus(client, backend, blocks).map_err(Into::into)
			});
			Ok((command.run(client, backend, Some(revert_consensus)), task_manager))
		}),
		Some(Subcommand::ChainInfo(command)) => cli
			.create_runner(command)?
			.sync_run(|config| command.run::<Block>(&config)),
	}
}
