//! What the calls of our pallets cost, measured by `scripts/weights`.

pub(crate) mod pallet_assay_disputes;
pub(crate) mod pallet_assay_jobs;
pub(crate) mod pallet_assay_models;
pub(crate) mod pallet_assay_staking;
