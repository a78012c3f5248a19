//! Channels.

use super::short;
use crate::output::fields;
use assay_sdk::{channels::Channel, AccountId, Amount, BlockNumber};
use serde::Serialize;

/// A channel.
#[derive(Serialize)]
pub(crate) struct ChannelView {
	id: String,
	consumer: AccountId,
	operator: AccountId,
	version: String,
	/// Of a unit of computation.
	price: Amount,
	/// What is left in it.
	deposit: Amount,
	opened_at: BlockNumber,
	/// Absent unless it is to end.
	closes_at: Option<BlockNumber>,
	/// Absent while it is open.
	closed_at: Option<BlockNumber>,
	/// Receipts that were settled, by lane.
	settled: Vec<u64>,
}

impl ChannelView {
	/// Above the rows.
	pub(crate) const HEADER: [&'static str; 5] = ["deposit", "settled", "version", "operator", "channel"];

	/// Describes a channel.
	pub(crate) fn new(channel: &Channel) -> Self {
		let terms = &channel.terms;
		Self {
			id: channel.id.to_string(),
			consumer: terms.consumer,
			operator: terms.operator,
			version: terms.version.to_string(),
			price: Amount(terms.price),
			deposit: Amount(channel.deposit),
			opened_at: channel.opened_at,
			closes_at: channel.closes_at,
			closed_at: channel.closed_at,
			settled: channel.settled.clone(),
		}
	}

	/// A line about it.
	pub(crate) fn row(&self) -> [String; 5] {
		[
			self.deposit.to_string(),
			self.answers().to_string(),
			self.version.clone(),
			short(&self.operator),
			self.id.clone(),
		]
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let state = match (self.closed_at, self.closes_at) {
			(Some(block), _) => format!("closed in block {block}"),
			(None, Some(block)) => format!("closes in block {block}"),
			(None, None) => format!("open since block {}", self.opened_at),
		};
		fields([
			("channel", Some(self.id.clone())),
			("state", Some(state)),
			("consumer", Some(self.consumer.to_string())),
			("operator", Some(self.operator.to_string())),
			("version", Some(self.version.clone())),
			("price", Some(format!("{} a unit", self.price))),
			("deposit", Some(self.deposit.to_string())),
			("settled", Some(format!("{} answers", self.answers()))),
		])
	}

	fn answers(&self) -> u64 {
		self.settled.iter().sum()
	}
}
