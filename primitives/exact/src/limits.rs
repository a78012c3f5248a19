//! Bounds that every valid program keeps; the overflow proofs of the page rest on them.

/// Bytes of an encoded program.
pub const MAX_ENCODED_BYTES: u32 = 16 * 1024;
/// Registers of a program.
pub const MAX_REGISTERS: u32 = 64;
/// Elements of all registers together, so that the state of one position is at most 16 MiB.
pub const MAX_REGISTER_ELEMENTS: u64 = 1 << 22;
/// Tensors of a program, per-layer ones counted once.
pub const MAX_TENSORS: u32 = 256;
/// Operations in each of `entry`, `layer` and the head.
pub const MAX_OPERATIONS: u32 = 64;
/// Repetitions of the layer template.
pub const MAX_LAYERS: u16 = 256;
/// Positions of a job.
pub const MAX_POSITIONS: u32 = 1 << 17;
/// Columns of a matrix: 1,024 blocks of 27 + 18 + 7 bits sum to less than 2⁶².
pub const MAX_COLUMNS: u32 = 32_768;
/// Rows of a matrix and elements of a register or vector.
pub const MAX_ROWS: u32 = 1 << 20;
/// Elements under one normalisation.
pub const MAX_NORMALISED: u32 = 32_768;
/// Elements of an attention or rotary head.
pub const MAX_HEAD_DIM: u32 = 1_024;
/// Largest attention scale: it has 30 fraction bits and stays below 2.
pub const MAX_ATTENTION_SCALE: u32 = (1 << 31) - 1;
/// Largest epsilon: one, in units of 2⁻³².
pub const MAX_EPSILON: u64 = 1 << 32;
/// Tokens that end generation.
pub const MAX_STOP_TOKENS: u32 = 16;
/// Weights of all matrices of a program, per-layer ones counted for each layer.
pub const MAX_WEIGHTS: u64 = 1 << 40;
