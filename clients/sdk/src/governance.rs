//! Referenda: what is put to the vote, and voting.

use crate::{
	reading::{room, Reading},
	AccountId, Balance, BlockNumber, Call, Error, Missing, Receipt, Result, Sending, Signer,
};
pub use assay_protocol::governance::{
	CastVote, Conviction, LentVotes, OngoingReferendum, ParameterValue, Proposal, ProposedCall, ReferendumState, Stage,
	Track,
};
use assay_protocol::governance::{ParameterSummary, Referendum, TrackTerms, VotingSummary};
use codec::Encode;

/// A referendum as the runtime describes it.
pub type Put = Referendum<AccountId, Balance, BlockNumber>;
/// What it takes to decide on a track.
pub type Terms = TrackTerms<Balance, BlockNumber>;
/// How an account votes.
pub type Votes = VotingSummary<AccountId, Balance>;
/// A constant that is open to referenda.
pub type Parameter = ParameterSummary<Balance>;

/// The version of transactions without signature and extension, with the two highest bits that say so.
const BARE: u8 = 5;
/// Blocks for which an upgrade is tried.
const LIFE: BlockNumber = 64;

room! {
	/// What holders decide.
	Governance
}

impl Governance<'_> {
	/// A referendum; an error if there is none of that number.
	pub async fn referendum(&self, index: u32) -> Result<Put> {
		let found: Option<Put> = self.0.ask("GovernanceApi_referendum", (index,)).await?;
		found.ok_or(Error::missing(Missing::Referendum(index)))
	}

	/// At most so many referenda, newest first.
	pub async fn referenda(&self, limit: usize) -> Result<Vec<Put>> {
		let reading = self.0.fixed().await?;
		Reading::all(limit, |known: &[Put], limit| {
			let before = known.last().map(|last| last.index);
			async move { reading.ask("GovernanceApi_referenda", (before, limit)).await }
		})
		.await
	}

	/// What it takes to decide, by track.
	pub async fn tracks(&self) -> Result<Vec<Terms>> {
		self.0.ask("GovernanceApi_tracks", ()).await
	}

	/// How an account votes, and what of it is locked.
	pub async fn voting(&self, account: AccountId) -> Result<Votes> {
		self.0.ask("GovernanceApi_voting", (account,)).await
	}

	/// The constants that are open to referenda.
	pub async fn parameters(&self) -> Result<Vec<Parameter>> {
		self.0.ask("GovernanceApi_open_parameters", ()).await
	}

	/// Puts a call to the vote, its preimage noted before where it is too long to travel with the referendum. The receipt is that of
	/// the submission, whose event [`Submitted`](crate::events::Submitted) says which referendum it is.
	pub async fn propose(&self, signer: &Signer, track: Track, call: &Call) -> Result<Receipt> {
		let at = self.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let encoded = call.encode(&client.metadata())?;
		if encoded.len() > Call::MAX_INLINE {
			self.submit(Call::note_preimage(&encoded), signer).await?;
		}
		self.submit(Call::submit_referendum(track, &encoded), signer).await
	}

	/// Votes with so much, all of which may be stake.
	pub async fn vote(
		&self,
		signer: &Signer,
		index: u32,
		aye: bool,
		amount: Balance,
		conviction: Conviction,
	) -> Result<Receipt> {
		self.submit(Call::vote(index, aye, amount, conviction), signer).await
	}

	/// Makes the code the runtime that a referendum authorised. Anybody may, and nobody pays.
	pub async fn apply_upgrade(&self, code: &[u8]) -> Result<Receipt> {
		let at = self.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let call = Call::apply_authorized_upgrade(code).encode(&client.metadata())?;
		// A bare transaction: its version, and the call.
		let transaction = [&[BARE][..], &call].concat().encode();
		let last = at.number.saturating_add(LIFE);
		self.0.assay.submit_unsigned(transaction, last, false).await
	}

	async fn submit(&self, call: Call, signer: &Signer) -> Result<Receipt> {
		self.0.assay.submit(&call, signer, Sending::default()).await
	}
}
