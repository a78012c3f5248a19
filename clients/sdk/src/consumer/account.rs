//! Where a channel stands: what this end knows, and what the endpoint says.

use super::{error::Breach, pursuit::ERROR, Consumer, ConsumerError};
use crate::Amount;
use hyper::{Method, StatusCode};
use serde::Deserialize;

/// Where a channel stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
	/// Its lanes that are or were in use.
	pub lanes: Vec<LaneAccount>,
	/// What is left in it, as the endpoint says.
	pub deposit: Amount,
	/// What the endpoint says is not vouched for, with the most that requests cost which are being answered.
	pub unpaid: Amount,
	/// What it lends.
	pub credit: Amount,
}

/// Where a lane stands. Counts are over its whole life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneAccount {
	/// The lane.
	pub lane: u8,
	/// Receipts that came here and are good.
	pub answered: u64,
	/// Receipts that this end has vouched for.
	pub vouched: u64,
	/// What the next voucher comes after.
	pub base: u64,
	/// Fees of those that it has not vouched for.
	pub unpaid: Amount,
	/// Why it is not used any more.
	pub trouble: Option<String>,
	/// What the endpoint says.
	pub said: Option<Said>,
}

/// What an endpoint says of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct Said {
	/// What the next voucher comes after.
	pub base: u64,
	/// Requests that were answered.
	pub answered: u64,
	/// Receipts that it has vouchers for.
	pub vouched: u64,
}

#[derive(Deserialize)]
struct SaidOfLane {
	lane: u8,
	#[serde(flatten)]
	said: Said,
}

#[derive(Deserialize)]
struct SaidOfChannel {
	lanes: Vec<SaidOfLane>,
	deposit: String,
	unpaid: String,
	credit: String,
}

impl Consumer {
	/// Where the channel stands.
	pub async fn account(&self) -> Result<Account, ConsumerError> {
		let inner = &self.inner;
		let path = format!("/v1/channels/{}", self.channel());
		let sent = inner.client.whole(Method::GET, &path, Vec::new(), ERROR).await;
		let (status, document) = sent.map_err(|error| ConsumerError::Unreached(error.to_string()))?;
		if status != StatusCode::OK {
			return Err(super::refusal(status, inner.complaint(status, &document)?));
		}
		let garbage = |reason: String| ConsumerError::from(Breach::Garbage(reason));
		let said: SaidOfChannel = serde_json::from_slice(&document).map_err(|error| garbage(error.to_string()))?;
		let amount = |text: &str| {
			text.parse()
				.map(Amount)
				.map_err(|_| garbage(format!("`{text}` is no amount")))
		};
		let ledger = inner.ledger.lock();
		let lanes = (0u8..).zip(&ledger.lanes).map(|(number, lane)| LaneAccount {
			lane: number,
			answered: lane.end(),
			vouched: lane.vouched(),
			base: lane.base(),
			unpaid: inner.subject.fee(lane.unpaid_units()),
			trouble: lane.trouble.clone().or_else(|| lane.over.clone()),
			said: said.lanes.iter().find(|said| said.lane == number).map(|said| said.said),
		});
		let is_used = |lane: &LaneAccount| lane.answered > 0 || lane.said.is_some() || lane.trouble.is_some();
		Ok(Account {
			lanes: lanes.filter(is_used).collect(),
			deposit: amount(&said.deposit)?,
			unpaid: amount(&said.unpaid)?,
			credit: amount(&said.credit)?,
		})
	}
}
