//! The endpoints in front of a chain that is made up.

mod api;
mod channels;
mod lines;
mod money;
mod page;
mod rates;
mod support;
