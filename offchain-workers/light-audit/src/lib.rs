#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod check;
mod draw;
mod field;
mod key;
mod needs;
mod open;
mod opening;
mod walk;

pub use check::{check, check_positions, At, Fault, Refused, Verdict};
pub use draw::{detection, draw, DrawError, MAX_POSITIONS};
pub use key::{Key, KeyError, KeyFileError};
pub use needs::largest_opening;
pub use open::{open, open_again, open_record, OpenError};
pub use opening::{Opening, OpeningError};
