//! Errors as OpenAI's clients read them: `{"error":{"message","type","param","code"}}`.

use crate::{chain::is_poverty, desk::Source, ledger::NotReserved, lines::Unanswered, rates::TooMuch};
use assay_protocol::{refusal::Part, JobId};
use assay_sdk::{Error, Missing};
use axum::{
	http::{header, HeaderName, HeaderValue, StatusCode},
	response::{IntoResponse, Response},
};
use serde_json::{json, Value};

/// Milliseconds after which a client that was one too many may ask again.
const BUSY: u32 = 2_000;
/// Milliseconds after which one may ask again what no node or no operator could answer: some blocks.
const ABSENT: u32 = 12_000;
/// Tells OpenAI's clients when to ask again, in milliseconds.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// Tells OpenAI's clients whether to repeat a request by themselves.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Why a request has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
	status: StatusCode,
	/// OpenAI's class of the error.
	kind: &'static str,
	code: &'static str,
	param: Option<String>,
	message: String,
	/// Milliseconds after which it may have one.
	retry_after: Option<u32>,
	/// Jobs that were submitted all the same.
	jobs: Vec<JobId>,
	/// What comes of repeating the request.
	repeated: Repeated,
}

/// What comes of repeating a request that has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Repeated {
	/// Perhaps an answer.
	MaySucceed,
	/// Perhaps a job that is paid twice.
	MayPayTwice,
	/// The same error.
	Fails,
}

impl ApiError {
	fn new(status: StatusCode, kind: &'static str, code: &'static str, message: impl Into<String>) -> Self {
		Self {
			status,
			kind,
			code,
			param: None,
			message: message.into(),
			retry_after: None,
			jobs: vec![],
			repeated: Repeated::MaySucceed,
		}
	}

	fn about(mut self, param: impl Into<String>) -> Self {
		self.param = Some(param.into());
		self
	}

	fn after(mut self, milliseconds: u32) -> Self {
		self.retry_after = Some(milliseconds);
		self
	}

	/// The request itself is wrong.
	pub(crate) fn bad_request(message: impl Into<String>) -> Self {
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"invalid_request",
			message,
		)
	}

	/// The value of a parameter is wrong.
	pub(crate) fn bad_value(param: impl Into<String>, message: impl Into<String>) -> Self {
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"invalid_value",
			message,
		)
		.about(param)
	}

	/// There is a parameter that the chain's sampler does not have.
	pub(crate) fn unsupported(param: &str, neutral: &str) -> Self {
		let message = format!("`{param}` is not supported by this chain's sampler: leave it out{neutral}");
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"unsupported_parameter",
			message,
		)
		.about(param)
	}

	/// There is a parameter for something that is not here.
	pub(crate) fn not_here(param: &str, reason: &str) -> Self {
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"unsupported_parameter",
			format!("`{param}` is not supported: {reason}"),
		)
		.about(param)
	}

	/// There is a parameter that nobody knows.
	pub(crate) fn unknown_parameter(param: &str) -> Self {
		let message = format!("`{param}` is no parameter of this endpoint");
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"unknown_parameter",
			message,
		)
		.about(param)
	}

	/// The input is longer than the model or a transaction takes.
	pub(crate) fn too_long(param: &str, message: impl Into<String>) -> Self {
		Self::new(
			StatusCode::BAD_REQUEST,
			"invalid_request_error",
			"context_length_exceeded",
			message,
		)
		.about(param)
	}

	/// The request has no key, or one that is not accepted.
	pub(crate) fn unauthorized() -> Self {
		let message = "there is no such API key, or it was revoked: send `Authorization: Bearer sk-assay-…`";
		Self::new(
			StatusCode::UNAUTHORIZED,
			"authentication_error",
			"invalid_api_key",
			message,
		)
	}

	/// The request comes from a page that the gateway does not serve.
	pub(crate) fn foreign_host() -> Self {
		let message = "an open gateway answers only to the name of its own machine";
		Self::new(StatusCode::FORBIDDEN, "permission_error", "foreign_host", message)
	}

	/// There is no such model.
	pub(crate) fn no_model(name: &str) -> Self {
		let message = format!("there is no model `{name}`: GET /v1/models lists them");
		Self::new(
			StatusCode::NOT_FOUND,
			"invalid_request_error",
			"model_not_found",
			message,
		)
		.about("model")
	}

	/// There is no such job.
	pub(crate) fn no_job(job: &str) -> Self {
		let message = format!("there is no job {job}: it was never submitted, or it ended long ago and was removed");
		Self::new(StatusCode::NOT_FOUND, "invalid_request_error", "job_not_found", message)
	}

	/// There is no such path.
	pub(crate) fn no_path() -> Self {
		let message = "there is no such endpoint, or not with this method";
		Self::new(StatusCode::NOT_FOUND, "invalid_request_error", "unknown_url", message)
	}

	/// The client took too long to send its request.
	pub(crate) fn slow_client() -> Self {
		let message = "the request did not arrive in time";
		Self::new(
			StatusCode::REQUEST_TIMEOUT,
			"invalid_request_error",
			"request_timeout",
			message,
		)
	}

	/// The body is too large.
	pub(crate) fn too_large(most: usize) -> Self {
		let message = format!("the request has more than {most} bytes");
		Self::new(
			StatusCode::PAYLOAD_TOO_LARGE,
			"invalid_request_error",
			"request_too_large",
			message,
		)
	}

	/// The body is no JSON by its own account.
	pub(crate) fn no_json() -> Self {
		let message = "send `Content-Type: application/json`";
		Self::new(
			StatusCode::UNSUPPORTED_MEDIA_TYPE,
			"invalid_request_error",
			"unsupported_media_type",
			message,
		)
	}

	/// The model exists, and is of another kind.
	pub(crate) fn unfit(param: &str, message: impl Into<String>) -> Self {
		Self::new(
			StatusCode::UNPROCESSABLE_ENTITY,
			"invalid_request_error",
			"unfit_model",
			message,
		)
		.about(param)
	}

	/// There are too many requests.
	pub(crate) fn busy(what: &str) -> Self {
		let message = format!("{what} at the same time: ask again in a moment");
		Self::new(
			StatusCode::TOO_MANY_REQUESTS,
			"rate_limit_error",
			"rate_limit_exceeded",
			message,
		)
		.after(BUSY)
	}

	/// The key has asked for too much in a minute.
	pub(crate) fn too_much(refused: &TooMuch) -> Self {
		let TooMuch {
			measure,
			limit,
			asked,
			wait,
		} = refused;
		let what = measure.name();
		let of_minute = format!("the key may ask for {limit} {what} a minute");
		let error = |message| Self::new(StatusCode::TOO_MANY_REQUESTS, what, "rate_limit_exceeded", message);
		let Some(wait) = wait else {
			let message = format!("{of_minute}, the request asks for {asked}: it is refused whenever it comes");
			return Self {
				repeated: Repeated::Fails,
				..error(message)
			};
		};
		// A minute at most; one more than the whole ones, so that it is not too soon.
		let milliseconds = u32::try_from(wait.as_millis()).map_or(u32::MAX, |whole| whole.saturating_add(1));
		let seconds = milliseconds.div_ceil(1_000);
		error(format!(
			"{of_minute}, {asked} more are too many now: ask again in {seconds} s"
		))
		.after(milliseconds)
	}

	/// Something the chain needs is not there.
	pub(crate) fn absent(code: &'static str, message: impl Into<String>) -> Self {
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "api_error", code, message).after(ABSENT)
	}

	/// The gateway is at fault.
	pub(crate) fn internal(message: impl Into<String>) -> Self {
		Self::new(
			StatusCode::INTERNAL_SERVER_ERROR,
			"api_error",
			"internal_error",
			message,
		)
	}

	/// It takes longer than a request may.
	pub(crate) fn timeout(sources: impl IntoIterator<Item = Source>) -> Self {
		let message =
			"there is no result in time; jobs go on and are paid: the same request within a minute after their end gets \
			their results, /v1/verification/{job} tells where they are; what comes through a channel is stopped, and paid so far";
		let error = Self::new(StatusCode::GATEWAY_TIMEOUT, "api_error", "job_timeout", message);
		let job = |source| match source {
			Source::Job(job) => Some(job),
			Source::Request(_) => None,
		};
		Self {
			jobs: sources.into_iter().filter_map(job).collect(),
			..error
		}
	}

	/// An operator has not answered a request in a channel.
	pub(crate) fn unanswered(error: &Unanswered) -> Self {
		match error {
			Unanswered::Absent(_) => Self::absent("no_operator", error.to_string()),
			Unanswered::Refused(_) => Self::new(
				StatusCode::BAD_REQUEST,
				"invalid_request_error",
				"refused_by_operator",
				error.to_string(),
			),
			Unanswered::Interrupted(_) => Self {
				repeated: Repeated::MayPayTwice,
				..Self::absent("interrupted", error.to_string())
			},
		}
	}

	/// A job ended without a result.
	pub(crate) fn refunded(job: JobId) -> Self {
		let message = format!("job {job} was refunded: no operator delivered a result that stood");
		let error = Self::absent("job_refunded", message);
		Self {
			jobs: vec![job],
			..error
		}
	}

	/// A reorganisation of the chain has given the number of a job to another.
	pub(crate) fn displaced(job: JobId) -> Self {
		let message =
			format!("a reorganisation of the chain has put another job in the place of {job}: the answer was lost");
		let error = Self::absent("job_displaced", message);
		Self {
			repeated: Repeated::MayPayTwice,
			..error
		}
	}

	/// Why a job was not submitted, or may not have been.
	pub(crate) fn not_submitted(error: &Error, costs_nothing: bool) -> Self {
		let about_chain = match error {
			error if is_poverty(error) => {
				let message = "the gateway's account has too little money for this job";
				Self::new(
					StatusCode::PAYMENT_REQUIRED,
					"insufficient_quota",
					"account_out_of_money",
					message,
				)
			}
			Error::Missing(Missing::Offer(_)) => Self::absent("no_operator", error.to_string()),
			Error::InputTooLong { .. } => Self::too_long("input", error.to_string()),
			Error::CannotRun(refusal) => match refusal.part {
				Part::Version => Self::unfit("model", error.to_string()),
				Part::Input => Self::too_long("input", error.to_string()),
				Part::MaxTokens => Self::too_long("max_tokens", error.to_string()),
			},
			error if error.is_disconnected() => Self::absent("no_node", "the gateway's node does not answer"),
			error => Self::absent("not_submitted", error.to_string()),
		};
		if costs_nothing {
			return about_chain;
		}
		Self {
			repeated: Repeated::MayPayTwice,
			..about_chain
		}
	}

	/// Whether repeating the request could pay twice.
	pub(crate) fn may_pay_twice(&self) -> bool {
		self.repeated == Repeated::MayPayTwice
	}

	/// The document.
	pub(crate) fn document(&self) -> Value {
		let mut error = json!({
			"message": self.message,
			"type": self.kind,
			"param": self.param,
			"code": self.code,
		});
		if !self.jobs.is_empty() {
			error["jobs"] = self.jobs.iter().map(|job| Value::from(job.0)).collect();
		}
		json!({ "error": error })
	}
}

impl From<NotReserved> for ApiError {
	fn from(error: NotReserved) -> Self {
		match &error {
			NotReserved::BeyondLimit { .. } | NotReserved::BeyondMoney => {
				let message = error.to_string();
				Self::new(
					StatusCode::PAYMENT_REQUIRED,
					"insufficient_quota",
					"insufficient_quota",
					message,
				)
			}
			NotReserved::Disk(_) => {
				log::error!("{error}");
				Self::internal("the gateway cannot keep its books, so it spends nothing")
			}
		}
	}
}

impl IntoResponse for ApiError {
	fn into_response(self) -> Response {
		let mut response = json_response(self.status, &self.document());
		let headers = response.headers_mut();
		if let Some(milliseconds) = self.retry_after {
			headers.insert(header::RETRY_AFTER, HeaderValue::from(milliseconds.div_ceil(1_000)));
			headers.insert(RETRY_AFTER_MS, HeaderValue::from(milliseconds));
		}
		if self.repeated != Repeated::MaySucceed {
			headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
		}
		response
	}
}

/// A document as a response.
pub(crate) fn json_response(status: StatusCode, document: &Value) -> Response {
	let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
	(status, kind, document.to_string()).into_response()
}
