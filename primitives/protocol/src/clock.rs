//! How long running a job takes, in blocks.

use assay_exact::ComputeUnits;

/// Whole blocks, of `slot` milliseconds each, that `units` take at `speed` units a second; as many as there can be where
/// either is zero.
pub fn blocks_to_run(units: ComputeUnits, speed: u64, slot: u64) -> u32 {
	let milliseconds = u128::from(units.0).saturating_mul(1_000);
	let blocks = u128::from(speed)
		.checked_mul(slot.into())
		.and_then(|per_block| milliseconds.checked_div(per_block));
	blocks.and_then(|blocks| u32::try_from(blocks).ok()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn blocks_are_counted_in_full() {
		assert_eq!(blocks_to_run(ComputeUnits(11_999), 4_000, 3_000), 0);
		assert_eq!(blocks_to_run(ComputeUnits(12_000), 4_000, 3_000), 1);
		assert_eq!(blocks_to_run(ComputeUnits(120_001), 4_000, 3_000), 10);
	}

	#[test]
	fn what_has_no_end_takes_as_long_as_there_can_be() {
		assert_eq!(blocks_to_run(ComputeUnits(1), 0, 3_000), u32::MAX);
		assert_eq!(blocks_to_run(ComputeUnits(u64::MAX), 1, 1), u32::MAX);
		assert_eq!(blocks_to_run(ComputeUnits(u64::MAX), u64::MAX, u64::MAX), 0);
	}
}
