//! Every constant that is a time.

use crate::BlockNumber;

pub use pallet_assay_timing::Milliseconds;

/// How long a slot lasts unless genesis says otherwise.
pub const DEFAULT_SLOT_DURATION: Milliseconds = 3_000;
/// How many slots an epoch, and so a session, lasts unless genesis says otherwise: one hour.
pub const DEFAULT_EPOCH_SLOTS: u64 = 1_200;

/// Slots of a development chain: one second, so that trying something out does not mean waiting.
pub const DEVELOPMENT_SLOT_DURATION: Milliseconds = 1_000;
/// Epochs of development and test chains: short, so that session changes are seen.
pub const DEVELOPMENT_EPOCH_SLOTS: u64 = 60;

/// The chance that a slot has a primary author. Secondary authors, who also prove their randomness,
/// fill the other slots.
pub const BABE_PRIMARY_PROBABILITY: (u64, u64) = (1, 4);
/// BABE's configuration at genesis.
pub const BABE_GENESIS_EPOCH_CONFIG: sp_consensus_babe::BabeEpochConfiguration =
	sp_consensus_babe::BabeEpochConfiguration {
		c: BABE_PRIMARY_PROBABILITY,
		allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
	};

/// How many block hashes are kept, and so the longest life of a mortal transaction.
pub const BLOCK_HASH_COUNT: BlockNumber = 4_096;

/// Computation a block may hold: half of the shortest slot, so that a block is executed in time
/// for the next author to build on it.
pub const MAXIMUM_BLOCK_MILLISECONDS: u64 = DEVELOPMENT_SLOT_DURATION / 2;

/// Blocks an operator has for the result of a job.
pub const JOB_RESULT_PERIOD: BlockNumber = 40;
/// Blocks an open job waits for an operator before it is refunded.
pub const JOB_OPEN_PERIOD: BlockNumber = 100;
/// Blocks between two attempts to assign an open job.
pub const JOB_RETRY_PERIOD: BlockNumber = 5;
/// Blocks between a claim and finality.
pub const JOB_WINDOW: BlockNumber = 10;
/// Blocks a job stays readable after its end: half a day at three seconds.
pub const JOB_RETENTION: BlockNumber = 14_400;
/// Blocks that worker and auditors have to commit, and again to show. An audit in which all reply at once delays nothing.
pub const AUDIT_PERIOD: BlockNumber = 30;
/// Blocks that each side of a dispute has for each move.
pub const DISPUTE_MOVE_PERIOD: BlockNumber = 20;
/// Blocks a dispute stays readable after its end, like a job.
pub const DISPUTE_RETENTION: BlockNumber = JOB_RETENTION;
/// Stake that asks to leave waits for the end of such a stretch of blocks first, unless genesis says otherwise: four hours at
/// three seconds.
pub const DEFAULT_STAKING_PERIOD: BlockNumber = 4_800;
/// Such stretches that it then waits: a day together, longer than any job and every dispute about it.
pub const STAKING_PERIODS: BlockNumber = 6;
/// Staking periods of development and test chains: short, so that leaving is seen. Disputes may last longer than stake
/// waits there.
pub const DEVELOPMENT_STAKING_PERIOD: BlockNumber = 20;
/// Blocks that a validator may be expected to have made before it is taken for absent: one that is there makes none with a
/// chance of e^-30.
pub const SILENCE_LIMIT: u32 = 30;
/// Blocks in which an operator that serves models sends one heartbeat.
pub const HEARTBEAT_PERIOD: BlockNumber = 20;
/// Blocks an operator stays listed after its last heartbeat: one may be missed.
pub const HEARTBEAT_GRACE: BlockNumber = 45;
