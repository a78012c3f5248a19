//! What has come of an answer, and which of it is believed.
//!
//! Nothing here is done, only judged: tokens against tokens that came before, what the worker has signed against the tokens, against what
//! it has signed before, and against the program.

use super::{
	error::{Breach, Falsehood},
	evidence::{Answered, Evidence},
	Subject,
};
use crate::BlockNumber;
use assay_exact::program::Head;
use assay_protocol::{
	channel::{
		Content, Contradiction, Receipt, Revealed, SignedProgress, SignedReceipt, SignedRequest, PROGRESS_TOKENS,
	},
	job::{JobInput, JobOutput, MAX_INLINE_ELEMENTS},
	operator::{WorkerPair, WorkerSignature},
};
use assay_trace::Hash32;
use codec::{Decode, Encode};
use sp_core::Pair;

/// [`PROGRESS_TOKENS`], to count tokens with.
const STRIDE: usize = PROGRESS_TOKENS as usize;
/// Blocks by which what a worker states may be older than the request, at most.
pub const RECENT: BlockNumber = 100;

/// A request as the journal keeps it until it has a receipt.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Asked {
	pub(super) signed: SignedRequest,
	pub(super) input: JobInput,
	/// The best block that was known when it was first sent: what is said of it names no block that was old then.
	pub(super) at: BlockNumber,
}

/// Why something that came is not believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Disbelief {
	/// It proves nothing.
	Breach(Breach),
	/// It proves something.
	Evidence(Box<Evidence>),
	/// It names a block that this end does not know of yet: it may have to look again.
	Ahead(Box<Evidence>),
}

impl From<Breach> for Disbelief {
	fn from(breach: Breach) -> Self {
		Self::Breach(breach)
	}
}

fn proven(evidence: Evidence) -> Disbelief {
	Disbelief::Evidence(Box::new(evidence))
}

/// What has come of the answer to one request, in however many attempts.
pub(super) struct Heard {
	pub(super) asked: Asked,
	pub(super) root: Hash32,
	tokens: Vec<u32>,
	values: Option<Vec<i32>>,
	progress: Vec<SignedProgress>,
	receipts: Vec<(SignedReceipt, JobOutput)>,
	/// Whether this end has gone away before the end, so that the answer may have been stopped.
	pub(super) is_stopped: bool,
	/// Whether the last receipt ends early though this end has not stopped it.
	pub(super) is_cut_short: bool,
	/// Tokens that came in this attempt.
	told: usize,
	/// How many of them were signed for in this attempt.
	signed: usize,
}

impl Heard {
	pub(super) fn new(asked: Asked) -> Self {
		Self {
			root: asked.signed.request.root(),
			asked,
			tokens: Vec::new(),
			values: None,
			progress: Vec::new(),
			receipts: Vec::new(),
			is_stopped: false,
			is_cut_short: false,
			told: 0,
			signed: 0,
		}
	}

	/// The answer is told from its beginning.
	pub(super) fn begin(&mut self) {
		(self.told, self.signed) = (0, 0);
	}

	/// Takes tokens; returns those that have not come before.
	pub(super) fn take_tokens(&mut self, subject: &Subject, tokens: &[u32]) -> Result<Vec<u32>, Breach> {
		let Head::Tokens { .. } = subject.program.head else {
			return Err(Breach::NoOutput("tokens come, a vector was to"));
		};
		let most = self.asked.signed.request.generation.max_tokens;
		let vocabulary = subject.program.vocabulary().unwrap_or(0);
		let known = self.tokens.len();
		for token in tokens {
			if self.told == self.signed + STRIDE {
				return Err(Breach::NoProgress { after: self.told });
			}
			if *token >= vocabulary {
				return Err(Breach::NoToken(*token));
			}
			match self.tokens.get(self.told) {
				Some(before) if before != token => return Err(Breach::Changed { at: self.told }),
				Some(_) => {}
				None if usize::try_from(most).is_ok_and(|most| self.told >= most) => {
					return Err(Breach::TooManyTokens { most })
				}
				None => self.tokens.push(*token),
			}
			self.told += 1;
		}
		Ok(self.tokens.get(known..).unwrap_or_default().to_vec())
	}

	/// Takes a vector; returns it if it has not come before.
	pub(super) fn take_values(&mut self, subject: &Subject, values: Vec<i32>) -> Result<Option<Vec<i32>>, Breach> {
		let length = subject.program.output_length();
		if length.and_then(|length| usize::try_from(length).ok()) != Some(values.len()) {
			return Err(Breach::NoOutput("a vector of another length, or none, was to come"));
		}
		match &self.values {
			Some(before) if *before != values => Err(Breach::Changed { at: 0 }),
			Some(_) => Ok(None),
			None => {
				self.values = Some(values.clone());
				Ok(Some(values))
			}
		}
	}

	/// Takes the worker's word for how far the answer has come.
	pub(super) fn take_progress(
		&mut self,
		subject: &Subject,
		signed: SignedProgress,
		now: BlockNumber,
	) -> Result<(), Disbelief> {
		let progress = &signed.progress;
		if (progress.channel, progress.request) != (self.asked.signed.request.channel, self.root) {
			return Err(Breach::OtherRequest("progress").into());
		}
		is_signed(
			subject,
			"progress",
			&signed.signature,
			&progress.signing_payload(&subject.genesis),
		)?;
		let before = self
			.progress
			.iter()
			.find(|before| before.progress.tokens == progress.tokens);
		match before {
			Some(before) if before.progress.root != progress.root => {
				let contradiction = Contradiction::Progress(before.clone(), signed);
				return Err(proven(Evidence::Contradiction(Box::new(contradiction))));
			}
			Some(_) => {}
			None => self.progress.push(signed.clone()),
		}
		let stated = usize::try_from(progress.tokens).ok();
		if stated != Some(self.told) || self.told != self.signed + STRIDE {
			return Err(Breach::Place {
				stated: progress.tokens,
				come: self.told,
			}
			.into());
		}
		let come = self.tokens.get(..self.told).unwrap_or_default();
		if Content::tokens(come).root != progress.root {
			return Err(proven(Evidence::Progress {
				falsehood: Falsehood::Tokens(progress.tokens),
				progress: signed,
			}));
		}
		self.is_recent(subject, progress.block, now, |falsehood| Evidence::Progress {
			falsehood,
			progress: signed.clone(),
		})?;
		self.signed = self.told;
		Ok(())
	}

	/// What came, as an output.
	pub(super) fn output(&self) -> Option<JobOutput> {
		match &self.values {
			Some(values) => values.clone().try_into().ok().map(JobOutput::Vector),
			None => self.tokens.clone().try_into().ok().map(JobOutput::Tokens),
		}
	}

	/// Takes a receipt for an output.
	///
	/// - `now`: the best block that is known.
	pub(super) fn take_receipt(
		&mut self,
		subject: &Subject,
		signed: SignedReceipt,
		output: JobOutput,
		now: BlockNumber,
	) -> Result<Answered, Disbelief> {
		let receipt = &signed.receipt;
		let request = &self.asked.signed.request;
		if (receipt.channel, receipt.request) != (request.channel, self.root) {
			return Err(Breach::OtherRequest("receipt").into());
		}
		is_signed(
			subject,
			"receipt",
			&signed.signature,
			&receipt.signing_payload(&subject.genesis),
		)?;
		if let Some(contradiction) = self.contradiction(&signed, &output) {
			return Err(proven(Evidence::Contradiction(Box::new(contradiction))));
		}
		if receipt.output != Content::of_output(&output) {
			return Err(Breach::OtherOutput.into());
		}
		if !self.receipts.iter().any(|(before, _)| *before == signed) {
			self.receipts.push((signed.clone(), output.clone()));
		}
		// What came must be where it begins.
		if let JobOutput::Tokens(tokens) = &output {
			let differs = self.tokens.iter().zip(tokens).position(|(came, stated)| came != stated);
			if let Some(at) = differs {
				return Err(Breach::Changed { at }.into());
			}
		}
		let answered = Answered {
			fee: 0,
			revealed: Revealed {
				request: request.clone(),
				receipt: receipt.clone(),
				input: self.asked.input.clone(),
				output,
			},
			signature: signed.signature.clone(),
		};
		let wrong = |falsehood| Evidence::Receipt {
			falsehood,
			answered: Box::new(answered.clone()),
		};
		let (generated, is_cut_short) = self.length(subject, &answered.revealed, &wrong)?;
		let counted = subject.program.units(positions(&self.asked.input), generated).0;
		let stated = receipt.units;
		if stated != counted {
			return Err(proven(wrong(Falsehood::Units { stated, counted })));
		}
		self.is_recent(subject, receipt.block, now, wrong)?;
		let fee = subject.price.checked_mul(counted.into());
		self.is_cut_short = is_cut_short;
		let fee = fee.ok_or(Breach::NoOutput("it costs more money than there is"))?;
		Ok(Answered { fee, ..answered })
	}

	/// Tokens that were generated, if the answer ends where it may, and whether it was cut short.
	fn length(
		&self,
		subject: &Subject,
		revealed: &Revealed,
		wrong: &impl Fn(Falsehood) -> Evidence,
	) -> Result<(u32, bool), Disbelief> {
		let Revealed {
			request,
			receipt: Receipt { max_tokens, .. },
			output,
			..
		} = revealed;
		let (asked, stated) = (request.generation.max_tokens, *max_tokens);
		let end = |come| wrong(Falsehood::End { stated, asked, come });
		match (output, &subject.program.head) {
			(JobOutput::Vector(values), Head::Vector { .. }) => {
				if subject.program.output_length() != u32::try_from(values.len()).ok() {
					return Err(Breach::NoOutput("its length is another").into());
				}
				if stated != asked {
					return Err(proven(end(0)));
				}
				Ok((0, false))
			}
			(JobOutput::Tokens(tokens), Head::Tokens { stop, .. }) => {
				let come = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
				let is_stop = |token: &u32| !request.generation.ignore_stop && stop.contains(token);
				let Some((last, before)) = tokens.split_last() else {
					return Err(proven(end(come)));
				};
				if come > stated || stated > asked || before.iter().any(is_stop) {
					return Err(proven(end(come)));
				}
				if is_stop(last) || come == asked {
					return Ok((come, false));
				}
				// It was stopped, so that its execution is that of a request for so many.
				if come != stated {
					return Err(proven(end(come)));
				}
				match self.is_stopped || subject.forgives() {
					true => Ok((come, !self.is_stopped)),
					false => Err(proven(wrong(Falsehood::CutShort { asked, come }))),
				}
			}
			_ => Err(Breach::NoOutput("it is of another kind").into()),
		}
	}

	/// What the worker has signed before and cannot be so beside this.
	fn contradiction(&self, signed: &SignedReceipt, output: &JobOutput) -> Option<Contradiction> {
		let receipts = self
			.receipts
			.iter()
			.map(|(before, _)| Contradiction::Receipts(before.clone(), signed.clone()));
		let progress = self.progress.iter().map(|progress| Contradiction::Answer {
			progress: progress.clone(),
			receipt: signed.clone(),
			output: output.clone(),
		});
		receipts.chain(progress).find(Contradiction::holds)
	}

	fn is_recent(
		&self,
		subject: &Subject,
		stated: BlockNumber,
		now: BlockNumber,
		wrong: impl Fn(Falsehood) -> Evidence,
	) -> Result<(), Disbelief> {
		let earliest = self.asked.at.saturating_sub(RECENT).max(subject.opened_at);
		// An honest worker names a final block. Of one that is still to come, the worker's stake might leave before it.
		let latest = now;
		let evidence = || {
			Box::new(wrong(Falsehood::Block {
				stated,
				earliest,
				latest,
			}))
		};
		match stated {
			_ if stated < earliest => Err(Disbelief::Evidence(evidence())),
			_ if stated > latest => Err(Disbelief::Ahead(evidence())),
			_ => Ok(()),
		}
	}
}

fn is_signed(subject: &Subject, what: &'static str, signature: &WorkerSignature, payload: &[u8]) -> Result<(), Breach> {
	match WorkerPair::verify(signature, payload, &subject.worker) {
		true => Ok(()),
		false => Err(Breach::BadSignature(what)),
	}
}

/// Positions of an input.
pub(super) fn positions(input: &JobInput) -> u32 {
	match input {
		JobInput::Tokens(_) => input.len(),
		JobInput::Vector(_) => 1,
	}
}

/// Bytes of an event of an answer at most: a value takes eleven characters and a comma, and what is signed a few hundred.
pub(super) const EVENT: usize = MAX_INLINE_ELEMENTS as usize * 12 + 4096;
/// Bytes of a receipt with its output at most.
pub(super) const KEPT: usize = MAX_INLINE_ELEMENTS as usize * 4 + 1024;

#[cfg(test)]
mod tests;
