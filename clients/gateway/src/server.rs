//! The endpoints.

use crate::{
	answer::verification::verification,
	error::{json_response, ApiError},
	gateway::{Gateway, Guest},
	generate,
	rates::Measure,
	request::{chat::Chat, completion::Completion, embeddings::Embeddings, response::Respond, Fields},
	settlement::settle,
};
use anyhow::{Context, Result};
use assay_protocol::JobId;
use assay_trace::Hash32;
use axum::{
	body::to_bytes,
	extract::{MatchedPath, Path, Request, State},
	http::{header, HeaderName, HeaderValue, StatusCode},
	middleware::{self, Next},
	response::{IntoResponse, Response},
	routing::{get, post},
	Extension, Router,
};
use serde_json::json;
use std::{
	future::{Future, IntoFuture},
	sync::Arc,
	time::Duration,
};
use tokio::{net::TcpListener, time::timeout};

/// By this name a request is found in the logs of its client.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long the body of a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How long a gateway that ends waits for jobs that are being submitted.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// How long the node may take to show that it is there: connections that are lost are waited for otherwise.
const PROBE: Duration = Duration::from_secs(5);

/// What is counted by its own name.
const ENDPOINTS: [&str; 8] = [
	"/health",
	"/v1/models",
	"/v1/models/{*model}",
	"/v1/verification/{job}",
	"/v1/chat/completions",
	"/v1/completions",
	"/v1/embeddings",
	"/v1/responses",
];

/// A gateway as a service.
pub fn router(gateway: Arc<Gateway>) -> Router {
	let guests = Router::new()
		.route("/v1/models", get(models))
		.route("/v1/models/{*model}", get(model))
		.route("/v1/verification/{job}", get(job))
		.route("/v1/chat/completions", post(chat))
		.route("/v1/completions", post(completions))
		.route("/v1/embeddings", post(embeddings))
		.route("/v1/responses", post(responses))
		.route_layer(middleware::from_fn_with_state(gateway.clone(), admit));
	Router::new()
		.route("/health", get(health))
		.merge(guests)
		.fallback(page)
		.method_not_allowed_fallback(no_path)
		.layer(middleware::from_fn_with_state(gateway.clone(), observe))
		.with_state(gateway)
}

/// What Prometheus asks for. It is a service of its own, because it tells without a key how much is asked and spent.
pub fn metrics_router(gateway: Arc<Gateway>) -> Router {
	Router::new()
		.route("/metrics", get(metrics))
		.fallback(no_path)
		.with_state(gateway)
}

/// Answers at a socket, and with metrics at another if there is one, until `end`, settles charges meanwhile, and ends when no job
/// is being submitted any more.
pub async fn serve(
	gateway: Arc<Gateway>,
	listener: TcpListener,
	metrics: Option<TcpListener>,
	end: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
	let settlement = tokio::spawn(settle(gateway.clone()));
	let metrics =
		metrics.map(|listener| tokio::spawn(axum::serve(listener, metrics_router(gateway.clone())).into_future()));
	axum::serve(listener, router(gateway.clone()))
		.with_graceful_shutdown(end)
		.await
		.context("the server")?;
	let idle = async {
		while !gateway.is_idle() {
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
	};
	if timeout(LAST_WAIT, idle).await.is_err() {
		log::warn!("some jobs were being submitted: their money stays reserved");
	}
	settlement.abort();
	if let Some(metrics) = metrics {
		metrics.abort();
	}
	Ok(())
}

/// Counts a request and gives it a name.
async fn observe(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
	let matched = request.extensions().get::<MatchedPath>();
	let endpoint = ENDPOINTS
		.into_iter()
		.find(|endpoint| matched.is_some_and(|matched| matched.as_str() == *endpoint))
		.unwrap_or("other");
	let mut response = next.run(request).await;
	gateway.metrics.request(endpoint, response.status());
	let name = format!("req-{}", hex::encode(rand::random::<[u8; 12]>()));
	if let Ok(name) = HeaderValue::from_str(&name) {
		response.headers_mut().insert(REQUEST_ID, name);
	}
	response
}

/// Lets a request in if its key has requests left, and tells its client how much it has.
async fn admit(State(gateway): State<Arc<Gateway>>, mut request: Request, next: Next) -> Response {
	let guest = match gateway.admit(request.headers()) {
		Ok(guest) => Arc::new(guest),
		Err(error) => return error.into_response(),
	};
	let mut response = match gateway.meters.take(&guest.key, Measure::Requests, 1) {
		Ok(()) => {
			request.extensions_mut().insert(guest.clone());
			next.run(request).await
		}
		Err(error) => error.into_response(),
	};
	gateway.meters.tell(&guest.key, response.headers_mut());
	response
}

/// A file of the page, if there is one at this path.
async fn page(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
	let page = gateway.page.as_ref();
	let file = page.and_then(|page| page.answer(request.method(), request.uri().path(), request.headers()));
	file.unwrap_or_else(|| ApiError::no_path().into_response())
}

async fn no_path() -> ApiError {
	ApiError::no_path()
}

/// Whether the node answers.
async fn health(State(gateway): State<Arc<Gateway>>) -> Result<Response, ApiError> {
	let models = timeout(PROBE, gateway.catalog.entries(&*gateway.chain)).await;
	let models = models.map_err(|_| ApiError::absent("no_node", "the gateway's node does not answer"))??;
	let document = json!({ "status": "ok", "models": models.len() });
	Ok(json_response(StatusCode::OK, &document))
}

async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
	let text = gateway
		.metrics
		.text(gateway.desk.in_flight(), gateway.ledger.open_charges().len());
	let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
	(kind, text).into_response()
}

async fn models(State(gateway): State<Arc<Gateway>>) -> Result<Response, ApiError> {
	let data = gateway.catalog.list(&*gateway.chain).await?;
	Ok(json_response(
		StatusCode::OK,
		&json!({ "object": "list", "data": data }),
	))
}

async fn model(State(gateway): State<Arc<Gateway>>, Path(name): Path<String>) -> Result<Response, ApiError> {
	let entry = gateway.catalog.find(&*gateway.chain, &name).await?;
	Ok(json_response(StatusCode::OK, &entry.document(&name)))
}

async fn job(State(gateway): State<Arc<Gateway>>, Path(name): Path<String>) -> Result<Response, ApiError> {
	if let (Ok(request), Some(lines)) = (name.parse::<Hash32>(), &gateway.lines) {
		let known = lines.verification(request).await;
		let known = known.map_err(|reason| ApiError::absent("unknown", reason))?;
		let known = known.ok_or_else(|| ApiError::no_job(&name))?;
		return Ok(json_response(StatusCode::OK, &known));
	}
	let id = name.parse().map(JobId).map_err(|_| ApiError::no_job(&name))?;
	let job = gateway.chain.job(id).await;
	let job = job.map_err(|error| ApiError::not_submitted(&error, true))?;
	let job = job.ok_or_else(|| ApiError::no_job(&name))?;
	Ok(json_response(StatusCode::OK, &verification(&job)))
}

async fn chat(
	State(gateway): State<Arc<Gateway>>,
	Extension(guest): Extension<Arc<Guest>>,
	request: Request,
) -> Result<Response, ApiError> {
	let fields = parameters(&gateway, request).await?;
	generate::chat(&gateway, guest, Chat::read(fields)?).await
}

async fn completions(
	State(gateway): State<Arc<Gateway>>,
	Extension(guest): Extension<Arc<Guest>>,
	request: Request,
) -> Result<Response, ApiError> {
	let fields = parameters(&gateway, request).await?;
	generate::complete(&gateway, guest, Completion::read(fields)?).await
}

async fn embeddings(
	State(gateway): State<Arc<Gateway>>,
	Extension(guest): Extension<Arc<Guest>>,
	request: Request,
) -> Result<Response, ApiError> {
	let fields = parameters(&gateway, request).await?;
	let asked = Embeddings::read(fields, gateway.desk.most())?;
	generate::embed(&gateway, guest, asked).await
}

async fn responses(
	State(gateway): State<Arc<Gateway>>,
	Extension(guest): Extension<Arc<Guest>>,
	request: Request,
) -> Result<Response, ApiError> {
	let fields = parameters(&gateway, request).await?;
	generate::respond(&gateway, guest, Respond::read(fields)?).await
}

/// Reads the parameters of a request.
async fn parameters(gateway: &Gateway, request: Request) -> Result<Fields, ApiError> {
	let kind = request
		.headers()
		.get(header::CONTENT_TYPE)
		.and_then(|kind| kind.to_str().ok());
	// Browsers send other kinds across sites without asking first.
	if !kind.is_some_and(|kind| {
		kind.split(';')
			.next()
			.unwrap_or("")
			.trim()
			.eq_ignore_ascii_case("application/json")
	}) {
		return Err(ApiError::no_json());
	}
	let most = gateway.limits.body;
	let body = timeout(ARRIVAL, to_bytes(request.into_body(), most)).await;
	let body = body.map_err(|_| ApiError::slow_client())?;
	let body = body.map_err(|_| ApiError::too_large(most))?;
	Fields::parse(&body)
}
