//! Operators that no channel is opened to, at the moment or any more: those that did not keep to the protocol rest, each time twice as long,
//! and those that signed what is not so have no way back. It is on the disk: a restart forgives nothing.

use crate::journal::write_whole;
use anyhow::{Context, Result};
use assay_sdk::AccountId;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io::ErrorKind, path::PathBuf};

/// Seconds of the first rest: what the notice of a channel takes on the main chain and a little more, so that an operator that is of no use holds
/// one deposit at a time.
const FIRST: u64 = 5 * 24 * 3_600;

/// Why and how long an operator is left alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Rest {
	/// Until when, in seconds since 1970; for good if there is no such time.
	until: Option<u64>,
	/// Seconds of it.
	seconds: u64,
	/// Why.
	reason: String,
}

/// Operators that no channel is opened to.
pub(super) struct Shunned {
	file: PathBuf,
	rests: Mutex<BTreeMap<AccountId, Rest>>,
}

impl Shunned {
	/// Those in a file, which may be missing.
	pub(super) fn open(file: PathBuf) -> Result<Self> {
		let rests = match fs::read(&file) {
			Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| file.display().to_string())?,
			Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
			Err(error) => return Err(error).with_context(|| file.display().to_string()),
		};
		Ok(Self {
			file,
			rests: Mutex::new(rests),
		})
	}

	/// Whether no channel is opened to an operator now.
	///
	/// - `now`: in seconds since 1970.
	pub(super) fn has(&self, operator: &AccountId, now: u64) -> bool {
		let rests = self.rests.lock();
		rests
			.get(operator)
			.is_some_and(|rest| rest.until.is_none_or(|until| now < until))
	}

	/// Whether no channel is ever opened to an operator again.
	pub(super) fn has_for_good(&self, operator: &AccountId) -> bool {
		self.rests.lock().get(operator).is_some_and(|rest| rest.until.is_none())
	}

	/// It rests, twice as long as the time before.
	pub(super) fn rest(&self, operator: AccountId, now: u64, reason: String) {
		let mut rests = self.rests.lock();
		let last = rests.get(&operator);
		if last.is_some_and(|rest| rest.until.is_none_or(|until| now < until)) {
			// Other channels to it end for the same reason.
			return;
		}
		let seconds = last.map_or(FIRST, |rest| rest.seconds.saturating_mul(2));
		let rest = Rest {
			until: Some(now.saturating_add(seconds)),
			seconds,
			reason,
		};
		rests.insert(operator, rest);
		self.write(&rests);
	}

	/// It has no way back.
	pub(super) fn for_good(&self, operator: AccountId, reason: String) {
		let mut rests = self.rests.lock();
		let rest = Rest {
			until: None,
			seconds: 0,
			reason,
		};
		rests.insert(operator, rest);
		self.write(&rests);
	}

	/// What the disk does not take is known until the gateway ends.
	fn write(&self, rests: &BTreeMap<AccountId, Rest>) {
		let written = || -> Result<()> {
			write_whole(&self.file, &serde_json::to_vec_pretty(rests)?)?;
			Ok(())
		};
		if let Err(error) = written() {
			log::error!("{}: {error:#}", self.file.display());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn q05_a_rest_doubles_and_a_lie_is_for_good_also_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let open = || Shunned::open(folder.path().join("shunned.json")).unwrap();
		let [one, liar] = [1, 2].map(|byte| AccountId::from([byte; 32]));
		let shunned = open();
		assert!(!shunned.has(&one, 0));
		shunned.rest(one, 0, "silence".into());
		// Said twice of one rest it counts once.
		shunned.rest(one, FIRST - 1, "silence".into());
		shunned.for_good(liar, "a lie".into());
		let shunned = open();
		assert!(shunned.has(&one, FIRST - 1) && !shunned.has(&one, FIRST));
		shunned.rest(one, FIRST, "silence".into());
		shunned.rest(liar, FIRST, "silence".into());
		let shunned = open();
		assert!(shunned.has(&one, 3 * FIRST - 1) && !shunned.has(&one, 3 * FIRST));
		assert!(shunned.has(&liar, u64::MAX));
		assert!(shunned.has_for_good(&liar) && !shunned.has_for_good(&one));
	}
}
