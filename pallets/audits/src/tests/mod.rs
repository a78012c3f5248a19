//! What the pallet does, by subject.

mod auditors;
mod chance;
mod honest;
mod life;
mod play;
mod replies;
mod verdicts;
