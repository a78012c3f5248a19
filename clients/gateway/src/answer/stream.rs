//! Answers as server-sent events.
//!
//! The job of a streamed request is on the chain before the stream begins, so that whatever refuses it has a status of its own.
//! Until its claim is on the chain too, comments keep the connection open; then the whole text comes, word by word. Tokens are
//! not streamed as they are generated: the chain knows nothing of a result before its claim.

use super::{text::Generated, Writer};
use crate::{error::ApiError, gateway::Guest};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{stream, Stream, StreamExt};
use serde_json::Value;
use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

/// How often a stream without content says that it is there: proxies end silent connections.
const PING: Duration = Duration::from_secs(5);

/// A stream of what `answer` comes to; `guest` has its place as long as it lasts.
pub(crate) fn stream(
	writer: Writer,
	answer: impl Future<Output = Result<Generated, ApiError>> + Send + 'static,
	with_usage: bool,
	guest: Arc<Guest>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
	let named = writer.names_events();
	let begin = stream::iter(writer.begin());
	let rest = stream::once(answer).flat_map(move |answer| {
		// Moved into the stream, with which it goes.
		let _guest = &guest;
		stream::iter(match answer {
			Ok(generated) => writer.go_on(&generated, with_usage),
			Err(error) => vec![writer.fail(&error)],
		})
	});
	let events = begin.chain(rest).map(move |document| event(&document, named));
	let done = (!named).then(|| Event::default().data("[DONE]"));
	let events = events.chain(stream::iter(done)).map(Ok);
	Sse::new(events).keep_alive(KeepAlive::new().interval(PING).text("ping"))
}

fn event(document: &Value, named: bool) -> Event {
	let event = Event::default().data(document.to_string());
	match document["type"].as_str().filter(|_| named) {
		Some(name) => event.event(name),
		None => event,
	}
}
