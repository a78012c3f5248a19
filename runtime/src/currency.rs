//! The chain's currency and every constant that is an amount of it.

use crate::Balance;
use sp_runtime::Permill;

/// What wallets call the currency.
pub const SYMBOL: &str = "ASY";
/// How many decimal places one ASY has.
pub const DECIMALS: u8 = 12;
/// The prefix of addresses.
pub const SS58_PREFIX: u8 = 42;

/// One ASY.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of an ASY.
pub const MILLIUNIT: Balance = UNIT / 1_000;
/// A millionth of an ASY.
pub const MICROUNIT: Balance = UNIT / 1_000_000;

/// An account with less is removed.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLIUNIT;
/// What a byte of a transaction costs. A picosecond of computation costs one smallest unit, so a
/// transfer, about 150 bytes and 300 µs, costs about half a thousandth of an ASY.
pub const TRANSACTION_BYTE_FEE: Balance = MICROUNIT;
/// The author's share of the fees in its block, unless a referendum says otherwise: an author that fills its blocks with its own
/// transactions pays for it.
pub const AUTHOR_FEE_SHARE: Permill = Permill::from_percent(50);
/// The treasury's share of what jobs cost, unless a referendum says otherwise.
pub const TREASURY_SHARE: Permill = Permill::from_percent(5);
/// Held while session keys are registered.
pub const SESSION_KEY_DEPOSIT: Balance = UNIT;
/// The least an operator bonds to be given work.
pub const MINIMUM_BOND: Balance = 1_000 * UNIT;
/// The least that a validator bonds.
pub const MINIMUM_VALIDATOR_BOND: Balance = 5 * MINIMUM_BOND;
/// The least that is put behind somebody else.
pub const MINIMUM_DELEGATION: Balance = 10 * UNIT;
/// What an operator loses for a missed deadline.
pub const MISSED_DEADLINE_PENALTY: Balance = 10 * UNIT;
/// Held from a challenger until its dispute is over: more than the block space that a worker's answers take.
pub const CHALLENGE_BOND: Balance = 10 * UNIT;
/// What an operator loses at least for a wrong result.
pub const MIN_WRONG_RESULT_PENALTY: Balance = 200 * UNIT;
/// What an auditor loses at least for a missed duty: as much as for a missed deadline.
pub const MISSED_AUDIT_PENALTY: Balance = MISSED_DEADLINE_PENALTY;
/// What an auditor loses at least for vouching for a wrong claim.
pub const FALSE_AUDIT_PENALTY: Balance = MIN_WRONG_RESULT_PENALTY;
/// The least that an offer asks for a unit of computation. A core that does nothing but audit jobs at this price, 24,000 units a second
/// three times as fast as they were run, earns 0.024 ASY a second with a third of their fees.
pub const MIN_UNIT_PRICE: Balance = MICROUNIT;
/// Held for each model and each of its versions.
pub const MODEL_DEPOSIT_BASE: Balance = 10 * UNIT;
/// Held for each byte that a model stores on chain.
pub const MODEL_DEPOSIT_PER_BYTE: Balance = MILLIUNIT;
/// The least that a channel is opened with.
pub const MIN_CHANNEL_DEPOSIT: Balance = UNIT;
/// The least fee that a voucher is settled for while a channel goes on.
pub const MIN_BATCH_FEE: Balance = UNIT;
/// What a settled voucher costs beside its fee: as much as a job's transaction and room, whose place the settlement takes.
pub const BATCH_PRICE: Balance = 20 * MILLIUNIT;
