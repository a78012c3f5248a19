//! An engine that can be held back.

use assay_endpoint::engine::Engine;
use assay_engine::Observer;
use assay_exact::{Generation, Input, Output};
use assay_provider::{folder::Absence, models::Models, pool::Failure};
use assay_trace::{merkle::Hash32, TraceRoot};
use std::{
	num::NonZeroUsize,
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};

/// The provider's models, held back after so many tokens.
pub struct Held {
	models: Models,
	/// Tokens that every run may have.
	limit: AtomicUsize,
	/// Runs that have begun.
	pub runs: AtomicUsize,
	/// The next run panics.
	pub panics: AtomicBool,
}

struct Holding<'a> {
	inner: &'a mut dyn Observer,
	limit: &'a AtomicUsize,
	seen: usize,
}

impl Observer for Holding<'_> {
	fn on_token(&mut self, token: u32) {
		self.inner.on_token(token);
		self.seen += 1;
		while self.seen >= self.limit.load(Ordering::SeqCst) && !self.inner.should_stop() && !self.inner.should_cancel()
		{
			std::thread::sleep(Duration::from_millis(2));
		}
	}

	fn should_cancel(&mut self) -> bool {
		self.inner.should_cancel()
	}

	fn should_stop(&mut self) -> bool {
		self.inner.should_stop()
	}
}

impl Held {
	pub(super) fn new(models: &Path) -> Arc<Self> {
		Arc::new(Self {
			models: Models::new(models.into(), None, NonZeroUsize::MIN),
			limit: AtomicUsize::new(usize::MAX),
			runs: AtomicUsize::new(0),
			panics: AtomicBool::new(false),
		})
	}

	/// Runs wait when they have so many tokens.
	pub fn hold_after(&self, tokens: usize) {
		self.limit.store(tokens, Ordering::SeqCst);
	}

	/// Nothing is held back any more.
	pub fn let_go(&self) {
		self.hold_after(usize::MAX);
	}
}

impl Engine for Held {
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence> {
		Engine::look_for(&self.models, artifact)
	}

	fn run(
		&self,
		artifact: &Hash32,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, TraceRoot), Failure> {
		self.runs.fetch_add(1, Ordering::SeqCst);
		assert!(!self.panics.swap(false, Ordering::SeqCst), "the model panics");
		let mut holding = Holding {
			inner: observer,
			limit: &self.limit,
			seen: 0,
		};
		self.models.run(artifact, input, generation, &mut holding)
	}
}
