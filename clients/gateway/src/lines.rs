//! Where answers come as they are generated: channels to operators, as the gateway sees them. Tests put others behind the same traits.

use crate::{chain::Asked, ledger::OnLine};
use assay_protocol::{job::JobOutput, ModelVersion};
use assay_sdk::Balance;
use assay_trace::Hash32;
use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;

/// The lines of a gateway.
#[async_trait]
pub trait Lines: Send + Sync + 'static {
	/// A line on which a version answers now. Where there is none, jobs are bought.
	async fn find(&self, version: ModelVersion) -> Option<Arc<dyn Line>>;

	/// What became of a request of before.
	async fn outcome(&self, asked: &OnLine) -> Result<Outcome, String>;

	/// Where the answer to a request comes from and how far it was judged, if it is known.
	async fn verification(&self, request: Hash32) -> Result<Option<Value>, String>;
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
	/// It may still be answered.
	Open,
	/// It never will be, and costs nothing.
	Never,
	/// It was answered, for so much.
	Answered(Balance),
}

/// Is told of a request before it is sent; after an error it is not.
pub type NoteRequest<'a> = dyn Fn(OnLine) -> BoxFuture<'a, Result<(), String>> + Send + Sync + 'a;

/// A line to an operator.
#[async_trait]
pub trait Line: Send + Sync {
	/// The most that an answer costs; nothing if that is more than all money.
	fn most(&self, asked: &Asked) -> Option<Balance>;

	/// Asks; returns when something of the answer has come. Dropped before that it is as if the answer was stopped.
	async fn ask(&self, asked: Asked, note: &NoteRequest<'_>) -> Result<Box<dyn Reply>, Unanswered>;
}

/// An answer as it comes.
#[async_trait]
pub trait Reply: Send {
	/// The root of the request.
	fn request(&self) -> Hash32;

	/// What comes next.
	async fn next(&mut self) -> Result<Part, Unanswered>;

	/// Nothing more is wanted: what has come until then is the answer.
	async fn stop(self: Box<Self>) -> Result<Answered, Unanswered>;
}

/// A part of an answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
	/// More tokens.
	Tokens(Vec<u32>),
	/// It is complete.
	End(Answered),
}

/// An answer that is complete, and for which its operator answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered {
	/// All of it.
	pub output: JobOutput,
	/// What it costs.
	pub fee: Balance,
	/// What shows where it comes from.
	pub verification: Value,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswered {
	/// Nobody takes requests there now; this one was not taken, and never will be.
	#[error("the operator does not answer: {0}")]
	Absent(String),
	/// It is none that the operator takes; it was not taken, and never will be.
	#[error("the operator refuses the request: {0}")]
	Refused(String),
	/// Whether it was taken, and may have to be paid, is not known yet.
	#[error("the answer was interrupted: {0}")]
	Interrupted(String),
}
