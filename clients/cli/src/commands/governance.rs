//! `assay governance`.

use super::{Context, FEES_KEPT};
use crate::{
	output::table,
	views::{ParameterView, ReferendumView, TrackView, VotingView},
	Outcome,
};
use anyhow::{anyhow, bail, ensure, Context as _, Result};
use assay_sdk::{
	amount::parse_share,
	events::Submitted,
	governance::{Conviction, Parameter, ParameterValue, ReferendumState, Track},
	keys::account as parse_account,
	AccountId, Amount, Assay, Call, H256,
};
use clap::{Subcommand, ValueEnum};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Bytes of a runtime at most: what a block holds, less what goes with it.
const LARGEST_RUNTIME: usize = 5 * 1024 * 1024 - 1_024;
/// Referenda that are listed at most.
const LISTED: usize = 100;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum GovernanceCommand {
	/// List referenda, newest first.
	List,
	/// Show a referendum: what it would do, how far it is, how the votes stand.
	Show {
		/// Its number.
		referendum: u32,
	},
	/// List the tracks: what can be decided, and what it takes.
	Tracks,
	/// List the constants that referenda may change, and their bounds.
	Parameters,
	/// Show how an account votes, and what of it is locked.
	Votes {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		account: Option<AccountId>,
	},
	/// Put something to the vote. The decision deposit goes with it.
	#[command(subcommand)]
	Propose(Proposed),
	/// Put up the decision deposit of a referendum.
	Deposit {
		/// Its number.
		referendum: u32,
	},
	/// Take back the deposits of a referendum that is over.
	Refund {
		/// Its number.
		referendum: u32,
	},
	/// Vote. Stake and everything else that is held votes too.
	Vote {
		/// The referendum.
		referendum: u32,
		/// For it or against it.
		side: Side,
		/// With how much.
		#[arg(required_unless_present = "all")]
		amount: Option<Amount>,
		/// With all that the account has, less a little for fees.
		#[arg(long, conflicts_with = "amount")]
		all: bool,
		/// How much the vote weighs, and for how many periods it locks what it is cast with if its side wins.
		#[arg(long, value_enum, default_value = "1x")]
		conviction: Weight,
	},
	/// Take back a vote.
	Unvote {
		/// The referendum.
		referendum: u32,
	},
	/// Lend votes on a track to somebody who looks at its referenda.
	Lend {
		/// The track.
		track: TrackName,
		/// To whom.
		#[arg(value_parser = parse_account)]
		to: AccountId,
		/// How much.
		amount: Amount,
		/// How much they weigh, and for how long they stay locked when they are taken back.
		#[arg(long, value_enum, default_value = "1x")]
		conviction: Weight,
	},
	/// Take back votes that were lent on a track.
	Reclaim {
		/// The track.
		track: TrackName,
	},
	/// Free what votes on a track have locked and need not lock any more.
	Unlock {
		/// The track.
		track: TrackName,
	},
	/// Make the runtime in a file the chain's, if a referendum has authorised it. Anybody may.
	Upgrade {
		/// The runtime, small enough for a block: compressed WebAssembly.
		runtime: PathBuf,
	},
	/// Have a spend of the treasury paid that was approved. Anybody may.
	Payout {
		/// The spend.
		spend: u32,
	},
}

/// What is put to the vote.
#[derive(Debug, Subcommand)]
pub(crate) enum Proposed {
	/// A new runtime, by the hash of its file.
	Upgrade {
		/// The runtime, small enough for a block: compressed WebAssembly.
		runtime: PathBuf,
	},
	/// Another value of a constant.
	Set {
		/// Its name, as `assay governance parameters` lists it.
		parameter: String,
		/// An amount in ASY, or a share with its sign.
		value: String,
	},
	/// Money of the treasury for somebody.
	Spend {
		/// How much.
		amount: Amount,
		/// For whom.
		#[arg(value_parser = parse_account)]
		to: AccountId,
		/// As whom: the treasurer for more than a small spend.
		#[arg(long, value_enum, default_value = "small-spender")]
		track: TrackName,
	},
}

/// For or against.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Side {
	/// For it.
	Aye,
	/// Against it.
	Nay,
}

/// How much a vote weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Weight {
	/// A tenth, and nothing stays locked.
	None,
	/// One vote, locked for one period.
	#[value(name = "1x")]
	One,
	/// Two votes, locked for two periods.
	#[value(name = "2x")]
	Two,
	/// Three votes, locked for four.
	#[value(name = "3x")]
	Three,
	/// Four votes, locked for eight.
	#[value(name = "4x")]
	Four,
	/// Five votes, locked for sixteen.
	#[value(name = "5x")]
	Five,
	/// Six votes, locked for thirty-two.
	#[value(name = "6x")]
	Six,
}

impl From<Weight> for Conviction {
	fn from(weight: Weight) -> Self {
		match weight {
			Weight::None => Self::None,
			Weight::One => Self::Locked1x,
			Weight::Two => Self::Locked2x,
			Weight::Three => Self::Locked3x,
			Weight::Four => Self::Locked4x,
			Weight::Five => Self::Locked5x,
			Weight::Six => Self::Locked6x,
		}
	}
}

/// A track by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum TrackName {
	/// Anything.
	Root,
	/// A call that the technical committee has whitelisted.
	WhitelistedCaller,
	/// Parameters and people.
	GeneralAdmin,
	/// Any spend.
	Treasurer,
	/// A small spend.
	SmallSpender,
	/// Slashes that are not yet applied.
	SlashCanceller,
	/// Cancelling a referendum.
	ReferendumCanceller,
	/// Cancelling a referendum and taking its deposits.
	ReferendumKiller,
}

impl From<TrackName> for Track {
	fn from(name: TrackName) -> Self {
		match name {
			TrackName::Root => Self::Root,
			TrackName::WhitelistedCaller => Self::WhitelistedCaller,
			TrackName::GeneralAdmin => Self::GeneralAdmin,
			TrackName::Treasurer => Self::Treasurer,
			TrackName::SmallSpender => Self::SmallSpender,
			TrackName::SlashCanceller => Self::SlashCanceller,
			TrackName::ReferendumCanceller => Self::ReferendumCanceller,
			TrackName::ReferendumKiller => Self::ReferendumKiller,
		}
	}
}

impl GovernanceCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::List => {
				let (chain, at) = context.reading().await?;
				let referenda = chain.governance().at(at).referenda(LISTED).await?;
				let views: Vec<_> = referenda.into_iter().map(ReferendumView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "nothing was ever put to the vote".into(),
					false => table(
						ReferendumView::HEADER,
						0,
						views.iter().map(ReferendumView::row).collect(),
					),
				});
				Ok(Outcome::Done)
			}
			Self::Show { referendum } => {
				let (chain, at) = context.reading().await?;
				let view = ReferendumView::new(chain.governance().at(at).referendum(referendum).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Tracks => {
				let (chain, at) = context.reading().await?;
				let tracks = chain.governance().at(at).tracks().await?;
				let views: Vec<_> = tracks.into_iter().map(TrackView::new).collect();
				context.output.answer(&views, || {
					table(TrackView::HEADER, 1, views.iter().map(TrackView::row).collect())
				});
				Ok(Outcome::Done)
			}
			Self::Parameters => {
				let (chain, at) = context.reading().await?;
				let parameters = chain.governance().at(at).parameters().await?;
				let views: Vec<_> = parameters.iter().map(ParameterView::new).collect();
				context.output.answer(&views, || {
					table(ParameterView::HEADER, 1, views.iter().map(ParameterView::row).collect())
				});
				Ok(Outcome::Done)
			}
			Self::Votes { account } => {
				let account = account.map_or_else(|| context.account(), Ok)?;
				let (chain, at) = context.reading().await?;
				let view = VotingView::new(account, chain.governance().at(at).voting(account).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Propose(proposed) => proposed.run(context).await,
			Self::Deposit { referendum } => {
				let done = format!("the decision deposit of referendum {referendum} is put up");
				context
					.submit_and_tell(Call::place_decision_deposit(referendum), &done)
					.await
			}
			Self::Refund { referendum } => {
				let chain = context.chain().await?;
				context
					.submit(&chain, Call::refund_decision_deposit(referendum))
					.await?;
				let receipt = context
					.submit(&chain, Call::refund_submission_deposit(referendum))
					.await?;
				context.tell(
					&receipt,
					&format!("the deposits of referendum {referendum} are returned"),
				);
				Ok(Outcome::Done)
			}
			Self::Vote {
				referendum,
				side,
				amount,
				conviction,
				..
			} => {
				let chain = context.chain().await?;
				let amount = match amount {
					Some(amount) => amount,
					// Less what the fee of the vote takes.
					None => {
						let all = chain.governance().voting(context.account()?).await?.votes_with;
						Amount(all.saturating_sub(FEES_KEPT.0))
					}
				};
				let call = Call::vote(referendum, side == Side::Aye, amount.0, conviction.into());
				let receipt = context.submit(&chain, call).await?;
				let side = match side {
					Side::Aye => "aye",
					Side::Nay => "nay",
				};
				context.tell(&receipt, &format!("{amount} voted {side} in referendum {referendum}"));
				Ok(Outcome::Done)
			}
			Self::Unvote { referendum } => {
				let chain = context.chain().await?;
				let track = track_of(&chain, referendum).await?;
				let receipt = context.submit(&chain, Call::remove_vote(track, referendum)).await?;
				context.tell(&receipt, &format!("the vote in referendum {referendum} is taken back"));
				Ok(Outcome::Done)
			}
			Self::Lend {
				track,
				to,
				amount,
				conviction,
			} => {
				let track = Track::from(track);
				let done = format!("{amount} vote as {to} does on the track {}", track.name());
				let call = Call::lend_votes(track, to, conviction.into(), amount.0);
				context.submit_and_tell(call, &done).await
			}
			Self::Reclaim { track } => {
				let done = "the votes are taken back";
				context.submit_and_tell(Call::reclaim_votes(track.into()), done).await
			}
			Self::Unlock { track } => {
				let call = Call::unlock_votes(track.into(), context.account()?);
				context.submit_and_tell(call, "what need not be locked is free").await
			}
			Self::Upgrade { runtime } => {
				let code = read_runtime(&runtime)?;
				let chain = context.chain().await?;
				let receipt = chain.governance().apply_upgrade(&code).await?;
				context.tell(&receipt, "the runtime is replaced");
				Ok(Outcome::Done)
			}
			Self::Payout { spend } => {
				let done = format!("spend {spend} is paid");
				context.submit_and_tell(Call::pay_out(spend), &done).await
			}
		}
	}
}

impl Proposed {
	async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let (track, call, what) = match self {
			Self::Upgrade { runtime } => {
				let code = read_runtime(&runtime)?;
				let hash = H256(sp_crypto_hashing::blake2_256(&code));
				let what = format!("an upgrade to the runtime with hash {hash:?}");
				(Track::Root, Call::authorize_upgrade(hash), what)
			}
			Self::Set { parameter, value } => {
				let parameters = chain.governance().parameters().await?;
				let found = parameters.iter().find(|known| known.name == parameter);
				let known = found.with_context(|| {
					let names: Vec<_> = parameters.iter().map(|known| known.name.as_str()).collect();
					format!("there is no parameter `{parameter}`: there are {}", names.join(", "))
				})?;
				(
					Track::GeneralAdmin,
					set(known, &value)?,
					format!("{parameter} of {value}"),
				)
			}
			Self::Spend { amount, to, track } => (
				track.into(),
				Call::spend(amount.0, to),
				format!("{amount} of the treasury for {to}"),
			),
		};
		let signer = context.key.signer()?;
		let receipt = chain.governance().propose(&signer, track, &call).await?;
		let Submitted { index } = receipt.event()?;
		let deposited = context.submit(&chain, Call::place_decision_deposit(index)).await;
		let receipt = deposited
			.with_context(|| format!("referendum {index} is submitted, but its decision deposit is not put up"))?;
		context.tell(&receipt, &format!("referendum {index} is on {what}: put to the vote"));
		Ok(Outcome::Done)
	}
}

/// The call that sets a parameter; a value beyond its bounds, which would take no effect, is refused.
fn set(parameter: &Parameter, value: &str) -> Result<Call> {
	let name = &parameter.name;
	Ok(match parameter.value {
		ParameterValue::Amount { least, most, .. } => {
			let amount: Amount = value.parse()?;
			if amount.0 < least || amount.0 > most {
				bail!("{name} is {} to {}", Amount(least), Amount(most));
			}
			Call::set_parameter(parameter.key, amount.0)
		}
		ParameterValue::Share { most, .. } => {
			let share = parse_share(value)?;
			if share > most {
				bail!("{name} is {} at most", assay_sdk::amount::show_share(most));
			}
			Call::set_parameter(parameter.key, share)
		}
	})
}

/// The track of a referendum that is voted on.
async fn track_of(chain: &Assay, index: u32) -> Result<Track> {
	match chain.governance().referendum(index).await?.state {
		ReferendumState::Ongoing(of) => Track::ALL
			.into_iter()
			.find(|track| track.number() == of.track)
			.ok_or_else(|| {
				anyhow!(
					"referendum {index} is on track {}, which this program does not know",
					of.track
				)
			}),
		_ => bail!("referendum {index} is over: `assay governance unlock` frees what it has locked"),
	}
}

/// A runtime as it goes into a block.
fn read_runtime(file: &Path) -> Result<Vec<u8>> {
	let code = fs::read(file).with_context(|| file.display().to_string())?;
	ensure!(
		code.len() <= LARGEST_RUNTIME,
		"{} has {} bytes, and {LARGEST_RUNTIME} at most fit into a block: use the compressed file, `….compact.compressed.wasm`",
		file.display(),
		code.len()
	);
	Ok(code)
}
