//! Errors as clients read them: `{"error":{"code","message"}}` with what else belongs to the code.

use super::{json_response, voucher};
use crate::{desk::Refusal, Problem};
use axum::{
	http::{header, HeaderValue, StatusCode},
	response::{IntoResponse, Response},
};
use serde_json::{json, Map, Value};

/// Seconds after which one may ask again that was one too many.
const RETRY_AFTER: u32 = 1;

/// Why a request is not answered.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ApiError {
	status: StatusCode,
	code: &'static str,
	message: String,
	/// What else belongs to the code.
	fields: Map<String, Value>,
}

impl ApiError {
	pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
		Self {
			status,
			code,
			message: message.into(),
			fields: Map::new(),
		}
	}

	pub(super) fn malformed(message: impl Into<String>) -> Self {
		Self::new(StatusCode::BAD_REQUEST, "malformed", message)
	}

	pub(super) fn too_large(message: impl Into<String>) -> Self {
		Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
	}

	fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
		self.fields.insert(field.into(), value.into());
		self
	}

	/// The error object alone, as streams have it.
	pub(super) fn document(&self) -> Value {
		let mut error = self.fields.clone();
		error.insert("code".into(), self.code.into());
		error.insert("message".into(), self.message.clone().into());
		json!({ "error": error })
	}
}

impl From<Problem> for ApiError {
	fn from(problem: Problem) -> Self {
		let message = problem.to_string();
		let is = |status, code| Self::new(status, code, message.clone());
		match problem {
			Problem::Refused(Refusal::Malformed(_)) => is(StatusCode::BAD_REQUEST, "malformed"),
			Problem::Refused(Refusal::BadSignature) => is(StatusCode::UNAUTHORIZED, "bad_signature"),
			Problem::Refused(Refusal::UnknownChannel) => is(StatusCode::NOT_FOUND, "unknown_channel"),
			Problem::Refused(Refusal::Refused(_)) => is(StatusCode::UNPROCESSABLE_ENTITY, "refused"),
			Problem::Refused(Refusal::WrongSequence { expected }) => {
				is(StatusCode::CONFLICT, "wrong_sequence").with("expected", expected)
			}
			Problem::Refused(Refusal::Closing) => is(StatusCode::CONFLICT, "closing"),
			Problem::Refused(Refusal::Unpaid { unpaid, credit, .. }) => is(StatusCode::PAYMENT_REQUIRED, "unpaid")
				.with("unpaid", unpaid.to_string())
				.with("credit", credit.to_string()),
			Problem::Refused(Refusal::Resync(standing)) => is(StatusCode::CONFLICT, "resync")
				.with("base", standing.base)
				.with("count", standing.count)
				.with("voucher", voucher(&standing)),
			Problem::Refused(Refusal::LaneBusy) | Problem::Busy(_) => is(StatusCode::TOO_MANY_REQUESTS, "busy"),
			Problem::Stopping => is(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
			Problem::Behind => is(StatusCode::SERVICE_UNAVAILABLE, "behind"),
			Problem::Full => is(StatusCode::SERVICE_UNAVAILABLE, "full"),
			Problem::Absent(_) => is(StatusCode::SERVICE_UNAVAILABLE, "absent"),
			Problem::Unwanted => is(StatusCode::SERVICE_UNAVAILABLE, "unwanted"),
			// What went wrong is the operator's to know.
			Problem::Failed(_) => Self::new(
				StatusCode::INTERNAL_SERVER_ERROR,
				"failed",
				"the endpoint has failed: its log says why",
			),
		}
	}
}

impl IntoResponse for ApiError {
	fn into_response(self) -> Response {
		let mut response = json_response(self.status, &self.document());
		if self.status == StatusCode::TOO_MANY_REQUESTS {
			response
				.headers_mut()
				.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
		}
		response
	}
}
