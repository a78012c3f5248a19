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

/// Units of computation a second that whoever looks at a claim, or answers for one, has to manage: a sixth of what one core
/// with AVX2 does when it runs a job again.
pub const REFERENCE_SPEED: u64 = 4_000;
/// Blocks that a job takes at most at that speed: four hours at three seconds, 800 tokens of a model with 70 thousand million
/// weights.
pub const LONGEST_RUN: BlockNumber = 4_800;
/// Blocks after which an unnamed job is first assigned, with the output of a block that was not made when it was submitted.
pub const ASSIGNMENT_DELAY: BlockNumber = 2;
/// Blocks, from the first missed deadline of a question about a claim, in which an operator may answer late, unless genesis says otherwise: a day at
/// three seconds.
pub const DEFAULT_GUILT_PERIOD: BlockNumber = 28_800;
/// The same on development and test chains: short, so that silence is seen to lose.
pub const DEVELOPMENT_GUILT_PERIOD: BlockNumber = 30;
/// Blocks an operator has for the result of a job, beside those that it takes to run.
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
/// Blocks that somebody gets at most for everything that it is asked about claims: six hours. What an auditor is drawn for beyond that
/// waits.
pub const MAX_LOAD: BlockNumber = 7_200;
/// Units of computation as which a question about a claim counts beside running the job: half a second at the reference speed. A node
/// sends eight moves a block, one in three eighths of a second.
pub const QUESTION_UNITS: u64 = REFERENCE_SPEED / 2;
/// Blocks that each side of a dispute has for each move.
pub const DISPUTE_MOVE_PERIOD: BlockNumber = 20;
/// Blocks a dispute stays readable after its end, like a job.
pub const DISPUTE_RETENTION: BlockNumber = JOB_RETENTION;
/// Blocks of a window for which stake has to have been there before it weighs in draws of auditors: half an hour, in which any draw is
/// served, however many claims stand before it.
pub const STAKE_SETTLING_PERIOD: BlockNumber = 600;
/// Stake that asks to leave waits for the end of such a stretch of blocks first, unless genesis says otherwise: two days at
/// three seconds.
pub const DEFAULT_STAKING_PERIOD: BlockNumber = 57_600;
/// Such stretches that it then waits: fourteen days together, longer than any job and every dispute about it.
pub const STAKING_PERIODS: BlockNumber = 7;
/// Sessions after which validators are announced anew though they have not changed: a day of one hour each. Each time a proof of finality
/// grows by all their votes.
pub const SESSIONS_OF_SET: u32 = 24;
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
/// Blocks of a window from whose authors the numbers of a draw come, unless genesis says otherwise: of a hundred validators, nine
/// have made blocks in a third of them.
pub const DEFAULT_DRAW_WINDOW: BlockNumber = 32;
/// Such windows on development chains, whose only validator draws for itself.
pub const DEVELOPMENT_DRAW_WINDOW: BlockNumber = 1;
/// Such windows on test networks of four validators.
pub const TESTNET_DRAW_WINDOW: BlockNumber = 8;
/// Windows that are kept: of a day at three seconds.
pub const DRAW_WINDOWS_KEPT: u32 = 1_024;
/// Blocks that referenda count as a day, unless genesis says otherwise: a day at three seconds.
pub const DEFAULT_GOVERNANCE_DAY: BlockNumber = 28_800;
/// Such days on development and test chains: short, so that votes are seen to change something.
pub const DEVELOPMENT_GOVERNANCE_DAY: BlockNumber = 4;
