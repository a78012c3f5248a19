mod batches;
mod life;
mod properties;
mod receipts;
mod settlement;
