//! How long slots and epochs last.

use crate::Runtime;

impl crate::timing::Config for Runtime {}
