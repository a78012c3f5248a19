//! What the calls and the agenda cost: a runtime has it measured by `scripts/weights`.

use frame_support::weights::Weight;

/// Costs of the calls and of the steps of the agenda.
pub trait WeightInfo {
	/// `offer`.
	fn offer() -> Weight;
	/// `withdraw`.
	fn withdraw() -> Weight;
	/// The authorisation of a `reply` of `b` bytes.
	fn authorize_reply(b: u32) -> Weight;
	/// `reply` with what is inside a cell of as many operations as there can be, after its authorisation.
	fn reply_cell() -> Weight;
	/// `reply` of `b` bytes with a step, that strikes a claim down.
	fn reply_step(b: u32) -> Weight;
	/// `reply` with a digest.
	fn reply_digest() -> Weight;
	/// `reply` of `b` bytes with the values of a cell, that ends the audit.
	fn reply_values(b: u32) -> Weight;
	/// `reply` of `b` bytes with a receipt of a batch.
	fn reply_receipt(b: u32) -> Weight;
	/// `advance` of a first draw that asks for nothing.
	fn advance_pass() -> Weight;
	/// `advance` that draws from `n` auditors of the version.
	fn advance_ask(n: u32) -> Weight;
	/// `advance` that ends the time to commit and strikes a claim down, with `n` auditors that failed.
	fn advance_close(n: u32) -> Weight;
	/// `advance` that draws what is to be shown, with `n` auditors.
	fn advance_ask_to_show(n: u32) -> Weight;
	/// `advance` that ends the time to show and strikes a claim down, with `n` auditors that failed.
	fn advance_finish(n: u32) -> Weight;
	/// The agenda of a block in which nothing is due.
	fn serve_agenda_base() -> Weight;
	/// Reading and writing the agenda of one block that holds `n` audits.
	fn serve_slot(n: u32) -> Weight;
}

/// No cost but time, for tests.
impl WeightInfo for () {
	fn offer() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn withdraw() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn authorize_reply(b: u32) -> Weight {
		Weight::from_parts(600, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn reply_cell() -> Weight {
		Weight::from_parts(9_000, 0)
	}
	fn reply_step(b: u32) -> Weight {
		Weight::from_parts(2_000, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn reply_digest() -> Weight {
		Weight::from_parts(400, 0)
	}
	fn reply_values(b: u32) -> Weight {
		Weight::from_parts(700, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn reply_receipt(b: u32) -> Weight {
		Weight::from_parts(900, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(b.into()))
	}
	fn advance_pass() -> Weight {
		Weight::from_parts(500, 0)
	}
	fn advance_ask(n: u32) -> Weight {
		Weight::from_parts(1_000, 0).saturating_add(Weight::from_parts(10, 0).saturating_mul(n.into()))
	}
	fn advance_close(n: u32) -> Weight {
		Weight::from_parts(1_500, 0).saturating_add(Weight::from_parts(100, 0).saturating_mul(n.into()))
	}
	fn advance_ask_to_show(n: u32) -> Weight {
		Weight::from_parts(900, 0).saturating_add(Weight::from_parts(10, 0).saturating_mul(n.into()))
	}
	fn advance_finish(n: u32) -> Weight {
		Weight::from_parts(1_400, 0).saturating_add(Weight::from_parts(100, 0).saturating_mul(n.into()))
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(20, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(n.into()))
	}
}
