//! What a receipt proves of a job.

use crate::{
	authorities::AuthoritySet,
	record::{AuditRecord, ClaimRecord, JobRecord, LAYOUTS},
	state::{Item, State},
	BlockNumber, Error, Receipt,
};
use assay_exact::{Input, Output};
use assay_protocol::{
	job::{JobInput, JobState},
	JobId,
};
use assay_trace::claim::claim_root;
use codec::{Decode, DecodeAll};
use sp_core::H256;

/// How a job ended, as the state of a final block has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
	/// The hash of the chain's first block.
	pub genesis: H256,
	/// Height of the block.
	pub block: BlockNumber,
	/// Its hash.
	pub hash: H256,
	/// Who signed it.
	pub set: AuthoritySet,
	/// The job.
	pub job: JobId,
	/// What it was and how it ended.
	pub record: JobRecord,
	/// What it ran on.
	pub input: JobInput,
	/// What came out; none if it was refunded.
	pub claim: Option<ClaimRecord>,
	/// How its last claim was audited; none if there was none.
	pub audit: Option<AuditRecord>,
}

/// Reads what the receipt of a block that is final proves.
pub(crate) fn read(receipt: &Receipt, set: AuthoritySet, genesis: Option<H256>) -> Result<Settlement, Error> {
	let Receipt { job, block, proof, .. } = receipt;
	let (job, header) = (*job, &block.header);
	let state = State::new(header, proof);
	let found: H256 = decoded(&state, &Item::genesis(), job)?.unwrap_or_default();
	if let Some(trusted) = genesis.filter(|trusted| *trusted != found) {
		return Err(Error::OtherChain { trusted, found });
	}
	for (pallet, known) in LAYOUTS {
		let found: Option<u16> = decoded(&state, &Item::layout(pallet), job)?;
		if found != Some(known) {
			return Err(Error::Layout { pallet, found, known });
		}
	}
	let record: Option<JobRecord> = decoded(&state, &Item::job(job), job)?;
	let input: Option<JobInput> = decoded(&state, &Item::input(job), job)?;
	let claim: Option<ClaimRecord> = decoded(&state, &Item::claim(job), job)?;
	let audit: Option<AuditRecord> = decoded(&state, &Item::audit(job), job)?;
	state.finish()?;

	let (record, input) = record.zip(input).ok_or(Error::NoJob {
		job,
		block: header.number,
	})?;
	match record.state {
		JobState::Final { .. } => check_claim(job, &record, &input, claim.as_ref())?,
		JobState::Refunded { .. } if claim.is_none() => (),
		JobState::Refunded { .. } => return Err(Error::OtherClaim { job }),
		_ => {
			return Err(Error::NotOver {
				job,
				block: header.number,
			})
		}
	}
	Ok(Settlement {
		genesis: found,
		block: header.number,
		hash: header.hash(),
		set,
		job,
		record,
		input,
		claim,
		audit,
	})
}

/// The claim is a commitment to what the receipt says beside it.
fn check_claim(job: JobId, record: &JobRecord, input: &JobInput, claim: Option<&ClaimRecord>) -> Result<(), Error> {
	let root = claim.map(|claim| {
		claim_root(
			job.0,
			record.attempt.0,
			&record.artifact,
			&Input::from(input.clone()),
			&record.generation,
			&Output::from(claim.output.clone()),
			&claim.trace,
		)
	});
	match root.is_some() && root == claim.map(|claim| claim.root) {
		true => Ok(()),
		false => Err(Error::OtherClaim { job }),
	}
}

fn decoded<T: Decode>(state: &State<'_>, item: &Item, job: JobId) -> Result<Option<T>, Error> {
	let stored = state.read(item)?;
	let read = stored.map(|stored| T::decode_all(&mut &stored[..])).transpose();
	read.map_err(|_| Error::Unreadable { what: item.name, job })
}
