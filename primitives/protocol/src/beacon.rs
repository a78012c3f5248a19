//! Public randomness, as the pallets that draw see it.

use sp_core::H256;

/// Random numbers that nobody knows when what they are drawn on is made, and that do not depend on when they are asked for.
pub trait Beacon<AccountId, BlockNumber> {
	/// First block in which the number for something that is made in block `made_at` may be known; it may take longer.
	fn known_from(made_at: BlockNumber) -> BlockNumber;

	/// Blocks after which it is known at the latest.
	fn longest_wait() -> BlockNumber;

	/// Whether what is made in block `made_at` was not drawn on for so long that its number is gone.
	fn is_lost(made_at: BlockNumber) -> bool;

	/// The number of `subject`, which `maker` made in block `made_at`; none as long as it is not known. Blocks of the maker
	/// have no part in it, unless nobody else makes any.
	fn number(made_at: BlockNumber, maker: &AccountId, subject: &[u8]) -> Option<H256>;
}
