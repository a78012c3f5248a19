//! What the calls and the agenda cost: a runtime has it measured by `scripts/weights`.

use frame_support::weights::Weight;

/// Costs of the calls and of the steps of the agenda.
pub trait WeightInfo {
	/// `challenge`.
	fn challenge() -> Weight;
	/// `answer` of `b` bytes after its authorisation.
	fn answer(b: u32) -> Weight;
	/// The authorisation of an `answer` of `b` bytes.
	fn authorize_answer(b: u32) -> Weight;
	/// `point_at_group`.
	fn point_at_group() -> Weight;
	/// `point_at_target`.
	fn point_at_target() -> Weight;
	/// `prove` with `b` bytes, that strikes a claim down.
	fn prove(b: u32) -> Weight;
	/// `expire` that rules against the worker.
	fn expire_worker_silent() -> Weight;
	/// `expire` that rules against the challenger.
	fn expire_challenger_silent() -> Weight;
	/// `expire` of a dispute whose claim was struck down.
	fn expire_moot() -> Weight;
	/// `expire` that prunes a dispute.
	fn expire_prune() -> Weight;
	/// Booking a dispute in the last agenda that is tried.
	fn rebook() -> Weight;
	/// The agenda of a block in which nothing is due.
	fn serve_agenda_base() -> Weight;
	/// Reading and writing the agenda of one block that holds `n` disputes.
	fn serve_slot(n: u32) -> Weight;
}

/// No cost but time, for tests.
impl WeightInfo for () {
	fn challenge() -> Weight {
		Weight::from_parts(1_000, 0)
	}
	fn answer(b: u32) -> Weight {
		Weight::from_parts(500, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn authorize_answer(b: u32) -> Weight {
		Weight::from_parts(600, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn point_at_group() -> Weight {
		Weight::from_parts(300, 0)
	}
	fn point_at_target() -> Weight {
		Weight::from_parts(310, 0)
	}
	fn prove(b: u32) -> Weight {
		Weight::from_parts(2_000, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn expire_worker_silent() -> Weight {
		Weight::from_parts(1_500, 0)
	}
	fn expire_challenger_silent() -> Weight {
		Weight::from_parts(400, 0)
	}
	fn expire_moot() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn expire_prune() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn rebook() -> Weight {
		Weight::from_parts(30, 0)
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(10, 0)
	}
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(10, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(n.into()))
	}
}
