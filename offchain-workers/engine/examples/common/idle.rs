//! Whether the machine is ours alone: how much processor time others took.

use crate::common::{processor_seconds, Result};
use std::{fs, thread, time::Duration, time::Instant};

/// How long others are watched before and after.
const WATCH: Duration = Duration::from_secs(2);
/// How often that is waited for, until others are taken to stay.
const PATIENCE: usize = 30;
/// How often something is measured before others are taken to stay.
const TRIES: usize = 3;
/// Seconds that clocks which tick in hundredths may be wrong by.
const RESOLUTION: f64 = 0.1;

/// What others may do on the machine.
pub(crate) struct Policy {
	/// Most cores that others may keep busy.
	bound: f64,
	/// Whether a busy machine is measured too.
	tolerant: bool,
	/// How often others are watched before they are taken to stay.
	patience: usize,
}

/// How many cores others kept busy; nothing if the system does not say.
pub(crate) type Others = Option<f64>;

impl Policy {
	pub(crate) fn new(bound: f64, tolerant: bool) -> Self {
		Self {
			bound,
			tolerant,
			patience: PATIENCE,
		}
	}

	pub(crate) fn describe(&self) -> String {
		let kind = if self.tolerant {
			"told to measure whatever they do"
		} else {
			"else nothing is reported"
		};
		format!("others may keep {} cores busy, {kind}", self.bound)
	}

	pub(crate) fn is_idle(&self, others: Others) -> bool {
		others.is_some_and(|cores| cores <= self.bound)
	}

	/// Waits until others leave the machine alone.
	pub(crate) fn wait(&self) -> Result<()> {
		let mut seen = None;
		for _ in 0..self.patience {
			let meter = Meter::start();
			thread::sleep(WATCH);
			seen = meter.others();
			if self.tolerant || self.is_idle(seen) {
				return Ok(());
			}
		}
		Err(self.refusal("the machine", seen))
	}

	/// Measures while others leave the machine alone, again if they do not.
	pub(crate) fn measure<T>(&self, what: &str, mut run: impl FnMut() -> Result<T>) -> Result<(T, Others)> {
		let mut seen = None;
		for _ in 0..TRIES {
			let meter = Meter::start();
			let result = run()?;
			seen = meter.others();
			if self.tolerant || self.is_idle(seen) {
				return Ok((result, seen));
			}
			eprintln!("measuring {what} again: {}", told(seen));
			self.wait()?;
		}
		Err(self.refusal(what, seen))
	}

	fn refusal(&self, what: &str, others: Others) -> Box<dyn std::error::Error> {
		format!(
			"not idle enough to report {what}: {}, {} cores are the most; --busy reports all the same",
			told(others),
			self.bound
		)
		.into()
	}
}

fn told(others: Others) -> String {
	match others {
		Some(cores) => format!("others kept {cores:.2} cores busy"),
		None => "this system does not say how busy its processors are".into(),
	}
}

/// Processor time since a moment, of the machine and of this process with its children.
struct Meter {
	start: Instant,
	machine: Option<f64>,
	own: f64,
}

impl Meter {
	fn start() -> Self {
		Self {
			start: Instant::now(),
			machine: machine_seconds(),
			own: processor_seconds().iter().sum(),
		}
	}

	fn others(&self) -> Others {
		let seconds = self.start.elapsed().as_secs_f64();
		let machine = machine_seconds()? - self.machine?;
		let own = processor_seconds().iter().sum::<f64>() - self.own;
		Some((machine - own - RESOLUTION).max(0.0) / seconds)
	}
}

/// Seconds for which processors were busy since the start, time stolen from a virtual machine included.
fn machine_seconds() -> Option<f64> {
	let stat = fs::read_to_string("/proc/stat").ok()?;
	let all = stat.lines().next()?.strip_prefix("cpu ")?;
	let ticks: Vec<f64> = all.split_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
	// user, nice, system, idle, iowait, irq, softirq, steal
	let [user, nice, system, idle, _, irq, softirq, steal] = *ticks.first_chunk::<8>()?;
	// Some sandboxes have the file, but only zeros in it.
	(idle > 0.0).then_some((user + nice + system + irq + softirq + steal) / 100.0)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::process::{Child, Command};

	/// Another process that keeps a core busy until it is dropped.
	struct Spinner(Child);

	impl Spinner {
		fn start() -> Self {
			Self(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
		}
	}

	impl Drop for Spinner {
		fn drop(&mut self) {
			self.0.kill().unwrap();
			self.0.wait().unwrap();
		}
	}

	fn policy(tolerant: bool) -> Policy {
		Policy {
			bound: 0.1,
			tolerant,
			patience: 1,
		}
	}

	/// Something that takes a second.
	fn second() -> Result<()> {
		thread::sleep(Duration::from_secs(1));
		Ok(())
	}

	#[test]
	fn nothing_is_reported_while_others_are_busy() {
		let _spinner = Spinner::start();
		let error = policy(false).measure("a second", second).unwrap_err().to_string();
		assert!(error.starts_with("not idle enough to report"), "{error}");
	}

	#[test]
	fn a_busy_machine_is_measured_when_told_to_and_is_not_called_idle() {
		let _spinner = Spinner::start();
		let policy = policy(true);
		let ((), others) = policy.measure("a second", second).unwrap();
		assert!(others.unwrap() > 0.1 && !policy.is_idle(others), "{others:?}");
	}

	#[test]
	fn a_machine_that_does_not_say_is_not_called_idle() {
		assert!(policy(false).is_idle(Some(0.1)));
		assert!(!policy(false).is_idle(None));
	}
}
