//! All that the program has to say, as tables.

use crate::{
	cheat::{self, numbers},
	conditions::{conditions, table as conditions_table, Condition},
	constants::{asy, ratio, Constants},
	honesty::{self, claims_until_caught, detection, needed_detection, textbook_gain, Cheat, Rates, Watch},
	issuance, spot_check,
	table::{Cell, Table},
	values,
};
use assay_runtime::{currency::UNIT, Balance};
use serde_json::{json, Map, Value};
use sp_runtime::Permill;

/// Stakes that the chain's promise is looked at for, in least bonds.
const STAKES: [Balance; 4] = [1, 10, 100, 1_000];
/// Stake where it does not matter, large enough that the least penalty never binds.
pub const STAKE: Balance = 1_000_000 * UNIT;

/// How the simulation runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
	/// What its random numbers come from.
	pub seed: u64,
	/// How many times each case is played.
	pub trials: u32,
}

/// Everything that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
	/// How.
	pub settings: Settings,
	/// What.
	pub tables: Vec<Table>,
	/// Whether honesty pays with one honest challenger, by formula and simulation, and every condition holds.
	pub honesty_pays: bool,
}

impl Report {
	/// Computes and plays everything.
	pub fn new(constants: &Constants, settings: Settings) -> Self {
		let conditions = conditions(constants);
		let fulfilled = conditions.iter().all(Condition::holds);
		let (challenger, pays) = one_challenger(constants, settings);
		let tables = vec![
			values::table(constants),
			conditions_table(&conditions),
			challenger,
			spot_check::table(settings),
			unaudited(constants, settings),
			in_flight(constants, settings),
			needed(constants),
			records(constants, settings),
			skipped(constants, settings),
			collusion(constants, settings),
			delegated(constants, settings),
			issuance::inflation_table(),
			issuance::equivocation_table(),
		];
		Self {
			settings,
			tables,
			honesty_pays: fulfilled && pays,
		}
	}

	/// For people.
	pub fn text(&self) -> String {
		let tables = self.tables.iter();
		let mut text: String = tables
			.map(|table| format!("{}\n\n{}\n\n", table.title, table.markdown()))
			.collect();
		text.push_str(if self.honesty_pays {
			"Every condition holds, and with one honest challenger honesty pays."
		} else {
			"Honesty does not pay: a condition does not hold, or a cheat gains though an honest challenger watches."
		});
		text
	}

	/// For programs.
	pub fn json(&self) -> Value {
		let tables = self.tables.iter().map(|table| (table.name.to_string(), table.json()));
		json!({
			"seed": self.settings.seed,
			"trials": self.settings.trials,
			"honesty_pays": self.honesty_pays,
			"tables": tables.collect::<Map<_, _>>(),
		})
	}
}

/// The largest gain of a cheat as it comes out when it is played; each `part` of the report has random numbers of its own.
fn simulated(
	settings: Settings,
	part: u64,
	constants: &Constants,
	cheat: &Cheat,
	rates: Rates,
	watch: Watch,
) -> cheat::Estimate {
	let mut numbers = numbers(settings.seed, part);
	cheat::largest_gain(&mut numbers, settings.trials, constants, cheat, rates, watch)
}

fn estimate(estimate: cheat::Estimate, decimals: usize) -> Cell {
	Cell::Estimate(estimate.mean, estimate.error, decimals)
}

/// The chain's promise: one honest challenger, every auditor a cheat, the longest record, as much at once as is allowed.
fn one_challenger(constants: &Constants, settings: Settings) -> (Table, bool) {
	let columns = ["stake", "fee of the job", "largest gain", "simulated", "honesty pays"];
	let mut table = Table::new(
		"one_challenger",
		"Largest gain, in fees, for which honesty pays, where one honest challenger watches and no auditor is honest",
		&columns,
	);
	let watch = Watch::one_challenger(constants);
	let mut all = true;
	for (part, times) in (100..).zip(STAKES) {
		let cheat = Cheat::at_the_limit(constants, times * constants.min_bond, 1);
		let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
		let formula = honesty::largest_gain(constants, &cheat, detection(constants, rates, watch, &cheat));
		let found = simulated(settings, part, constants, &cheat, rates, watch);
		let pays = formula >= 1.0 && found.mean - found.error >= 1.0;
		all &= pays;
		table.rows.push(vec![
			Cell::Number(asy(cheat.stake), 0),
			Cell::Number(asy(cheat.fee), 0),
			Cell::Number(formula, 2),
			estimate(found, 2),
			Cell::Yes(pays),
		]);
	}
	(table, all)
}

fn in_flight(constants: &Constants, settings: Settings) -> Table {
	let columns = [
		"watched",
		"jobs in flight",
		"audit",
		"textbook",
		"largest gain",
		"simulated",
		"pays for one fee",
	];
	let mut table = Table::new(
		"in_flight",
		"Largest gain per job, in fees, with so many jobs that fill the limit together, at the floor of the rates",
		&columns,
	);
	let mut part = 200;
	for watched in [0, 10, 60, 100].map(Permill::from_percent) {
		let watch = Watch {
			watched,
			..Watch::auditors_only(constants)
		};
		for jobs in [1, 4, 16, 64] {
			let cheat = Cheat::at_the_limit(constants, STAKE, jobs);
			let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
			let detected = detection(constants, rates, watch, &cheat);
			let formula = honesty::largest_gain(constants, &cheat, detected);
			part += 1;
			let found = simulated(settings, part, constants, &cheat, rates, watch);
			table.rows.push(vec![
				Cell::Share(ratio(watched), 0),
				Cell::Number(f64::from(jobs), 0),
				Cell::Share(ratio(rates.audit), 1),
				Cell::Number(textbook_gain(&cheat, detected), 2),
				Cell::Number(formula, 2),
				estimate(found, 2),
				Cell::Yes(formula >= 1.0),
			]);
		}
	}
	table
}

/// How likely a claim must be to be looked at, by how large it is.
fn needed(constants: &Constants) -> Table {
	let columns = [
		"fee, of the own bond",
		"spot-check",
		"audit",
		"caught",
		"needed",
		"enough",
		"needed where none reports itself",
		"needed, half delegated",
		"enough, half delegated",
	];
	let mut table = Table::new(
		"needed",
		"How likely a skipped job is caught at the floor of the rates, by honest auditors alone, and how likely it must be",
		&columns,
	);
	for thousandths in [1, 2, 5, 10, 20, 50, 100] {
		let share = Permill::from_rational(thousandths, 1_000u32);
		let cheat = Cheat::at_the_limit(constants, STAKE, 1).with_fee(share);
		let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
		let caught = detection(constants, rates, Watch::auditors_only(constants), &cheat);
		let needed = needed_detection(constants, &cheat, 1.0);
		let others = Cheat {
			reports_itself: false,
			..cheat
		};
		// Of the same bond, and so drawn as often.
		let delegated = Cheat {
			own_share: Permill::from_percent(50),
			stake: 2 * cheat.stake,
			..cheat
		};
		let needed_delegated = needed_detection(constants, &delegated, 1.0);
		table.rows.push(vec![
			Cell::Share(ratio(share), 1),
			Cell::Share(ratio(rates.spot_check), 1),
			Cell::Share(ratio(rates.audit), 1),
			Cell::Share(caught, 1),
			Cell::Share(needed, 1),
			Cell::Yes(caught >= needed),
			Cell::Share(needed_detection(constants, &others, 1.0), 1),
			Cell::Share(needed_delegated, 1),
			Cell::Yes(caught >= needed_delegated),
		]);
	}
	table
}

/// A version that nobody audits, where nobody watches: what spot-checks deter, and what they do not.
fn unaudited(constants: &Constants, settings: Settings) -> Table {
	let columns = [
		"fee, of the own bond",
		"spot-check",
		"caught",
		"largest gain",
		"simulated",
		"skipping everything does not pay",
		"largest gain from a changed number",
	];
	let mut table = Table::new(
		"unaudited",
		"Largest gain, in fees, for which honesty pays in a version without auditors, at the floor of the rates",
		&columns,
	);
	let watch = Watch::spot_checks_only();
	for (part, millionths) in (1_000..).zip([100, 500, 1_000, 5_000, 10_000, 13_000, 20_000, 50_000, 100_000]) {
		let share = Permill::from_parts(millionths);
		let cheat = Cheat::at_the_limit(constants, STAKE, 1).with_fee_of_bond(share);
		let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
		let detected = detection(constants, rates, watch, &cheat);
		let formula = honesty::largest_gain(constants, &cheat, detected);
		let found = simulated(settings, part, constants, &cheat, rates, watch);
		let lie = Cheat {
			skipped: Permill::zero(),
			..cheat
		};
		let unseen = honesty::largest_gain(constants, &lie, detection(constants, rates, watch, &lie));
		table.rows.push(vec![
			Cell::Share(ratio(share), 2),
			Cell::Share(ratio(rates.spot_check), 1),
			Cell::Share(detected, 2),
			Cell::Number(formula, 2),
			estimate(found, 2),
			Cell::Yes(formula >= 1.0),
			Cell::Number(unseen, 2),
		]);
	}
	table
}

/// A cheat that behaves first: how long it then lasts, and what that must bring.
fn records(constants: &Constants, settings: Settings) -> Table {
	let columns = [
		"clean jobs",
		"fee, of the stake",
		"spot-check",
		"audit",
		"claims until caught",
		"simulated",
		"largest gain",
	];
	let mut table = Table::new(
		"records",
		"Claims that a cheat makes until it is caught if it behaved for so many jobs, where only honest auditors watch",
		&columns,
	);
	let watch = Watch::auditors_only(constants);
	let mut part = 300;
	for thousandths in [5, 20, 100] {
		let share = Permill::from_rational(thousandths, 1_000u32);
		let cheat = Cheat::at_the_limit(constants, STAKE, 1).with_fee(share);
		for clean_jobs in [0, 10, 50, 190, 490] {
			let rates = Rates::after(constants, clean_jobs).of_jobs(constants, &cheat);
			let claims = claims_until_caught(constants, clean_jobs, &cheat, watch);
			part += 1;
			let found = cheat::claims_until_caught(
				&mut numbers(settings.seed, part),
				settings.trials,
				constants,
				clean_jobs,
				&cheat,
				watch,
			);
			table.rows.push(vec![
				Cell::Number(f64::from(clean_jobs), 0),
				Cell::Share(ratio(share), 1),
				Cell::Share(ratio(rates.spot_check), 1),
				Cell::Share(ratio(rates.audit), 1),
				Cell::Number(claims, 2),
				estimate(found, 2),
				// Caught once in so many claims, on average.
				Cell::Number(honesty::largest_gain(constants, &cheat, 1.0) / claims, 2),
			]);
		}
	}
	table
}

/// A cheat that skips only a part of the work gains only that part of the fee.
fn skipped(constants: &Constants, settings: Settings) -> Table {
	let columns = ["skipped", "caught", "gain", "largest gain", "simulated", "honesty pays"];
	let mut table = Table::new(
		"skipped",
		"Skipping a part of a job of 0.5 % of the stake, at the floor of the rates, where only honest auditors watch",
		&columns,
	);
	let whole = Cheat::at_the_limit(constants, STAKE, 1).with_fee(Permill::from_rational(5u32, 1_000));
	let rates = Rates::at_floor(constants).of_jobs(constants, &whole);
	let watch = Watch::auditors_only(constants);
	for (part, skipped) in (400..).zip([100, 50, 20, 10, 5, 1].map(Permill::from_percent)) {
		let cheat = Cheat { skipped, ..whole };
		let detected = detection(constants, rates, watch, &cheat);
		let formula = honesty::largest_gain(constants, &cheat, detected);
		let found = simulated(settings, part, constants, &cheat, rates, watch);
		table.rows.push(vec![
			Cell::Share(ratio(skipped), 0),
			Cell::Share(detected, 2),
			Cell::Number(ratio(skipped), 2),
			Cell::Number(formula, 3),
			estimate(found, 3),
			Cell::Yes(formula >= ratio(skipped)),
		]);
	}
	table
}

/// The fees that collusion is looked at for, in thousandths of the stake.
const FEES: [u32; 5] = [100, 50, 20, 10, 5];

/// Auditors that collude with the worker.
fn collusion(constants: &Constants, settings: Settings) -> Table {
	let mut table = Table::new(
		"collusion",
		"Largest gain, in fees, at the floor of the rates, by the part of the auditors that collude and the job's fee",
		&["colluding"],
	);
	let name = |thousandths| format!("fee {} %", f64::from(thousandths) / 10.0);
	table.columns.extend(FEES.map(name));
	table.columns.push("with a challenger, fee 10 %".into());
	let mut part = 500;
	for percent in [0, 25, 50, 75, 90, 100] {
		let watch = Watch {
			colluding: constants.max_auditors * percent / 100,
			..Watch::auditors_only(constants)
		};
		let mut play = |thousandths: u32, watched| {
			let share = Permill::from_rational(thousandths, 1_000);
			let cheat = Cheat::at_the_limit(constants, STAKE, 1).with_fee(share);
			let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
			let watch = Watch { watched, ..watch };
			part += 1;
			estimate(simulated(settings, part, constants, &cheat, rates, watch), 2)
		};
		let mut row = vec![Cell::Share(f64::from(percent) / 100.0, 0)];
		row.extend(FEES.map(|fee| play(fee, Permill::zero())));
		row.push(play(FEES[0], Permill::one()));
		table.rows.push(row);
	}
	table
}

/// Operators that work on the stake of others.
fn delegated(constants: &Constants, settings: Settings) -> Table {
	let columns = [
		"own part of the stake",
		"fee, of the stake",
		"honest reporter",
		"simulated",
		"reports itself",
		"simulated, reports itself",
		"honesty pays",
	];
	let mut table = Table::new(
		"delegated",
		"Largest gain, in fees, from a job at the limit that is caught for certain, by the operator's own part of its stake",
		&columns,
	);
	let watch = Watch::one_challenger(constants);
	let mut part = 600;
	for own_share in [100, 75, 50, 35, 25, 10].map(Permill::from_percent) {
		let at_the_limit = Cheat::at_the_limit(constants, STAKE, 1).owning(constants, own_share);
		let rates = Rates::at_floor(constants).of_jobs(constants, &at_the_limit);
		let mut row = vec![
			Cell::Share(ratio(own_share), 0),
			Cell::Share(asy(at_the_limit.fee) / asy(at_the_limit.stake), 1),
		];
		let mut pays = true;
		for reports_itself in [false, true] {
			let cheat = Cheat {
				reports_itself,
				..at_the_limit
			};
			let formula = honesty::largest_gain(constants, &cheat, 1.0);
			part += 1;
			let found = simulated(settings, part, constants, &cheat, rates, watch);
			pays &= formula >= 1.0;
			row.extend([Cell::Number(formula, 2), estimate(found, 2)]);
		}
		row.push(Cell::Yes(pays));
		table.rows.push(row);
	}
	table
}
