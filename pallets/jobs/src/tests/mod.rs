//! Tests, one file for each feature.

mod agenda;
mod assignment;
mod authorise;
mod cancel;
mod deadline;
mod disputed;
mod draw;
mod finalisation;
mod money;
mod properties;
mod queries;
mod result;
mod submit;
