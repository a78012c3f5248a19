//! What the calls and the agenda cost: a runtime has it measured by `scripts/weights`.

use frame_support::weights::Weight;

/// Costs of the calls and of the steps of the agenda.
pub trait WeightInfo {
	/// `open`.
	fn open() -> Weight;
	/// `top_up`.
	fn top_up() -> Weight;
	/// `give_notice`.
	fn give_notice() -> Weight;
	/// The signatures of a `settle` with `n` vouchers.
	fn authorize_settle(n: u32) -> Weight;
	/// `settle` with `n` vouchers that closes the channel, after its authorisation.
	fn settle(n: u32) -> Weight;
	/// `present` of a receipt with as long an input and output as there can be.
	fn present() -> Weight;
	/// `accuse` with as long an output as there can be.
	fn accuse() -> Weight;
	/// `announce`.
	fn announce() -> Weight;
	/// `advance` that closes a channel.
	fn advance_close() -> Weight;
	/// `advance` that forgets a channel.
	fn advance_forget() -> Weight;
	/// The agenda of a block in which nothing is due.
	fn serve_agenda_base() -> Weight;
	/// Reading and writing the agenda of one block that holds `n` channels.
	fn serve_slot(n: u32) -> Weight;
}

/// No cost but time, for tests.
impl WeightInfo for () {
	fn open() -> Weight {
		Weight::from_parts(500, 0)
	}
	fn top_up() -> Weight {
		Weight::from_parts(300, 0)
	}
	fn give_notice() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn authorize_settle(n: u32) -> Weight {
		Weight::from_parts(200, 0).saturating_add(Weight::from_parts(100, 0).saturating_mul(n.into()))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(300, 0).saturating_add(Weight::from_parts(400, 0).saturating_mul(n.into()))
	}
	fn present() -> Weight {
		Weight::from_parts(900, 0)
	}
	fn accuse() -> Weight {
		Weight::from_parts(900, 0)
	}
	fn announce() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn advance_close() -> Weight {
		Weight::from_parts(300, 0)
	}
	fn advance_forget() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(10, 0)
	}
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(10, 0).saturating_add(Weight::from_parts(1, 0).saturating_mul(n.into()))
	}
}
