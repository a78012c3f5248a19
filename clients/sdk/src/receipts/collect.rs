//! Receipts from a node.

use super::{AuthoritySet, Checkpoint, Flaw, Receipt, MAX_BYTES};
use crate::{jobs::is_over, reading::Reading, Assay, Block, BlockNumber, Error, Missing, Result, H256};
use assay_protocol::JobId;
use assay_receipt::{keys, Finalised, GrandpaJustification, Header};
use codec::{Decode, DecodeAll, Encode};
use serde::{de::DeserializeOwned, Deserialize};
use subxt::rpcs::{
	client::{rpc_params, RpcParams},
	methods::legacy::Bytes,
};

/// Receipts and checkpoints of a node's chain.
#[derive(Clone, Copy)]
pub struct Receipts<'a>(pub(crate) &'a Assay);

/// Nodes of the trie that a block's state is.
#[derive(Deserialize)]
struct ReadProof {
	proof: Vec<Bytes>,
}

impl Receipts<'_> {
	/// Who signs from the last final block on. Whoever trusts the node may trust them.
	pub async fn checkpoint(&self) -> Result<Checkpoint> {
		let at = self.0.finalized().await?;
		Ok(Checkpoint {
			genesis: self.0.genesis().into(),
			after: at.number,
			set: self.set_after(at).await?,
		})
	}

	/// The receipt of a job that is over, waiting for its end to be final. It is verified by whoever trusts the set that signs
	/// now; with a checkpoint, by whoever trusts that.
	pub async fn get(&self, job: JobId, from: Option<&Checkpoint>) -> Result<Receipt> {
		// A checkpoint that was made of the last block of a set is of the next one.
		let block = self.end(job, from.map_or(0, |from| from.after)).await?;
		let header = &block.header;
		let parent = Block {
			number: header.number.saturating_sub(1),
			hash: H256(header.parent_hash.0),
		};
		let signed = self.set_after(parent).await?;
		let trusted = from.map_or(&signed, |from| &from.set);
		let receipt = Receipt {
			job,
			set: signed.id,
			handovers: match from {
				Some(from) => self.handovers(from, signed.id).await?,
				None => vec![],
			},
			proof: self.proof(job, header).await?,
			block: block.clone(),
		};
		let genesis = from.map_or(self.0.genesis().into(), |from| from.genesis);
		// Whatever the node answers, no receipt leaves here that does not hold.
		Receipt::from_bytes(&receipt.to_bytes())?.verify(trusted, Some(genesis))?;
		Ok(receipt)
	}

	/// A final block after another in whose state the job is over: one that becomes final now. Of blocks before, a node proves
	/// only that they came before such a one.
	async fn end(&self, job: JobId, after: BlockNumber) -> Result<Finalised> {
		let rpc = self.0.rpc();
		let (begin, end) = ("grandpa_subscribeJustifications", "grandpa_unsubscribeJustifications");
		let mut justifications = rpc.subscribe::<Bytes>(begin, rpc_params![], end).await?;
		loop {
			// A job that goes on is not waited for, nor is one that never was.
			if !is_over(&self.0.jobs().get(job).await?) {
				return Err(Error::NotOver(job));
			}
			let Bytes(justification) = justifications.next().await.ok_or(Error::Closed)??;
			let block = self.block(&justification).await?;
			let at = Block {
				number: block.header.number,
				hash: H256(block.header.hash().0),
			};
			let there = self.0.jobs().at(at).find(job).await?;
			if at.number > after && there.is_some_and(|job| is_over(&job)) {
				return Ok(block);
			}
		}
	}

	/// The last block of the set that signed a block, if another set has followed.
	async fn last_of_set(&self, of: BlockNumber) -> Result<Finalised> {
		let answer: Option<Bytes> = self.ask("grandpa_proveFinality", rpc_params![of]).await?;
		let Bytes(answer) = answer.ok_or(Error::NoFinality { block: of })?;
		// The block's hash and the justification; then the headers in between, which nobody needs.
		let proof = <(H256, Vec<u8>)>::decode(&mut &answer[..]);
		let (_, justification) = proof.map_err(|error| Error::unreadable("grandpa_proveFinality answers", error))?;
		self.block(&justification).await
	}

	/// The block that a justification is of.
	async fn block(&self, justification: &[u8]) -> Result<Finalised> {
		let justification = GrandpaJustification::<Header>::decode_all(&mut &justification[..]);
		let justification = justification.map_err(|error| Error::unreadable("the node justifies finality", error))?;
		let hash = H256(justification.commit.target_hash.0);
		let header: Option<Header> = self.ask("chain_getHeader", rpc_params![hash]).await?;
		Ok(Finalised {
			header: header.ok_or(Error::missing(Missing::BlockHash(hash)))?,
			justification,
		})
	}

	/// Who signs the blocks after this one.
	async fn set_after(&self, block: Block) -> Result<AuthoritySet> {
		let reading = Reading::new(self.0).at(block);
		Ok(AuthoritySet {
			id: reading.ask("GrandpaApi_current_set_id", ()).await?,
			authorities: reading.ask("GrandpaApi_grandpa_authorities", ()).await?,
		})
	}

	/// The last blocks of all sets from that of a checkpoint to the one before `to`.
	async fn handovers(&self, from: &Checkpoint, to: u64) -> Result<Vec<Finalised>> {
		let mut handovers = vec![];
		let (mut next, mut bytes) = (from.after.saturating_add(1), 0);
		for _ in from.set.id..to {
			let last = self.last_of_set(next).await?;
			next = last.header.number.saturating_add(1);
			bytes += last.encoded_size();
			if bytes > MAX_BYTES {
				return Err(Flaw::TooLong { bytes }.into());
			}
			handovers.push(last);
		}
		Ok(handovers)
	}

	/// What proves the job in the state of a block.
	async fn proof(&self, job: JobId, header: &Header) -> Result<Vec<Vec<u8>>> {
		let keys: Vec<_> = keys(job).into_iter().map(Bytes).collect();
		let hash = H256(header.hash().0);
		let answer: ReadProof = self.ask("state_getReadProof", rpc_params![keys, hash]).await?;
		Ok(answer.proof.into_iter().map(|Bytes(node)| node).collect())
	}

	async fn ask<T: DeserializeOwned>(&self, method: &str, parameters: RpcParams) -> Result<T> {
		let answer = self.0.rpc().request(method, parameters).await;
		answer.map_err(|source| Error::Unanswered {
			what: method.into(),
			source,
		})
	}
}
