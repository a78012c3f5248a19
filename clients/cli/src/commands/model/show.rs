//! `assay model list` and `assay model show`.

use crate::{
	commands::{parse_version, Context},
	output::table,
	views::ModelView,
	Outcome,
};
use anyhow::{ensure, Result};
use assay_protocol::{ModelId, ModelVersion, VersionNumber};
use assay_sdk::{AccountId, Assay, Block};

/// Which model to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
	/// A model, such as 3, or one version of it, such as 3.0.
	#[arg(value_parser = parse_which)]
	which: Which,
}

#[derive(Clone, Copy, Debug)]
struct Which {
	model: ModelId,
	version: Option<VersionNumber>,
}

fn parse_which(text: &str) -> Result<Which> {
	if let Ok(model) = text.parse() {
		return Ok(Which { model, version: None });
	}
	let ModelVersion { model, version } = parse_version(text)?;
	Ok(Which {
		model,
		version: Some(version),
	})
}

impl Show {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let at = chain.best().await?;
		let Which { model: id, version } = self.which;
		let model = chain.models().at(at).get(id).await?;
		let mut view = ModelView::new(&model);
		for (index, found) in model.versions.iter().enumerate() {
			let wanted = version.is_none_or(|version| version == found.version);
			if wanted {
				let version = ModelVersion {
					model: id,
					version: found.version,
				};
				let mut offers = vec![];
				for offer in chain.models().at(at).offers(version).await? {
					let state = match offer.listed {
						true => "listed",
						false => unlisted(&chain, offer.offer.operator, at).await?,
					};
					offers.push((offer, state));
				}
				view.with_offers(index, &offers);
			}
		}
		if let Some(version) = version {
			ensure!(
				model.versions.iter().any(|found| found.version == version),
				"model {id} has no version {version}: it has {}",
				model.versions.len()
			);
			view.keep_version(version.0);
		}
		context.output.answer(&view, || view.text());
		Ok(Outcome::Done)
	}
}

/// Why no jobs are assigned to an operator's offers.
async fn unlisted(chain: &Assay, operator: AccountId, at: Block) -> Result<&'static str> {
	let operator = chain.staking().at(at).operator(operator).await?;
	Ok(match (operator.active, operator.chilled) {
		(true, _) => "silent",
		(false, true) => "chilled",
		(false, false) => "bond too low",
	})
}

/// Lists the registered models.
pub(super) async fn list(context: &Context) -> Result<Outcome> {
	let chain = context.chain().await?;
	let models = chain.models().at(chain.best().await?).list().await?;
	let views: Vec<_> = models.iter().map(ModelView::new).collect();
	context.output.answer(&views, || match views.is_empty() {
		true => "no model is registered".into(),
		false => table(ModelView::HEADER, 4, views.iter().flat_map(ModelView::rows).collect()),
	});
	Ok(Outcome::Done)
}
