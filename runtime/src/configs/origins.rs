//! What referenda act as.

use crate::{governance::origins, Runtime};

impl origins::Config for Runtime {}
