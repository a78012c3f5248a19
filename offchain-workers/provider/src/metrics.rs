//! Prometheus metrics of the provider.

use substrate_prometheus_endpoint::{
	exponential_buckets, register, Counter, CounterVec, Gauge, Histogram, HistogramOpts, Opts, PrometheusError,
	Registry, F64, U64,
};

/// Metrics of the provider; all names begin with `assay_provider_`.
#[derive(Clone)]
pub struct Metrics {
	/// Executions begun.
	pub started: Counter<U64>,
	/// Executions ended, by outcome.
	pub ended: CounterVec<U64>,
	/// Duties skipped because their artifact is not at hand.
	pub missing_artifacts: Counter<U64>,
	/// Results handed to the pool, by outcome.
	pub delivered: CounterVec<U64>,
	/// Jobs queued or running.
	pub in_flight: Gauge<U64>,
	/// Tokens generated.
	pub tokens: Counter<U64>,
	/// Tokens a second of the last generation.
	pub tokens_per_second: Gauge<F64>,
	/// Seconds until the first token.
	pub first_token_seconds: Histogram,
	/// Seconds an execution took.
	pub execution_seconds: Histogram,
}

impl Metrics {
	/// Registers all metrics.
	pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
		let seconds = || exponential_buckets(0.01, 2.0, 16);
		Ok(Self {
			started: register(
				Counter::new("assay_provider_executions_started", "Executions begun")?,
				registry,
			)?,
			ended: register(
				CounterVec::new(
					Opts::new("assay_provider_executions_ended", "Executions ended"),
					&["outcome"],
				)?,
				registry,
			)?,
			missing_artifacts: register(
				Counter::new(
					"assay_provider_missing_artifacts",
					"Duties skipped for want of their artifact",
				)?,
				registry,
			)?,
			delivered: register(
				CounterVec::new(
					Opts::new("assay_provider_deliveries", "Results handed to the pool"),
					&["outcome"],
				)?,
				registry,
			)?,
			in_flight: register(
				Gauge::new("assay_provider_in_flight", "Jobs queued or running")?,
				registry,
			)?,
			tokens: register(Counter::new("assay_provider_tokens", "Tokens generated")?, registry)?,
			tokens_per_second: register(
				Gauge::new(
					"assay_provider_tokens_per_second",
					"Tokens a second of the last generation",
				)?,
				registry,
			)?,
			first_token_seconds: register(
				Histogram::with_opts(
					HistogramOpts::new("assay_provider_first_token_seconds", "Seconds until the first token")
						.buckets(seconds()?),
				)?,
				registry,
			)?,
			execution_seconds: register(
				Histogram::with_opts(
					HistogramOpts::new("assay_provider_execution_seconds", "Seconds an execution took")
						.buckets(seconds()?),
				)?,
				registry,
			)?,
		})
	}
}
