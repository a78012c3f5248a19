//! Answers as server-sent events.
//!
//! The job of a streamed request is on the chain before the stream begins, so that whatever refuses it has a status of its own.
//! Until its claim is on the chain too, comments keep the connection open; then the whole text comes, word by word. Tokens are
//! not streamed as they are generated: the chain knows nothing of a result before its claim.

use super::text::Generated;
use crate::{error::ApiError, gateway::Guest};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{stream, Stream, StreamExt};
use serde_json::Value;
use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

/// How often a stream without content says that it is there: proxies end silent connections.
const PING: Duration = Duration::from_secs(5);

/// A stream of what `answer` comes to; `guest` has its place as long as it lasts.
pub(crate) fn stream(
	answer: impl Future<Output = Result<Generated, ApiError>> + Send + 'static,
	with_usage: bool,
	guest: Arc<Guest>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
	let events = stream::once(answer).flat_map(move |answer| {
		// Moved into the stream, with which it goes.
		let _guest = &guest;
		let documents = match answer {
			Ok(generated) => generated.chunks(with_usage),
			Err(error) => vec![error.document()],
		};
		stream::iter(events(documents))
	});
	Sse::new(events).keep_alive(KeepAlive::new().interval(PING).text("ping"))
}

fn events(documents: Vec<Value>) -> Vec<Result<Event, Infallible>> {
	let done = Event::default().data("[DONE]");
	let documents = documents
		.iter()
		.map(|document| Event::default().data(document.to_string()));
	documents.chain(std::iter::once(done)).map(Ok).collect()
}
