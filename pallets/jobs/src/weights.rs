//! What the calls and the agenda cost: a runtime has it measured by `scripts/weights`.

use frame_support::weights::Weight;

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
