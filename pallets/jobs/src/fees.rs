//! The arithmetic of fees, as pure functions. Every amount is exact: what cannot be represented is `None`.

use assay_exact::ComputeUnits;
use frame_support::traits::tokens::Balance;
use sp_runtime::Permill;

/// What `units` cost at `price` for one.
pub fn fee<B: Balance>(price: B, units: ComputeUnits) -> Option<B> {
	B::try_from(units.0).ok()?.checked_mul(&price)
}

/// How an escrow is divided at finality. The four amounts add up to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares<B> {
	/// To the operator: the fee less the other two shares, so that no rounding loses money.
	pub operator: B,
	/// To the publisher, rounded down.
	pub royalty: B,
	/// To the treasury, rounded down.
	pub treasury: B,
	/// Back to the consumer.
	pub refund: B,
}

/// Divides an escrow of `max_fee` when the job costs `fee`; `None` if the fee is larger. The publisher's share gives way
/// where the two shares together exceed the fee.
pub fn split<B: Balance>(fee: B, max_fee: B, royalty: Permill, treasury: Permill) -> Option<Shares<B>> {
	let refund = max_fee.checked_sub(&fee)?;
	let treasury = floor(treasury, fee)?;
	let after_treasury = fee.checked_sub(&treasury)?;
	let royalty = floor(royalty, fee)?.min(after_treasury);
	let operator = after_treasury.checked_sub(&royalty)?;
	Some(Shares {
		operator,
		royalty,
		treasury,
		refund,
	})
}

/// `share · amount`, rounded down: whole millions and the rest apart, so that nothing overflows that fits.
fn floor<B: Balance>(share: Permill, amount: B) -> Option<B> {
	let million = B::from(1_000_000u32);
	let parts = B::from(share.deconstruct());
	let whole = amount.checked_div(&million)?.checked_mul(&parts)?;
	let rest = amount
		.checked_rem(&million)?
		.checked_mul(&parts)?
		.checked_div(&million)?;
	whole.checked_add(&rest)
}
