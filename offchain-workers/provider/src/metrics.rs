//! Prometheus metrics of the provider.

use crate::chain::{BlockNumber, RequestKey, ServedOperator};
use substrate_prometheus_endpoint::{
	exponential_buckets, register, Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, Opts,
	PrometheusError, Registry, F64, U64,
};

/// How executions end.
const ENDS: [&str; 5] = ["finished", "cancelled", "panicked", "refused", "absent"];
/// How deliveries to the pool end.
const DELIVERIES: [&str; 2] = ["accepted", "refused"];
/// How responses end: `failed` had nothing to deliver.
const RESPONSES: [&str; 3] = ["accepted", "refused", "failed"];
/// Smallest units of one ASY.
const ASY: f64 = 1e12;

/// Metrics of the provider; all names begin with `assay_provider_`, and all are there from the start.
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
	/// Answers in disputes, replies in audits and moves of challenges, by kind and outcome.
	pub responses: CounterVec<U64>,
	/// Worker keys in the keystore.
	pub worker_keys: Gauge<U64>,
	/// Worker keys for whose operators heartbeats may be sent.
	pub ready_keys: Gauge<U64>,
	/// Artifacts of offered versions, by whether they are present, absent or refused.
	pub artifacts: GaugeVec<U64>,
	/// Blocks since the last heartbeat of an operator.
	heartbeat_age: GaugeVec<U64>,
	/// Whether jobs are assigned to the offers of an operator.
	listed: GaugeVec<U64>,
	/// The own bond of an operator, in ASY.
	bond: GaugeVec<F64>,
	/// Faults of an operator so far, by kind.
	faults: GaugeVec<U64>,
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
		let counter = |name: &str, help: &str| register(Counter::new(name, help)?, registry);
		let gauge = |name: &str, help: &str| register(Gauge::new(name, help)?, registry);
		let counters = |name: &str, help: &str, labels: &[&str]| {
			register(CounterVec::new(Opts::new(name, help), labels)?, registry)
		};
		let gauges =
			|name: &str, help: &str, labels: &[&str]| register(GaugeVec::new(Opts::new(name, help), labels)?, registry);
		let histogram = |name: &str, help: &str| {
			register(
				Histogram::with_opts(HistogramOpts::new(name, help).buckets(seconds()?))?,
				registry,
			)
		};
		let metrics = Self {
			started: counter("assay_provider_executions_started", "Executions begun")?,
			ended: counters("assay_provider_executions_ended", "Executions ended", &["outcome"])?,
			missing_artifacts: counter(
				"assay_provider_missing_artifacts",
				"Duties that had to wait for want of their artifact",
			)?,
			delivered: counters("assay_provider_deliveries", "Results handed to the pool", &["outcome"])?,
			responses: counters(
				"assay_provider_responses",
				"Answers in disputes, replies in audits, moves of challenges",
				&["kind", "outcome"],
			)?,
			worker_keys: gauge("assay_provider_worker_keys", "Worker keys in the keystore")?,
			ready_keys: gauge(
				"assay_provider_ready_keys",
				"Worker keys for whose operators heartbeats may be sent",
			)?,
			artifacts: gauges("assay_provider_artifacts", "Artifacts of offered versions", &["state"])?,
			heartbeat_age: gauges(
				"assay_provider_heartbeat_age_blocks",
				"Blocks since the last heartbeat of an operator",
				&["operator"],
			)?,
			listed: gauges(
				"assay_provider_listed",
				"Whether jobs are assigned to the offers of an operator",
				&["operator"],
			)?,
			bond: register(
				GaugeVec::new(
					Opts::new("assay_provider_bond_asy", "The own bond of an operator, in ASY"),
					&["operator"],
				)?,
				registry,
			)?,
			faults: gauges(
				"assay_provider_faults",
				"Faults of an operator so far",
				&["operator", "kind"],
			)?,
			in_flight: gauge("assay_provider_in_flight", "Jobs queued or running")?,
			tokens: counter("assay_provider_tokens", "Tokens generated")?,
			tokens_per_second: register(
				Gauge::new(
					"assay_provider_tokens_per_second",
					"Tokens a second of the last generation",
				)?,
				registry,
			)?,
			first_token_seconds: histogram("assay_provider_first_token_seconds", "Seconds until the first token")?,
			execution_seconds: histogram("assay_provider_execution_seconds", "Seconds an execution took")?,
		};
		metrics.begin();
		Ok(metrics)
	}

	/// Makes every series appear, so that an alert on the first event has something to compare it with.
	fn begin(&self) {
		for outcome in ENDS {
			self.ended.with_label_values(&[outcome]);
		}
		for outcome in DELIVERIES {
			self.delivered.with_label_values(&[outcome]);
		}
		for kind in RequestKey::KINDS {
			for outcome in RESPONSES {
				self.responses.with_label_values(&[kind, outcome]);
			}
		}
		for state in ["present", "absent", "refused"] {
			self.artifacts.with_label_values(&[state]);
		}
	}

	/// What the chain says of an operator at block `now`.
	pub(crate) fn operator(&self, operator: &ServedOperator, now: BlockNumber) {
		let account = operator.account.to_string();
		let labels = [account.as_str()];
		if let Some(last) = operator.serving.last_heartbeat {
			let age = now.saturating_sub(last);
			self.heartbeat_age.with_label_values(&labels).set(age.into());
		}
		self.listed
			.with_label_values(&labels)
			.set(operator.serving.listed.into());
		self.bond.with_label_values(&labels).set(operator.bond as f64 / ASY);
		let faults = &operator.faults;
		for (kind, count) in [
			("missed_deadline", faults.missed_deadlines),
			("wrong_result", faults.wrong_results),
			("missed_audit", faults.missed_audits),
			("false_audit", faults.false_audits),
			("equivocation", faults.equivocations),
			("lost_challenge", faults.lost_challenges),
		] {
			self.faults.with_label_values(&[&account, kind]).set(count.into());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_series_is_there_before_anything_has_happened() {
		let registry = Registry::new();
		let metrics = Metrics::register(&registry).unwrap();
		let shown = |registry: &Registry| -> Vec<(String, usize)> {
			let families = registry.gather();
			let family = families.iter();
			family
				.map(|family| (family.get_name().to_owned(), family.get_metric().len()))
				.collect()
		};
		let before = shown(&registry);
		for (name, series) in [
			("assay_provider_executions_ended", 5),
			("assay_provider_deliveries", 2),
			("assay_provider_responses", 12),
			("assay_provider_artifacts", 3),
			("assay_provider_worker_keys", 1),
			("assay_provider_ready_keys", 1),
		] {
			assert!(before.contains(&(name.into(), series)), "{name}: {before:?}");
		}
		metrics.ended.with_label_values(&["finished"]).inc();
		metrics.responses.with_label_values(&["move", "accepted"]).inc();
		assert_eq!(shown(&registry), before);
	}
}
