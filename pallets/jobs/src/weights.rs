//! What the calls and the agenda cost.
//!
//! These weights are written by hand, meant to be too high, and stand in until `scripts/weights` has measured the
//! benchmarks on the reference machine.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight},
};

/// Costs of the calls and of the steps of the agenda.
pub trait WeightInfo {
	/// `submit` with `o` offers considered and `i` elements of input.
	fn submit(o: u32, i: u32) -> Weight;
	/// `cancel`.
	fn cancel() -> Weight;
	/// `submit_result` after its authorisation.
	fn submit_result() -> Weight;
	/// The authorisation of `submit_result`.
	fn authorize_submit_result() -> Weight;
	/// `advance` that considers `o` offers and assigns an open job to the last of them.
	fn advance_assign(o: u32) -> Weight;
	/// `advance` that refunds an open job.
	fn advance_refund() -> Weight;
	/// `advance` that deals with a missed deadline and considers `o` offers for the next attempt.
	fn advance_missed(o: u32) -> Weight;
	/// `advance` that makes a job final.
	fn advance_finalise() -> Weight;
	/// `advance` that prunes a job.
	fn advance_prune() -> Weight;
	/// The agenda of a block in which nothing is due.
	fn serve_agenda_base() -> Weight;
	/// Reading and writing the agenda of one block that holds `n` jobs.
	fn serve_slot(n: u32) -> Weight;
}

/// Weights by hand, with the runtime's cost of storage.
pub struct HandWeight<T>(PhantomData<T>);

/// Time, reads and writes.
fn cost<T: frame_system::Config>(micros: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(micros.saturating_mul(WEIGHT_REF_TIME_PER_MICROS), 0)
		.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
}

/// A program of 16 KiB decoded.
const PROGRAM_MICROS: u64 = 400;
/// The claim of the longest input and output hashed.
const CLAIM_MICROS: u64 = 300;
/// A signature verified.
const SIGNATURE_MICROS: u64 = 150;

impl<T: frame_system::Config> HandWeight<T> {
	/// Offers listed, weighed by stake, drawn, and each but the last found without capacity.
	fn offers(o: u32) -> Weight {
		cost::<T>(20, 6, 0)
			.saturating_mul(o.into())
			.saturating_add(cost::<T>(100, 6, 4))
	}
}

impl<T: frame_system::Config> WeightInfo for HandWeight<T> {
	fn submit(o: u32, i: u32) -> Weight {
		cost::<T>(PROGRAM_MICROS, 12, 12)
			.saturating_add(cost::<T>(1, 0, 0).saturating_mul(i.into()))
			.saturating_add(Self::offers(o))
	}

	fn cancel() -> Weight {
		cost::<T>(150, 8, 8)
	}

	fn submit_result() -> Weight {
		cost::<T>(PROGRAM_MICROS + CLAIM_MICROS + 200, 8, 8)
	}

	fn authorize_submit_result() -> Weight {
		cost::<T>(PROGRAM_MICROS + CLAIM_MICROS + SIGNATURE_MICROS + 100, 6, 0)
	}

	fn advance_assign(o: u32) -> Weight {
		cost::<T>(150, 6, 6).saturating_add(Self::offers(o))
	}

	fn advance_refund() -> Weight {
		cost::<T>(200, 8, 8)
	}

	fn advance_missed(o: u32) -> Weight {
		cost::<T>(350, 16, 14).saturating_add(Self::offers(o))
	}

	fn advance_finalise() -> Weight {
		cost::<T>(400, 16, 16)
	}

	fn advance_prune() -> Weight {
		cost::<T>(150, 8, 8)
	}

	fn serve_agenda_base() -> Weight {
		cost::<T>(10, 1, 1)
	}

	fn serve_slot(n: u32) -> Weight {
		cost::<T>(20, 1, 1).saturating_add(Weight::from_parts(50_000, 0).saturating_mul(n.into()))
	}
}

/// No cost but time, for tests.
impl WeightInfo for () {
	fn submit(o: u32, i: u32) -> Weight {
		Weight::from_parts(1_000, 0)
			.saturating_add(Weight::from_parts(10, 0).saturating_mul(o.into()))
			.saturating_add(Weight::from_parts(1, 0).saturating_mul(i.into()))
	}
	fn cancel() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn submit_result() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn authorize_submit_result() -> Weight {
		Weight::from_parts(300, 0)
	}
	fn advance_assign(o: u32) -> Weight {
		Weight::from_parts(200, 0).saturating_add(Weight::from_parts(10, 0).saturating_mul(o.into()))
	}
	fn advance_refund() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn advance_missed(o: u32) -> Weight {
		Weight::from_parts(300, 0).saturating_add(Weight::from_parts(10, 0).saturating_mul(o.into()))
	}
	fn advance_finalise() -> Weight {
		Weight::from_parts(400, 0)
	}
	fn advance_prune() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(10, 0)
	}
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(10, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(n.into()))
	}
}
