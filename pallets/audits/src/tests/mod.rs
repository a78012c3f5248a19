//! What the pallet does, by subject.

mod auditors;
mod chance;
mod honest;
mod life;
mod replies;
mod verdicts;
