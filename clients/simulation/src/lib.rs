//! Where does honesty pay? The economic constants of the runtime, held against the inequalities that they must satisfy
//! and against a simulation of the rules that they are part of.
//!
//! - [`constants`] reads the constants from the runtime itself, [`values`] says what each is for.
//! - [`honesty`] has the closed formulas, [`cheat`] plays the same rules by chance; each checks the other.
//! - [`spot_check`] says how often a spot-check finds a cheat, by the rules of real programs.
//! - [`conditions`] holds each constant against what it must cover, [`issuance`] what blocks pay and equivocations cost.
//! - [`report`] puts all of it into tables, [`plots`] into pictures. `docs/economics.md` shows both.

pub mod cheat;
pub mod conditions;
pub mod constants;
pub mod honesty;
pub mod issuance;
pub mod plots;
pub mod report;
pub mod spot_check;
pub mod table;
pub mod values;
