//! Receipts of a chain that is made of nothing but its state and three authorities.

mod bytes;
mod chain;
mod finality;
mod handovers;
mod state;
