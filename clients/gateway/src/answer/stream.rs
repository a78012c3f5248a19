//! Answers as server-sent events.
//!
//! What refuses a request has a status of its own, so a stream begins when there is an answer to be expected: where it comes through a
//! channel, when the operator has taken the request, and then its text comes as it is generated; otherwise when its job is on the
//! chain, and its text when the claim is. Until there is more, comments keep the connection open.

use super::{
	coming::{Coming, Next},
	Writer,
};
use crate::gateway::Guest;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{stream, Stream, StreamExt};
use serde_json::Value;
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How often a stream without content says that it is there: proxies end silent connections.
const PING: Duration = Duration::from_secs(5);

/// A stream of an answer; `guest` has its place as long as it lasts.
pub(crate) fn stream(
	mut writer: Writer,
	coming: Coming,
	guest: Arc<Guest>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
	let named = writer.names_events();
	let begin = stream::iter(writer.begin());
	let rest = stream::unfold(Some((writer, coming, guest)), |state| async {
		let (mut writer, mut coming, guest) = state?;
		let (documents, goes_on) = match coming.next().await {
			Ok(Next::Piece(piece)) => (pieces(&mut writer, &piece), true),
			Ok(Next::End(piece, generated)) => {
				let mut documents = pieces(&mut writer, &piece);
				documents.extend(writer.end(&generated));
				(documents, false)
			}
			Err(error) => (vec![writer.fail(&error)], false),
		};
		Some((stream::iter(documents), goes_on.then_some((writer, coming, guest))))
	});
	let events = begin.chain(rest.flatten()).map(move |document| event(&document, named));
	let done = (!named).then(|| Event::default().data("[DONE]"));
	let events = events.chain(stream::iter(done)).map(Ok);
	Sse::new(events).keep_alive(KeepAlive::new().interval(PING).text("ping"))
}

/// What is told of a piece of text: one event for each word.
fn pieces(writer: &mut Writer, text: &str) -> Vec<Value> {
	text.split_inclusive(char::is_whitespace)
		.map(|piece| writer.go_on(piece))
		.collect()
}

fn event(document: &Value, named: bool) -> Event {
	let event = Event::default().data(document.to_string());
	match document["type"].as_str().filter(|_| named) {
		Some(name) => event.event(name),
		None => event,
	}
}
