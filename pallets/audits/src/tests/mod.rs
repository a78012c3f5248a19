//! What the pallet does, by subject.

mod absence;
mod auditors;
mod chance;
mod honest;
mod life;
mod load;
mod recalls;
mod replies;
mod verdicts;
