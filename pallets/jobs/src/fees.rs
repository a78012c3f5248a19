//! The arithmetic of fees, as pure functions. Every amount is exact: what cannot be represented is `None`.

use assay_exact::ComputeUnits;
use frame_support::traits::tokens::Balance;
use sp_runtime::Permill;

/// What `units` cost at `price` for one.
pub fn fee<B: Balance>(price: B, units: ComputeUnits) -> Option<B> {
	B::try_from(units.0).ok()?.checked_mul(&price)
}

/// What everybody but operator and consumer is due of a fee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
	/// The treasury's share.
	pub treasury: Permill,
	/// The publisher's share.
	pub royalty: Permill,
	/// The share of each auditor.
	pub auditor: Permill,
	/// How many auditors have audited the claim.
	pub auditors: u32,
}

/// How an escrow is divided at finality. Operator, royalty, treasury, refund and what each auditor gets add up to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares<B> {
	/// To the operator: the fee less the other shares, so that no rounding loses money.
	pub operator: B,
	/// To the publisher, rounded down.
	pub royalty: B,
	/// To the treasury, rounded down.
	pub treasury: B,
	/// To each auditor, rounded down.
	pub auditor: B,
	/// Back to the consumer.
	pub refund: B,
}

/// Divides an escrow of `max_fee` when the job costs `fee`; `None` if the fee is larger. Auditors have their share of `audited`, what
/// running again costs what they ran. Where the shares together exceed
/// the fee, that of the publisher gives way to those of the treasury and the auditors, and theirs to the treasury's.
pub fn split<B: Balance>(fee: B, max_fee: B, audited: B, rates: Rates) -> Option<Shares<B>> {
	let refund = max_fee.checked_sub(&fee)?;
	let treasury = floor(rates.treasury, fee)?;
	let left = fee.checked_sub(&treasury)?;
	let auditors = B::from(rates.auditors);
	let auditor = if rates.auditors == 0 {
		B::zero()
	} else {
		floor(rates.auditor, audited)?.min(left.checked_div(&auditors)?)
	};
	let left = left.checked_sub(&auditor.checked_mul(&auditors)?)?;
	let royalty = floor(rates.royalty, fee)?.min(left);
	let operator = left.checked_sub(&royalty)?;
	Some(Shares {
		operator,
		royalty,
		treasury,
		auditor,
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
