//! What is asked of the desk, checked as far as it can be without the desk.

use super::Refusal;
use assay_exact::{
	program::{Head, Program},
	ComputeUnits, Input, Output,
};
use assay_protocol::{
	channel::{
		closing_payload, ChannelKey, ChannelSignature, Content, Receipt, Revealed, SignedRequest, SignedVoucher,
		Voucher, LANES,
	},
	job::{JobInput, JobOutput, MAX_INLINE_ELEMENTS},
};
use assay_trace::{merkle::Hash32, TraceRoot};
use sp_core::{sr25519, Pair};

/// A request that its channel's key has signed, and that its program takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
	signed: SignedRequest,
	root: Hash32,
	input: JobInput,
	most: ComputeUnits,
}

impl Asked {
	/// Checks a request.
	///
	/// - `key`: of its channel.
	/// - `largest`: the most units of computation that are taken.
	pub fn check(
		signed: SignedRequest,
		input: JobInput,
		key: &ChannelKey,
		program: &Program,
		largest: ComputeUnits,
		genesis: &[u8; 32],
	) -> Result<Self, Refusal> {
		let request = &signed.request;
		verify(&signed.signature, &request.signing_payload(genesis), key)?;
		if request.lane >= LANES {
			return Err(Refusal::Malformed("a channel has 16 lanes"));
		}
		if request.input != Content::of_input(&input) {
			return Err(Refusal::Malformed("the input is not what the request says"));
		}
		let generated = match program.head {
			Head::Tokens { .. } => request.generation.max_tokens,
			Head::Vector { .. } => 0,
		};
		program
			.check_job(&Input::from(input.clone()), &request.generation)
			.map_err(|error| Refusal::Refused(error.to_string()))?;
		let output = program.output_length().unwrap_or(generated);
		if output > MAX_INLINE_ELEMENTS {
			let reason = format!("the answer may have {output} elements, a receipt has at most {MAX_INLINE_ELEMENTS}");
			return Err(Refusal::Refused(reason));
		}
		let most = program.units(positions(&input), generated);
		if most > largest {
			let reason = format!("the request may take {most}, this operator takes at most {largest}");
			return Err(Refusal::Refused(reason));
		}
		Ok(Self {
			root: request.root(),
			signed,
			input,
			most,
		})
	}

	/// The request.
	pub fn signed(&self) -> &SignedRequest {
		&self.signed
	}

	/// What receipts name it by.
	pub fn root(&self) -> Hash32 {
		self.root
	}

	/// What it is about.
	pub fn input(&self) -> &JobInput {
		&self.input
	}

	/// The most computation that it takes.
	pub fn most(&self) -> ComputeUnits {
		self.most
	}

	/// The receipt of an answer that the program has given, in full or until it was stopped; none of one that fits into no receipt.
	///
	/// - `block`: a recent block of the chain.
	pub fn answered(self, program: &Program, output: Output, trace: TraceRoot, block: u32) -> Option<Revealed> {
		let request = self.signed.request;
		let mut max_tokens = request.generation.max_tokens;
		let mut generated = 0;
		if let (Output::Tokens(tokens), Head::Tokens { stop, .. }) = (&output, &program.head) {
			generated = u32::try_from(tokens.len()).ok()?;
			let ended = |last| !request.generation.ignore_stop && stop.contains(last);
			if !tokens.last().is_some_and(ended) {
				// The execution is that of a request for so many.
				max_tokens = generated;
			}
		}
		let output = JobOutput::try_from(output).ok()?;
		let receipt = Receipt {
			channel: request.channel,
			request: self.root,
			max_tokens,
			output: Content::of_output(&output),
			trace,
			units: program.units(positions(&self.input), generated).0,
			block,
		};
		Some(Revealed {
			request,
			receipt,
			input: self.input,
			output,
		})
	}
}

/// Positions of an input.
fn positions(input: &JobInput) -> u32 {
	match input {
		JobInput::Tokens(_) => input.len(),
		JobInput::Vector(_) => 1,
	}
}

/// A voucher that its channel's key has signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vouched(SignedVoucher);

impl Vouched {
	/// Checks a voucher against the key of its channel.
	pub fn check(signed: SignedVoucher, key: &ChannelKey, genesis: &[u8; 32]) -> Result<Self, Refusal> {
		verify(&signed.signature, &signed.voucher.signing_payload(genesis), key)?;
		match signed.voucher.lane < LANES {
			true => Ok(Self(signed)),
			false => Err(Refusal::Malformed("a channel has 16 lanes")),
		}
	}

	/// What is vouched for.
	pub fn voucher(&self) -> &Voucher {
		&self.0.voucher
	}

	pub(super) fn signed(&self) -> &SignedVoucher {
		&self.0
	}
}

/// That a channel's key wants the channel to be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Goodbye(());

impl Goodbye {
	/// Checks the signature over [what is signed](closing_payload).
	pub fn check(
		channel: &assay_protocol::ChannelId,
		signature: &ChannelSignature,
		key: &ChannelKey,
		genesis: &[u8; 32],
	) -> Result<Self, Refusal> {
		verify(signature, &closing_payload(channel, genesis), key)?;
		Ok(Self(()))
	}
}

fn verify(signature: &ChannelSignature, payload: &[u8], key: &ChannelKey) -> Result<(), Refusal> {
	match sr25519::Pair::verify(signature, payload, key) {
		true => Ok(()),
		false => Err(Refusal::BadSignature),
	}
}
