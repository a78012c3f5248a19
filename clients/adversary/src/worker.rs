//! The cheating worker on a chain: takes a job, delivers its fraud, and defends it.

use crate::{Cheat, Fraud};
use anyhow::{bail, Context, Result};
use assay_artifact::Artifact;
use assay_exact::{Input, Output};
use assay_protocol::{
	audit::{AuditDuty, AuditReply, Question, Reply, RevealDuty, SignedReply},
	channel::{Progress, Receipt, RevealedUnit, Settlement, SignedProgress, SignedReceipt, SignedSettlement},
	dispute::{AnswerDuty, DisputeAnswer, SignedAnswer},
	job::{Duty, JobOutput, JobResult, SignedResult},
	operator::{WorkerKey, WorkerPair, WorkerSignature},
	JobId,
};
use assay_trace::claim::claim_root;
use codec::{Decode, DecodeAll, Encode};
use serde_json::{json, Value};
use sp_core::{crypto::AccountId32, Pair};

/// Calls a JSON-RPC method of a node.
pub type Call<'a> = &'a (dyn Fn(&str, Value) -> Result<Value> + Sync);

/// A worker key and a node to speak to.
pub struct Worker<'a> {
	call: Call<'a>,
	pair: WorkerPair,
	genesis: [u8; 32],
}

impl<'a> Worker<'a> {
	/// With the secret of a worker key, such as `//Dave`.
	pub fn new(call: Call<'a>, secret: &str) -> Result<Self> {
		let pair = WorkerPair::from_string(secret, None).map_err(|error| anyhow::anyhow!("{secret}: {error:?}"))?;
		let hash = call("chain_getBlockHash", json!([0]))?;
		let genesis = bytes(&hash)?;
		Ok(Self {
			call,
			pair,
			genesis: genesis.try_into().ok().context("a genesis hash of 32 bytes")?,
		})
	}

	fn key(&self) -> WorkerKey {
		self.pair.public()
	}

	/// Calls a runtime API function at the best block.
	fn api<R: Decode>(&self, function: &str, arguments: impl Encode) -> Result<R> {
		let answer = (self.call)("state_call", json!([function, hex(&arguments.encode())]))?;
		R::decode_all(&mut &bytes(&answer)?[..]).with_context(|| format!("{function} answers {answer}"))
	}

	fn submit(&self, transaction: Vec<u8>) -> Result<()> {
		(self.call)("author_submitExtrinsic", json!([hex(&transaction)]))?;
		Ok(())
	}

	/// The work that is due for a job.
	pub fn duty(&self, job: JobId) -> Result<Option<Duty<u32>>> {
		let due: Vec<Duty<u32>> = self.api("JobsApi_due", self.key())?;
		Ok(due.into_iter().find(|duty| duty.job == job))
	}

	/// Claims a fraud as the result of a duty.
	pub fn deliver<'f>(&self, duty: &Duty<u32>, cheat: Cheat, artifact: &'f Artifact) -> Result<Fraud<'f>> {
		let input = Input::from(duty.input.clone());
		let fraud = Fraud::new(cheat, artifact, input.clone(), duty.generation)?;
		let output: Output = fraud.statement.output.clone();
		let claim = claim_root(
			duty.job.0,
			duty.attempt.0,
			&duty.artifact,
			&input,
			&duty.generation,
			&output,
			&fraud.statement.trace,
		);
		let Ok(output) = JobOutput::try_from(output) else {
			bail!("the output does not fit inline");
		};
		let result = JobResult {
			job: duty.job,
			attempt: duty.attempt,
			output,
			trace: fraud.statement.trace,
			claim,
		};
		let signature = self.sign(&result.signing_payload(&self.genesis));
		let transaction: Vec<u8> = self.api("JobsApi_result_transaction", SignedResult { result, signature })?;
		self.submit(transaction)?;
		Ok(fraud)
	}

	/// Answers that are due.
	pub fn answers_due(&self) -> Result<Vec<AnswerDuty<u32>>> {
		self.api("DisputesApi_due", self.key())
	}

	/// Answers as the fraud does; nothing if it stays silent.
	pub fn answer(&self, fraud: &Fraud<'_>, duty: &AnswerDuty<u32>) -> Result<()> {
		let Some(answer) = fraud.answer(duty.stage)? else {
			return Ok(());
		};
		let (dispute, stage) = (duty.dispute, duty.stage);
		let answer = DisputeAnswer { dispute, stage, answer };
		let signature = self.sign(&answer.signing_payload(&duty.claim.root(), &self.genesis));
		self.submit(self.api("DisputesApi_answer_transaction", SignedAnswer { answer, signature })?)
	}

	/// Replies that are due in audits, as worker or as auditor.
	pub fn replies_due(&self) -> Result<Vec<AuditDuty<AccountId32, u32>>> {
		self.api("AuditsApi_due", self.key())
	}

	/// Replies as the fraud does; nothing if it stays silent.
	pub fn reply(&self, fraud: &Fraud<'_>, duty: &AuditDuty<AccountId32, u32>) -> Result<()> {
		match fraud.reply(duty.question)? {
			Some(reply) => self.send_reply(duty, reply),
			None => Ok(()),
		}
	}

	/// Receipts of batches that are to be revealed.
	pub fn reveals_due(&self) -> Result<Vec<RevealDuty<AccountId32, u32>>> {
		self.api("AuditsApi_reveals_due", self.key())
	}

	/// Reveals something.
	pub fn reveal(&self, duty: &RevealDuty<AccountId32, u32>, opened: RevealedUnit) -> Result<()> {
		let reply = AuditReply {
			job: duty.job,
			attempt: duty.attempt,
			from: duty.from.clone(),
			question: Question::Receipt { unit: duty.unit },
			reply: Reply::Receipt(Box::new(opened)),
		};
		let signature = self.sign(&reply.signing_payload(&duty.root, &self.genesis));
		self.submit(self.api("AuditsApi_reply_transaction", SignedReply { reply, signature })?)
	}

	/// Settles vouchers of a channel.
	pub fn settle(&self, settlement: Settlement) -> Result<()> {
		let signature = self.sign(&settlement.signing_payload(&self.genesis));
		let signed = SignedSettlement { settlement, signature };
		self.submit(self.api("ChannelsApi_settlement_transaction", signed)?)
	}

	/// Signs a receipt.
	pub fn receipt(&self, receipt: Receipt) -> SignedReceipt {
		SignedReceipt {
			signature: self.sign(&receipt.signing_payload(&self.genesis)),
			receipt,
		}
	}

	/// Signs how far an answer has come.
	pub fn progress(&self, progress: Progress) -> SignedProgress {
		SignedProgress {
			signature: self.sign(&progress.signing_payload(&self.genesis)),
			progress,
		}
	}

	/// The hash of the chain's first block.
	pub fn genesis(&self) -> [u8; 32] {
		self.genesis
	}

	/// Sends some reply.
	pub fn send_reply(&self, duty: &AuditDuty<AccountId32, u32>, reply: Reply) -> Result<()> {
		let reply = AuditReply {
			job: duty.claim.job,
			attempt: duty.claim.attempt,
			from: duty.from.clone(),
			question: duty.question,
			reply,
		};
		let signature = self.sign(&reply.signing_payload(&duty.claim.root(), &self.genesis));
		self.submit(self.api("AuditsApi_reply_transaction", SignedReply { reply, signature })?)
	}

	fn sign(&self, payload: &[u8]) -> WorkerSignature {
		self.pair.sign(payload)
	}
}

fn hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
	let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
	Ok(hex::decode(
		digits.with_context(|| format!("{value} is not hexadecimal"))?,
	)?)
}
