//! `assay channel`.

mod ask;

use super::{parse_version, Context};
use crate::{keys::ChannelSource, output::table, views::ChannelView, Outcome};
use anyhow::{Context as _, Result};
use assay_protocol::{ChannelId, ModelVersion};
use assay_sdk::{events::ChannelOpened, keys::account as parse_account, AccountId, Amount, Call};
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
	/// Open a channel to an operator, at its present price.
	Open {
		/// Who answers: an address, or a development name.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// What runs, such as 3.0.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
		/// How much can be spent; what is left comes back at the end.
		#[arg(long)]
		deposit: Amount,
		/// The highest price of a unit of computation; what the operator asks now if absent.
		#[arg(long)]
		max_price: Option<Amount>,
		#[command(flatten)]
		key: ChannelSource,
	},
	/// Have something answered through a channel, as it is generated. Its receipt is paid for.
	Ask(Box<ask::Ask>),
	/// List the channels of an account.
	List {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		consumer: Option<AccountId>,
		/// How many.
		#[arg(long, default_value_t = 20)]
		limit: u32,
	},
	/// Show a channel.
	Show {
		/// The channel.
		channel: ChannelId,
	},
	/// Put more into a channel. If it was to end, it goes on.
	TopUp {
		/// The channel.
		channel: ChannelId,
		/// How much.
		amount: Amount,
	},
	/// End a channel: what is left in it comes back when the operator has had time to settle.
	End {
		/// The channel.
		channel: ChannelId,
	},
}

impl ChannelCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Open {
				operator,
				version,
				deposit,
				max_price,
				key,
			} => {
				let chain = context.chain().await?;
				context.keep_fees(&chain, deposit).await?;
				let key = key.public()?;
				let max_price = match max_price {
					Some(price) => price,
					None => {
						let offers = chain.models().offers(version).await?;
						let offer = offers.into_iter().find(|offer| offer.offer.operator == operator);
						let offer = offer.with_context(|| format!("{operator} does not serve {version}"))?;
						Amount(offer.offer.price)
					}
				};
				let call = Call::open_channel(operator, version, max_price.0, &key, deposit.0);
				let receipt = context.submit(&chain, call).await?;
				let ChannelOpened { channel } = receipt.event()?;
				let view = ChannelView::new(&chain.channels().get(channel).await?);
				context.output.answer(&view, || view.text());
			}
			Self::Ask(ask) => return ask.run(context).await,
			Self::List { consumer, limit } => {
				let consumer = match consumer {
					Some(consumer) => consumer,
					None => context.account()?,
				};
				let (chain, at) = context.reading().await?;
				let channels = chain.channels().at(at).of_consumer(consumer, limit).await?;
				let views: Vec<_> = channels.iter().map(ChannelView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "no channels".into(),
					false => table(ChannelView::HEADER, 2, views.iter().map(ChannelView::row).collect()),
				});
			}
			Self::Show { channel } => {
				let (chain, at) = context.reading().await?;
				let view = ChannelView::new(&chain.channels().at(at).get(channel).await?);
				context.output.answer(&view, || view.text());
			}
			Self::TopUp { channel, amount } => {
				let chain = context.chain().await?;
				context.keep_fees(&chain, amount).await?;
				let receipt = context.submit(&chain, Call::top_up(channel, amount.0)).await?;
				context.tell(&receipt, &format!("{amount} added to the channel"));
			}
			Self::End { channel } => {
				let chain = context.chain().await?;
				let receipt = context.submit(&chain, Call::give_notice(channel)).await?;
				let closes_at = chain.channels().get(channel).await?.closes_at;
				let closes_at = closes_at.map_or("soon".into(), |block| format!("in block {block}"));
				context.tell(
					&receipt,
					&format!("the channel closes {closes_at}: its operator may settle until then; noticed"),
				);
			}
		}
		Ok(Outcome::Done)
	}
}
