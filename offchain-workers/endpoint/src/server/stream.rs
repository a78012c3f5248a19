//! Answers as server-sent events (WHATWG HTML, section 9.2).

use super::{error::ApiError, hex_of, Limits};
use crate::{answer::Event, chain::Chain, Listener};
use axum::{
	http::{header, HeaderName, HeaderValue},
	response::{
		sse::{Event as Sent, KeepAlive, Sse},
		IntoResponse, Response,
	},
};
use futures::stream;
use serde_json::json;
use std::{convert::Infallible, sync::Arc};

/// Tells proxies to pass on what comes at once.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The stream of all that a listener is told.
pub(super) fn response(listener: Listener, chain: Arc<dyn Chain>, limits: &Limits) -> Response {
	let events = stream::unfold((listener, chain), |(mut listener, chain)| async {
		let event = listener.next(&chain).await?;
		Some((Ok::<_, Infallible>(sent(event)), (listener, chain)))
	});
	let mut response = Sse::new(events)
		.keep_alive(KeepAlive::new().interval(limits.alive))
		.into_response();
	let headers = response.headers_mut();
	headers.insert(NO_BUFFERING, HeaderValue::from_static("no"));
	headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
	response
}

fn sent(event: Event) -> Sent {
	match event {
		Event::Tokens(tokens) => named("tokens", json!({ "tokens": tokens }).to_string()),
		Event::Values(values) => named("values", json!({ "values": values }).to_string()),
		Event::Progress(progress) => named("progress", hex_of(&progress)),
		Event::Receipt(receipt) => named("receipt", hex_of(&receipt)),
		Event::Error(problem) => named("error", ApiError::from(problem).document().to_string()),
	}
}

fn named(name: &str, data: String) -> Sent {
	Sent::default().event(name).data(data)
}
