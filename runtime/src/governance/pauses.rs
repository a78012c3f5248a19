//! What the technical committee can stop at once, call by call, until a referendum or it itself lets it go on.
//!
//! Only what begins something new can be stopped. Whatever answers, proves, ends, pays or leaves cannot: clocks go on, and a party that
//! is kept from its move would lose for it. For the same reason there is no mode in which everything stands still.

use crate::Runtime;
use frame_support::traits::Contains;
use pallet_tx_pause::RuntimeCallNameOf;

/// Calls that can be paused, by pallet.
pub const PAUSABLE: [(&str, &[&str]); 8] = [
	(
		"Balances",
		&["transfer_allow_death", "transfer_keep_alive", "transfer_all"],
	),
	("Staking", &["register_operator", "delegate"]),
	("Validators", &["validate"]),
	("Models", &["register", "add_version", "serve"]),
	("Jobs", &["submit"]),
	("Channels", &["open", "top_up"]),
	("Identity", &["set_identity", "request_judgement"]),
	("Proxy", &["add_proxy", "create_pure"]),
];

/// Whether a call can be paused.
pub fn is_pausable(pallet: &str, call: &str) -> bool {
	PAUSABLE
		.iter()
		.any(|(of, calls)| *of == pallet && calls.contains(&call))
}

/// The calls that cannot be paused.
pub struct NeverPaused;

impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		match (core::str::from_utf8(pallet), core::str::from_utf8(call)) {
			(Ok(pallet), Ok(call)) => !is_pausable(pallet, call),
			_ => true,
		}
	}
}
