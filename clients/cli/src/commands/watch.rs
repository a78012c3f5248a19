//! `assay watch`.

use super::{parse_version, Context};
use crate::{
	watcher::{Choice, Watcher},
	Outcome,
};
use anyhow::Result;
use assay_protocol::ModelVersion;
use assay_sdk::{keys::account, AccountId};

/// Whose claims to look at.
#[derive(Debug, clap::Args)]
#[command(
	after_help = "Each claim that can be challenged, those from before the command began included, is run on this machine, the \
	one that becomes final first before all others, and others beside one that takes long. A wrong one is challenged under a bond, and its \
	dispute led to the end beside the next claims; a dispute that an earlier run of this command has left open goes on. Claims of models \
	whose artifact is not in the folder of artifacts are passed over, and said to be. With --json there is a line with a document for \
	each claim that was looked at and for each dispute that ended; with --once as well there is one document with all of them."
)]
pub(crate) struct Watch {
	/// Only claims of this model version; it may be given more than once.
	#[arg(long = "model", value_name = "MODEL.VERSION", value_parser = parse_version)]
	models: Vec<ModelVersion>,
	/// Only claims of jobs that this account pays for.
	#[arg(long, value_name = "ACCOUNT", value_parser = account)]
	consumer: Option<AccountId>,
	/// Disputes at once at most: each holds a bond until it is over, a silent worker's for as long as silence is not guilt.
	#[arg(long, default_value_t = 64, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
	bonds: u16,
	/// Look at the claims that there are now, lead their disputes to the end, and stop: 0 if each is right or was struck down, 2 if a
	/// challenge was lost or a claim was not looked at.
	#[arg(long)]
	once: bool,
}

impl Watch {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let choice = Choice {
			models: self.models,
			consumer: self.consumer,
			once: self.once,
		};
		let all_well = Watcher::new(context, choice, self.bonds).await?.watch().await?;
		Ok(match all_well {
			true => Outcome::Done,
			false => Outcome::Unfavourable,
		})
	}
}
