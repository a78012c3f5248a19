//! What `/metrics` tells, in Prometheus' text format.

use assay_sdk::Balance;
use axum::http::StatusCode;
use parking_lot::Mutex;
use std::{collections::BTreeMap, fmt::Write};

/// What became of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
	/// It is on the chain.
	Submitted,
	/// It was asked for in a channel.
	Asked,
	/// It was answered in a channel, to its end.
	Answered,
	/// The same, and stopped before, because nobody wanted more of it.
	Stopped,
	/// Another request had asked for it already.
	Shared,
	/// It was not submitted, and costs nothing.
	NotSubmitted,
	/// Its transaction failed in a block, and costs its fee.
	Failed,
	/// Whether it was submitted is unknown: its money stays reserved until the final blocks tell.
	Unknown,
	/// It was unknown, and no block holds it: its money is free again.
	Released,
	/// It has a result.
	Claimed,
	/// It is paid.
	Final,
	/// It ended without a result.
	Refunded,
}

impl Outcome {
	fn name(self) -> &'static str {
		match self {
			Self::Submitted => "submitted",
			Self::Asked => "asked",
			Self::Answered => "answered",
			Self::Stopped => "stopped",
			Self::Shared => "shared",
			Self::NotSubmitted => "not_submitted",
			Self::Failed => "failed",
			Self::Unknown => "unknown",
			Self::Released => "released",
			Self::Claimed => "claimed",
			Self::Final => "final",
			Self::Refunded => "refunded",
		}
	}
}

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
	requests: BTreeMap<(&'static str, u16), u64>,
	jobs: BTreeMap<Outcome, u64>,
	spent: Balance,
}

impl Metrics {
	/// Counts a request. Endpoints are those that there are, so that nobody makes up more.
	pub(crate) fn request(&self, endpoint: &'static str, status: StatusCode) {
		*self.0.lock().requests.entry((endpoint, status.as_u16())).or_default() += 1;
	}

	/// Counts a job.
	pub(crate) fn job(&self, outcome: Outcome) {
		*self.0.lock().jobs.entry(outcome).or_default() += 1;
	}

	/// Counts money that keys have paid.
	pub(crate) fn spent(&self, amount: Balance) {
		let spent = &mut self.0.lock().spent;
		match spent.checked_add(amount) {
			Some(sum) => *spent = sum,
			None => log::error!("more was spent than can be counted"),
		}
	}

	/// As text, with what is going on at the moment.
	pub(crate) fn text(&self, in_flight: usize, unsettled: usize) -> String {
		let counters = self.0.lock();
		let mut text = String::new();
		let mut line = |line: std::fmt::Arguments<'_>| {
			// Writing to a string does not fail.
			let _ = writeln!(text, "{line}");
		};
		line(format_args!(
			"# HELP assay_gateway_requests_total Requests by endpoint and status."
		));
		line(format_args!("# TYPE assay_gateway_requests_total counter"));
		for ((endpoint, status), count) in &counters.requests {
			line(format_args!(
				"assay_gateway_requests_total{{endpoint=\"{endpoint}\",status=\"{status}\"}} {count}"
			));
		}
		line(format_args!(
			"# HELP assay_gateway_jobs_total Jobs, and requests in channels, by outcome."
		));
		line(format_args!("# TYPE assay_gateway_jobs_total counter"));
		for (outcome, count) in &counters.jobs {
			let outcome = outcome.name();
			line(format_args!(
				"assay_gateway_jobs_total{{outcome=\"{outcome}\"}} {count}"
			));
		}
		line(format_args!(
			"# HELP assay_gateway_spent_units_total Smallest units that keys have paid, settled."
		));
		line(format_args!("# TYPE assay_gateway_spent_units_total counter"));
		line(format_args!("assay_gateway_spent_units_total {}", counters.spent));
		line(format_args!(
			"# HELP assay_gateway_jobs_in_flight Jobs, and requests in channels, that clients wait for."
		));
		line(format_args!("# TYPE assay_gateway_jobs_in_flight gauge"));
		line(format_args!("assay_gateway_jobs_in_flight {in_flight}"));
		line(format_args!(
			"# HELP assay_gateway_charges_open Charges that are not settled."
		));
		line(format_args!("# TYPE assay_gateway_charges_open gauge"));
		line(format_args!("assay_gateway_charges_open {unsettled}"));
		text
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_was_counted_is_told() {
		let metrics = Metrics::default();
		metrics.request("/v1/models", StatusCode::OK);
		metrics.request("/v1/models", StatusCode::OK);
		metrics.job(Outcome::Claimed);
		metrics.spent(12);
		let text = metrics.text(3, 4);
		for line in [
			"assay_gateway_requests_total{endpoint=\"/v1/models\",status=\"200\"} 2",
			"assay_gateway_jobs_total{outcome=\"claimed\"} 1",
			"assay_gateway_spent_units_total 12",
			"assay_gateway_jobs_in_flight 3",
			"assay_gateway_charges_open 4",
		] {
			assert!(text.lines().any(|found| found == line), "{line}: {text}");
		}
	}
}
