//! How much a key may ask in a minute, in requests and in tokens.
//!
//! What is used comes back evenly, all of it in a minute, as OpenAI has it: a key that has asked for nothing for a minute may ask
//! for all of it at once. That is the generic cell rate algorithm: all that is kept of a measure is the moment at which all of
//! it is back. What is refused takes nothing. Tokens are counted before a job is bought: those of the input, and as many as may
//! be generated.

use crate::{error::ApiError, keys::Key, ledger::KeyNumber};
use axum::http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	num::NonZeroU32,
	time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_secs(60);

/// What a key may ask in a minute, unless it has rates of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
	/// Requests.
	pub requests: NonZeroU32,
	/// Tokens, read and generated.
	pub tokens: NonZeroU32,
}

impl Default for Rates {
	fn default() -> Self {
		const REQUESTS: NonZeroU32 = NonZeroU32::new(600).unwrap();
		const TOKENS: NonZeroU32 = NonZeroU32::new(300_000).unwrap();
		Self {
			requests: REQUESTS,
			tokens: TOKENS,
		}
	}
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Measure {
	Requests,
	Tokens,
}

impl Measure {
	/// As OpenAI calls it.
	pub(crate) fn name(self) -> &'static str {
		match self {
			Self::Requests => "requests",
			Self::Tokens => "tokens",
		}
	}
}

/// Why something is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooMuch {
	pub(crate) measure: Measure,
	/// What a minute has.
	pub(crate) limit: NonZeroU32,
	/// What was asked for.
	pub(crate) asked: u32,
	/// When it would not be too much; never, if it is more than a minute has.
	pub(crate) wait: Option<Duration>,
}

/// How much of a measure is used.
#[derive(Clone, Copy, Debug)]
struct Meter {
	/// When all of it is back.
	full_at: Instant,
}

impl Meter {
	/// How long it takes until all is back.
	fn debt(&self, now: Instant) -> Duration {
		self.full_at.saturating_duration_since(now)
	}

	/// Takes some; else how long to wait for it, if waiting helps.
	fn take(&mut self, limit: NonZeroU32, amount: u32, now: Instant) -> Result<(), Option<Duration>> {
		if amount > limit.get() {
			return Err(None);
		}
		let debt = self.debt(now) + MINUTE * amount / limit.get();
		match debt.checked_sub(MINUTE).filter(|wait| !wait.is_zero()) {
			Some(wait) => Err(Some(wait)),
			None => {
				self.full_at = now + debt;
				Ok(())
			}
		}
	}

	/// What is left of it.
	fn left(&self, limit: NonZeroU32, now: Instant) -> u32 {
		// A limit that was changed may have more used than there is.
		let free = MINUTE.saturating_sub(self.debt(now));
		let left = free.as_nanos() * u128::from(limit.get()) / MINUTE.as_nanos();
		// At most the limit.
		u32::try_from(left).unwrap_or(limit.get())
	}
}

/// What a key has used.
#[derive(Clone, Copy, Debug)]
struct Used {
	requests: Meter,
	tokens: Meter,
}

impl Used {
	fn meter(&mut self, measure: Measure) -> &mut Meter {
		match measure {
			Measure::Requests => &mut self.requests,
			Measure::Tokens => &mut self.tokens,
		}
	}
}

/// What all keys have used.
pub(crate) struct Meters {
	usual: Rates,
	used: Mutex<HashMap<KeyNumber, Used>>,
}

impl Meters {
	/// With the rates of keys that have none of their own.
	pub(crate) fn new(usual: Rates) -> Self {
		Self {
			usual,
			used: Mutex::default(),
		}
	}

	/// Takes some of what a key has.
	pub(crate) fn take(&self, key: &Key, measure: Measure, amount: u32) -> Result<(), ApiError> {
		let limit = self.limit(key, measure);
		let taken = self.with(key, |used, now| used.meter(measure).take(limit, amount, now));
		taken.map_err(|wait| {
			ApiError::too_much(&TooMuch {
				measure,
				limit,
				asked: amount,
				wait,
			})
		})
	}

	/// Tells a client how much it has, in OpenAI's headers.
	pub(crate) fn tell(&self, key: &Key, headers: &mut HeaderMap) {
		const REQUESTS: [&str; 3] = [
			"x-ratelimit-limit-requests",
			"x-ratelimit-remaining-requests",
			"x-ratelimit-reset-requests",
		];
		const TOKENS: [&str; 3] = [
			"x-ratelimit-limit-tokens",
			"x-ratelimit-remaining-tokens",
			"x-ratelimit-reset-tokens",
		];
		for (measure, [of_limit, of_left, of_reset]) in [(Measure::Requests, REQUESTS), (Measure::Tokens, TOKENS)] {
			let limit = self.limit(key, measure);
			let (left, reset) = self.with(key, |used, now| {
				let meter = used.meter(measure);
				(meter.left(limit, now), meter.debt(now))
			});
			headers.insert(of_limit, HeaderValue::from(limit.get()));
			headers.insert(of_left, HeaderValue::from(left));
			if let Ok(reset) = HeaderValue::from_str(&written(reset)) {
				headers.insert(of_reset, reset);
			}
		}
	}

	fn limit(&self, key: &Key, measure: Measure) -> NonZeroU32 {
		match measure {
			Measure::Requests => key.requests_per_minute.unwrap_or(self.usual.requests),
			Measure::Tokens => key.tokens_per_minute.unwrap_or(self.usual.tokens),
		}
	}

	fn with<T>(&self, key: &Key, act: impl FnOnce(&mut Used, Instant) -> T) -> T {
		let mut used = self.used.lock();
		// Under the lock, so that time does not go backwards.
		let now = Instant::now();
		let full = Meter { full_at: now };
		let used = used.entry(key.number).or_insert(Used {
			requests: full,
			tokens: full,
		});
		act(used, now)
	}
}

/// A time as OpenAI writes it: `28ms`, `7.66s`, `1m0s`.
fn written(time: Duration) -> String {
	let milliseconds = time.as_micros().div_ceil(1_000);
	if milliseconds < 1_000 {
		return format!("{milliseconds}ms");
	}
	let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000);
	let fraction = format!(".{:03}", rest % 1_000);
	let seconds = format!(
		"{}{}s",
		rest / 1_000,
		fraction.trim_end_matches('0').trim_end_matches('.')
	);
	match minutes {
		0 => seconds,
		minutes => format!("{minutes}m{seconds}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn limit(limit: u32) -> NonZeroU32 {
		NonZeroU32::new(limit).unwrap()
	}

	const fn seconds(seconds: u64) -> Duration {
		Duration::from_secs(seconds)
	}

	#[test]
	fn all_of_a_minute_can_be_used_at_once_and_comes_back_evenly() {
		let (start, ten) = (Instant::now(), limit(10));
		let mut meter = Meter { full_at: start };
		assert_eq!(meter.left(ten, start), 10);
		for left in (0..10).rev() {
			meter.take(ten, 1, start).unwrap();
			assert_eq!(meter.left(ten, start), left);
		}
		assert_eq!(meter.take(ten, 1, start), Err(Some(seconds(6))));
		assert_eq!(meter.debt(start), MINUTE);
		let later = start + seconds(6);
		assert_eq!(meter.take(ten, 2, later), Err(Some(seconds(6))));
		meter.take(ten, 1, later).unwrap();
		assert_eq!(meter.left(ten, start + seconds(66)), 10);
	}

	#[test]
	fn what_is_left_can_be_taken_and_no_more() {
		for minute in [1, 7, 600, 299_993, u32::MAX] {
			let (start, minute) = (Instant::now(), limit(minute));
			let mut meter = Meter { full_at: start };
			meter.take(minute, minute.get() / 3, start).unwrap();
			let now = start + Duration::from_millis(1_234);
			let left = meter.left(minute, now);
			if left < minute.get() {
				assert!(meter.take(minute, left + 1, now).is_err(), "{minute}");
			}
			meter.take(minute, left, now).unwrap();
		}
	}

	#[test]
	fn more_than_a_minute_has_never_comes() {
		let start = Instant::now();
		let mut meter = Meter { full_at: start };
		assert_eq!(meter.take(limit(10), 11, start), Err(None));
		assert_eq!(meter.left(limit(10), start), 10);
	}

	#[test]
	fn what_is_refused_takes_nothing() {
		let (start, ten) = (Instant::now(), limit(10));
		let mut meter = Meter { full_at: start };
		meter.take(ten, 8, start).unwrap();
		assert!(meter.take(ten, 3, start).is_err());
		meter.take(ten, 2, start).unwrap();
	}

	#[test]
	fn times_are_written_as_openai_writes_them() {
		for (time, expected) in [
			(0, "0ms"),
			(28, "28ms"),
			(7_660, "7.66s"),
			(12_000, "12s"),
			(60_000, "1m0s"),
			(360_500, "6m0.5s"),
		] {
			assert_eq!(written(Duration::from_millis(time)), expected);
		}
	}
}
