mod audit2;
mod batches;
mod life;
mod properties;
mod receipts;
mod settlement;
