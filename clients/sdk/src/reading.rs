//! Reading at a block: the best one, or one that the caller names.

use crate::{error::says_discarded, Assay, Block, Error, Result};
use codec::{Decode, Encode};
use std::future::Future;
use subxt::rpcs;

/// What the runtime returns at once of models, jobs, disputes or operators, at most.
pub(crate) const MAX_PAGE: u32 = 100;

/// A connection and the block to read at.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
	pub(crate) assay: &'a Assay,
	at: Option<Block>,
}

impl<'a> Reading<'a> {
	/// Reads at the best block of the moment.
	pub(crate) fn new(assay: &'a Assay) -> Self {
		Self { assay, at: None }
	}

	/// The same at a block.
	pub(crate) fn at(self, block: Block) -> Self {
		Self {
			at: Some(block),
			..self
		}
	}

	/// The block, chosen now if the caller named none.
	pub(crate) async fn block(&self) -> Result<Block> {
		match self.at {
			Some(block) => Ok(block),
			None => self.assay.best().await,
		}
	}

	/// The same with its block chosen, for what asks several times and wants answers that belong together.
	pub(crate) async fn fixed(self) -> Result<Self> {
		let block = self.block().await?;
		Ok(self.at(block))
	}

	/// Calls a function of the runtime's API.
	pub(crate) async fn ask<R: Decode>(&self, function: &str, arguments: impl Encode) -> Result<R> {
		let at = self.block().await?;
		let answer = self
			.assay
			.methods()
			.state_call(function, Some(&arguments.encode()), Some(at.hash))
			.await
			.map_err(|error| unanswered(error, function, at))?;
		R::decode(&mut &answer[..]).map_err(|error| Error::unreadable(format!("{function} answers"), error))
	}

	/// All there is by pages; `page` asks for those that follow what is known.
	pub(crate) async fn all<T, F: Future<Output = Result<Vec<T>>>>(
		limit: usize,
		mut page: impl FnMut(&[T], u32) -> F,
	) -> Result<Vec<T>> {
		let mut known: Vec<T> = vec![];
		while known.len() < limit {
			let left = u32::try_from(limit - known.len()).unwrap_or(MAX_PAGE);
			let next = page(&known, left.min(MAX_PAGE)).await?;
			if next.is_empty() {
				break;
			}
			known.extend(next);
		}
		Ok(known)
	}
}

/// Why a question about a block has no answer, and what to do where the node no longer has its state.
fn unanswered(error: rpcs::Error, function: &str, at: Block) -> Error {
	let what = format!("{function} at block {}", at.number);
	match says_discarded(&error.to_string()) {
		true => Error::Discarded { what, block: at.number },
		false => Error::Unanswered { what, source: error },
	}
}

/// Makes a room of the SDK: a connection and the block it is read at.
macro_rules! room {
	($(#[$docs:meta])* $name:ident) => {
		$(#[$docs])*
		#[derive(Clone, Copy)]
		pub struct $name<'a>(pub(crate) crate::reading::Reading<'a>);

		impl $name<'_> {
			/// Reads at this block instead of the best one.
			#[must_use]
			pub fn at(self, block: crate::Block) -> Self {
				Self(self.0.at(block))
			}
		}
	};
}
pub(crate) use room;
