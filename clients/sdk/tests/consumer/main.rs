//! The consumer's end of a channel, against the endpoint and against endpoints that are up to no good.

mod answers;
mod ends;
mod hostile;
mod hostility;
mod lanes;
mod setting;
mod trouble;
