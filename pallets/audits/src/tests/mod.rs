//! What the pallet does, by subject.

mod auditors;
mod chance;
mod life;
mod replies;
mod verdicts;
