//! What the calls of our pallets cost. `scripts/weights` measures it; each file says where its numbers come from.

pub(crate) mod pallet_assay_audits;
pub(crate) mod pallet_assay_channels;
pub(crate) mod pallet_assay_disputes;
pub(crate) mod pallet_assay_jobs;
pub(crate) mod pallet_assay_models;
pub(crate) mod pallet_assay_staking;
pub(crate) mod pallet_assay_validators;
