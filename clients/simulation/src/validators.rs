//! What validators are paid and what an equivocation costs.

use sp_runtime::{curve::PiecewiseLinear, traits::Saturating, Perbill, Permill};

/// Yearly inflation by the share of all ASY that stands behind elected validators: most at a half.
pub const INFLATION: PiecewiseLinear<'static> = PiecewiseLinear {
	points: &[
		(Perbill::from_percent(0), Perbill::from_parts(25_000_000)),
		(Perbill::from_percent(50), Perbill::from_percent(10)),
		(Perbill::from_percent(100), Perbill::from_parts(25_000_000)),
	],
	maximum: Perbill::from_percent(10),
};

/// The author's pool's share of a transaction's fee; the rest is burned. Tips go to the author.
pub const AUTHOR_FEE_SHARE: Permill = Permill::from_percent(50);

/// What everybody behind an operator by stake shares of what a job pays it; the rest is the operator's for the work.
pub const STAKERS_SHARE: Permill = Permill::from_percent(20);

/// A reporter's share of what an equivocation takes.
pub const EQUIVOCATION_REPORTER_SHARE: Permill = Permill::from_percent(10);

/// What `offenders` of `validators` lose that equivocated at once: min(1, (3k/n)²) of everything behind them.
pub fn equivocation_slash(offenders: u32, validators: u32) -> Perbill {
	let thrice = Perbill::from_rational(offenders.saturating_mul(3).min(validators), validators);
	thrice.saturating_mul(thrice)
}
