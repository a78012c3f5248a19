//! The HTTP interface. The crate's documentation says what there is.

mod connection;
mod error;
mod limits;
mod stream;
mod tls;

pub use connection::{serve, Server};
pub use limits::Limits;
pub use tls::{Identity, IdentityError};

use crate::{chain::State as Height, desk::Standing, endpoint::Operator, Endpoint, Problem};
use assay_protocol::{
	channel::{ChannelSignature, SignedRequest, SignedVoucher},
	job::JobInput,
	ChannelId,
};
use assay_provider::chain::address;
use assay_trace::merkle::Hash32;
use axum::{
	body::to_bytes,
	extract::{MatchedPath, Path, Request, State},
	http::{header, StatusCode},
	middleware::{self, Next},
	response::{IntoResponse, Response},
	routing::{get, post},
	Router,
};
use codec::{DecodeAll, Encode};
use error::ApiError;
use serde_json::{json, Value};
use std::{str::FromStr, sync::Arc};
use tokio::time::timeout;

/// What is counted by its own name.
const PATHS: [&str; 5] = [
	"/v1/status",
	"/v1/requests",
	"/v1/requests/{root}",
	"/v1/vouchers",
	"/v1/channels/{id}",
];
/// That too; it is its own constant because it is longer.
const CLOSE: &str = "/v1/channels/{id}/close";

/// What handlers share.
#[derive(Clone)]
struct Shared {
	endpoint: Arc<Endpoint>,
	limits: Limits,
}

/// The endpoint as a service.
pub fn router(endpoint: Arc<Endpoint>, limits: Limits) -> Router {
	let shared = Shared { endpoint, limits };
	Router::new()
		.route("/v1/status", get(status))
		.route("/v1/requests", post(ask))
		.route("/v1/requests/{root}", get(answered))
		.route("/v1/vouchers", post(vouch))
		.route("/v1/channels/{id}", get(account))
		.route("/v1/channels/{id}/close", post(close))
		.fallback(no_path)
		.method_not_allowed_fallback(no_method)
		.layer(middleware::from_fn_with_state(shared.clone(), count))
		.with_state(shared)
}

/// Counts a request.
async fn count(State(shared): State<Shared>, request: Request, next: Next) -> Response {
	let matched = request.extensions().get::<MatchedPath>();
	let path = PATHS
		.into_iter()
		.chain([CLOSE])
		.find(|path| matched.is_some_and(|matched| matched.as_str() == *path))
		.unwrap_or("other");
	let response = next.run(request).await;
	shared.endpoint.count(|metrics| {
		let status = response.status();
		metrics.requests.with_label_values(&[path, status.as_str()]).inc();
	});
	response
}

async fn no_path() -> ApiError {
	ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}

async fn no_method() -> ApiError {
	ApiError::new(
		StatusCode::METHOD_NOT_ALLOWED,
		"method_not_allowed",
		"it is asked for by another method",
	)
}

async fn status(State(shared): State<Shared>) -> Response {
	let endpoint = &shared.endpoint;
	let operators: Vec<_> = endpoint.operators().iter().map(operator).collect();
	let (settings, limits) = (endpoint.settings(), &shared.limits);
	let document = json!({
		"genesis": Hash32(endpoint.chain().genesis()),
		"block": endpoint.chain().height(Height::Best),
		"finalized": endpoint.chain().height(Height::Finalized),
		"operators": operators,
		"limits": {
			"requests": settings.at_once,
			"waiting": settings.waiting,
			"unpaid_answers": settings.credit.answers,
			"first_credit": settings.credit.first.to_string(),
			"credit": settings.credit.most.to_string(),
			"request_bytes": limits.request,
			"vouchers": limits.vouchers,
		},
	});
	json_response(StatusCode::OK, &document)
}

fn operator(operator: &Operator) -> Value {
	let served = &operator.served;
	let versions = served.serving.offers.iter().map(|offer| {
		json!({
			"version": offer.version.to_string(),
			"artifact": offer.artifact,
			"price": offer.price.to_string(),
			"largest": offer.largest,
			"capacity": offer.capacity,
		})
	});
	json!({
		"operator": served.account.to_string(),
		"worker_key": address(&operator.worker),
		"versions": versions.collect::<Vec<_>>(),
	})
}

async fn ask(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
	let body = body(request, shared.limits.request, &shared.limits).await?;
	let (signed, input) = decode::<(SignedRequest, JobInput)>(&body)?;
	let listener = shared.endpoint.ask(signed, input).await?;
	Ok(stream::response(
		listener,
		shared.endpoint.chain().clone(),
		&shared.limits,
	))
}

async fn answered(State(shared): State<Shared>, Path(root): Path<String>) -> Result<Response, ApiError> {
	let absent = || {
		ApiError::new(
			StatusCode::NOT_FOUND,
			"not_found",
			"there is no answer to such a request",
		)
	};
	let root = Hash32::from_str(&root).map_err(|_| absent())?;
	let endpoint = shared.endpoint.clone();
	let kept = tokio::task::spawn_blocking(move || endpoint.kept(&root)).await;
	let kept = kept.map_err(|error| Problem::Failed(error.to_string()))??;
	let kept = kept.ok_or_else(absent)?;
	let bytes = (kept.receipt, kept.output).encode();
	Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

async fn vouch(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
	let most = shared.limits.vouchers;
	let room = most.saturating_mul(256).saturating_add(16);
	let body = body(request, room, &shared.limits).await?;
	let vouchers = decode::<Vec<SignedVoucher>>(&body)?;
	if vouchers.len() > most {
		return Err(ApiError::too_large(format!("{most} vouchers are taken at a time")));
	}
	shared.endpoint.vouch(vouchers).await?;
	Ok(json_response(StatusCode::OK, &json!({})))
}

async fn account(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, ApiError> {
	let account = shared.endpoint.account(&channel(&id)?)?;
	let lanes = (0u8..)
		.zip(&account.lanes)
		.filter(|(_, (standing, _))| standing.base + u64::from(standing.count) > 0);
	let lanes = lanes.map(|(lane, (standing, unpaid))| {
		let vouched = standing
			.voucher
			.as_ref()
			.filter(|signed| signed.voucher.base == standing.base);
		json!({
			"lane": lane,
			"base": standing.base,
			"answered": standing.base + u64::from(standing.count),
			"vouched": standing.base + vouched.map_or(0, |signed| signed.voucher.count.into()),
			"unpaid": unpaid.to_string(),
			"voucher": voucher(standing),
		})
	});
	let document = json!({
		"lanes": lanes.collect::<Vec<_>>(),
		"deposit": account.deposit.to_string(),
		"unpaid": account.unpaid.to_string(),
		"credit": account.credit.to_string(),
	});
	Ok(json_response(StatusCode::OK, &document))
}

async fn close(State(shared): State<Shared>, Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
	let id = channel(&id)?;
	let body = body(request, 128, &shared.limits).await?;
	let signature = decode::<ChannelSignature>(&body)?;
	shared.endpoint.close(id, &signature).await?;
	Ok(json_response(StatusCode::ACCEPTED, &json!({})))
}

fn channel(id: &str) -> Result<ChannelId, ApiError> {
	id.parse()
		.map_err(|_| ApiError::malformed("a channel is 64 hexadecimal digits"))
}

/// The last voucher of a lane, as it was signed.
fn voucher(standing: &Standing) -> Option<String> {
	standing.voucher.as_ref().map(hex_of)
}

/// SCALE in hexadecimal digits.
fn hex_of(value: &impl Encode) -> String {
	format!("0x{}", hex::encode(value.encode()))
}

fn json_response(status: StatusCode, document: &Value) -> Response {
	let kind = [(header::CONTENT_TYPE, "application/json")];
	(status, kind, document.to_string()).into_response()
}

/// Reads the body of a request.
async fn body(request: Request, most: usize, limits: &Limits) -> Result<Vec<u8>, ApiError> {
	let too_large = || ApiError::too_large(format!("the body is longer than {most} bytes"));
	let length = request.headers().get(header::CONTENT_LENGTH);
	let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
	if length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > most)) {
		return Err(too_large());
	}
	let body = timeout(limits.arrival, to_bytes(request.into_body(), most)).await;
	let body = body.map_err(|_| {
		ApiError::new(
			StatusCode::REQUEST_TIMEOUT,
			"timeout",
			"the body did not arrive in time",
		)
	})?;
	Ok(body.map_err(|_| too_large())?.to_vec())
}

fn decode<T: DecodeAll>(mut bytes: &[u8]) -> Result<T, ApiError> {
	T::decode_all(&mut bytes).map_err(|error| ApiError::malformed(format!("the body does not decode: {error}")))
}
