//! Prometheus metrics of the endpoint.

use substrate_prometheus_endpoint::{
	exponential_buckets, register, Counter, CounterVec, Gauge, Histogram, HistogramOpts, Opts, PrometheusError,
	Registry, U64,
};

/// How requests that were taken end.
const ENDS: [&str; 3] = ["answered", "unwanted", "failed"];
/// What becomes of what is to be revealed.
const REVEALS: [&str; 3] = ["accepted", "refused", "failed"];
/// How settlements reach the pool.
const SETTLEMENTS: [&str; 2] = ["accepted", "refused"];

/// Metrics of the endpoint; all names begin with `assay_endpoint_`, and all are there from the start.
#[derive(Clone)]
pub struct Metrics {
	/// Requests taken.
	pub taken: Counter<U64>,
	/// Requests that were answered with what was kept.
	pub replayed: Counter<U64>,
	/// Requests ended, by outcome.
	pub ended: CounterVec<U64>,
	/// Tokens generated.
	pub tokens: Counter<U64>,
	/// HTTP requests, by path and status.
	pub requests: CounterVec<U64>,
	/// Connections that are open.
	pub connections: Gauge<U64>,
	/// Requests being answered, or waiting for their turn.
	pub in_flight: Gauge<U64>,
	/// Answers that are kept.
	pub kept: Gauge<U64>,
	/// Bytes of the journal on disk.
	pub disk: Gauge<U64>,
	/// Receipts to be revealed, by outcome.
	pub reveals: CounterVec<U64>,
	/// Settlements handed to the pool, by outcome.
	pub settlements: CounterVec<U64>,
	/// Seconds until the first token.
	pub first_token_seconds: Histogram,
}

impl Metrics {
	/// Registers all metrics.
	pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
		let counter = |name: &str, help: &str| register(Counter::new(name, help)?, registry);
		let gauge = |name: &str, help: &str| register(Gauge::new(name, help)?, registry);
		let counters = |name: &str, help: &str, labels: &[&str]| {
			register(CounterVec::new(Opts::new(name, help), labels)?, registry)
		};
		let metrics = Self {
			taken: counter("assay_endpoint_requests_taken", "Requests taken")?,
			replayed: counter(
				"assay_endpoint_requests_replayed",
				"Requests that were answered with what was kept",
			)?,
			ended: counters("assay_endpoint_requests_ended", "Requests ended", &["outcome"])?,
			tokens: counter("assay_endpoint_tokens", "Tokens generated")?,
			requests: counters("assay_endpoint_http_requests", "HTTP requests", &["path", "status"])?,
			connections: gauge("assay_endpoint_connections", "Connections that are open")?,
			in_flight: gauge(
				"assay_endpoint_in_flight",
				"Requests being answered, or waiting for their turn",
			)?,
			kept: gauge("assay_endpoint_answers_kept", "Answers that are kept")?,
			disk: gauge("assay_endpoint_disk_bytes", "Bytes of the journal on disk")?,
			settlements: counters(
				"assay_endpoint_settlements",
				"Settlements handed to the pool",
				&["outcome"],
			)?,
			reveals: counters(
				"assay_endpoint_reveals",
				"Receipts of settled batches that were drawn and had to be revealed",
				&["outcome"],
			)?,
			first_token_seconds: register(
				Histogram::with_opts(
					HistogramOpts::new("assay_endpoint_first_token_seconds", "Seconds until the first token")
						.buckets(exponential_buckets(0.01, 2.0, 12)?),
				)?,
				registry,
			)?,
		};
		for outcome in ENDS {
			metrics.ended.with_label_values(&[outcome]);
		}
		for outcome in SETTLEMENTS {
			metrics.settlements.with_label_values(&[outcome]);
		}
		for outcome in REVEALS {
			metrics.reveals.with_label_values(&[outcome]);
		}
		Ok(metrics)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn outcomes_are_there_before_anything_has_happened() {
		let registry = Registry::new();
		Metrics::register(&registry).unwrap();
		let families = registry.gather();
		for (name, series) in [
			("assay_endpoint_requests_ended", 3),
			("assay_endpoint_settlements", 2),
			("assay_endpoint_reveals", 3),
			("assay_endpoint_in_flight", 1),
		] {
			let family = families.iter().find(|family| family.get_name() == name);
			assert_eq!(family.map(|family| family.get_metric().len()), Some(series), "{name}");
		}
	}
}
