//! Pictures of where honesty pays.

use crate::{
	cheat::{self, numbers},
	constants::{asy, ratio, Constants},
	honesty::{detection, largest_gain, Cheat, Rates, Watch},
	issuance::{inflation, return_to_stake},
	report::{Settings, STAKE},
};
use anyhow::Context;
use assay_runtime::{currency::UNIT, Balance};
use plotters::{coord::Shift, prelude::*};
use sp_runtime::{Perbill, Permill};
use std::{fs, path::Path};

/// Stake against the largest gain.
pub const STAKE_PLOT: &str = "stake.svg";
/// Fee against colluding auditors.
pub const COLLUSION_PLOT: &str = "collusion.svg";
/// What blocks pay.
pub const INFLATION_PLOT: &str = "inflation.svg";

/// The fee of the jobs in the picture of stake.
const FEE: Balance = 100 * UNIT;
/// Stakes in ASY at which cheats are played, from where the limit admits a job of that fee.
const PLAYED_STAKES: [Balance; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
/// Fields of the map along each side.
const FIELDS: u32 = 20;
/// Cheats for each field of the map: its colours are coarser than its numbers need to be.
const FIELD_TRIALS: u32 = 1_000;

/// Draws all of them into a folder, which is made if it is not there.
pub fn draw(folder: &Path, constants: &Constants, settings: Settings) -> anyhow::Result<()> {
	fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
	let drawn = |name: &str, size, draw: &dyn Fn(&DrawingArea<SVGBackend<'_>, Shift>) -> anyhow::Result<()>| {
		let path = folder.join(name);
		let area = SVGBackend::new(&path, size).into_drawing_area();
		area.fill(&WHITE)
			.map_err(anyhow::Error::from)
			.and_then(|()| draw(&area))
			.and_then(|()| Ok(area.present()?))
			.with_context(|| format!("cannot draw {}", path.display()))
	};
	drawn(STAKE_PLOT, (900, 560), &|area| draw_stake(area, constants, settings))?;
	drawn(COLLUSION_PLOT, (1_000, 520), &|area| {
		draw_collusion(area, constants, settings)
	})?;
	drawn(INFLATION_PLOT, (900, 480), &|area| draw_inflation(area))
}

/// The largest gain for which honesty pays against stake: lines by the formula, points from the simulation.
fn draw_stake(
	area: &DrawingArea<SVGBackend<'_>, Shift>,
	constants: &Constants,
	settings: Settings,
) -> anyhow::Result<()> {
	let watch = Watch::auditors_only(constants);
	let floor = Rates::at_floor(constants);
	let always = Rates {
		audit: Permill::one(),
		..floor
	};
	let cheat = |stake, own_percent| Cheat {
		own_share: Permill::from_percent(own_percent),
		fee: FEE,
		..Cheat::at_the_limit(constants, stake, 1)
	};
	let by_size = |cheat: &Cheat| floor.of_jobs(constants, cheat);
	type Line<'a> = (&'static str, u32, &'a dyn Fn(&Cheat) -> Rates, RGBColor);
	let lines: [Line<'_>; 4] = [
		("always audited", 100, &|_| always, RGBColor(27, 94, 32)),
		("a long record", 100, &by_size, RGBColor(2, 119, 189)),
		(
			"a long record, half of the stake delegated",
			50,
			&by_size,
			RGBColor(239, 108, 0),
		),
		("audits 5 %, whatever the size", 100, &|_| floor, RGBColor(183, 28, 28)),
	];
	let mut chart = ChartBuilder::on(area)
		.caption(
			"Below its line, honesty pays: a job of 100 ASY, honest auditors, nobody else",
			("sans-serif", 18),
		)
		.margin(16)
		.margin_right(40)
		.x_label_area_size(44)
		.y_label_area_size(64)
		.build_cartesian_2d((1_000f64..1_000_000f64).log_scale(), (0.05f64..2_000f64).log_scale())?;
	chart
		.configure_mesh()
		.x_desc("stake behind the operator, ASY")
		.y_desc("gain from the cheat, in fees")
		.x_label_formatter(&|stake| format!("{stake:.0}"))
		.y_label_formatter(&|gain| format!("{gain}"))
		.draw()?;
	for (part, (label, own_percent, rates, colour)) in (700..).zip(lines) {
		let line = (0..=60).map(|step| {
			let stake = (1_000.0 * 10f64.powf(f64::from(step) / 20.0)).round();
			let cheat = cheat(stake as Balance * UNIT, own_percent);
			let detected = detection(constants, rates(&cheat), watch, &cheat);
			(stake, largest_gain(constants, &cheat, detected))
		});
		chart
			.draw_series(LineSeries::new(line, &colour))?
			.label(label)
			.legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour));
		let mut numbers = numbers(settings.seed, part);
		let points: Vec<_> = PLAYED_STAKES
			.iter()
			.map(|stake| {
				let cheat = cheat(stake * UNIT, own_percent);
				let rates = rates(&cheat);
				let found = cheat::largest_gain(&mut numbers, settings.trials, constants, &cheat, rates, watch);
				(asy(cheat.stake), found.mean)
			})
			.collect();
		chart.draw_series(points.into_iter().map(|point| Circle::new(point, 4, colour.filled())))?;
	}
	let what_skipping_saves = [(1_000.0, 1.0), (1_000_000.0, 1.0)];
	chart
		.draw_series(LineSeries::new(what_skipping_saves, BLACK.stroke_width(2)))?
		.label("what skipping all work saves at most")
		.legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLACK.stroke_width(2)));
	chart
		.configure_series_labels()
		.position(SeriesLabelPosition::UpperLeft)
		.background_style(WHITE)
		.border_style(BLACK)
		.draw()?;
	Ok(())
}

/// Where skipping a job pays at the floor of the rates, by the simulation, without and with a challenger who watches.
fn draw_collusion(
	area: &DrawingArea<SVGBackend<'_>, Shift>,
	constants: &Constants,
	settings: Settings,
) -> anyhow::Result<()> {
	let at_the_limit = Cheat::at_the_limit(constants, STAKE, 1);
	let limit = ratio(constants.commitment_limit) * 100.0;
	let panels = [
		("nobody else watches", Permill::zero()),
		("one honest challenger watches", Permill::one()),
	];
	let field = 1.0 / f64::from(FIELDS);
	let middle = |side: u32| Permill::from_rational(2 * side + 1, 2 * FIELDS);
	for ((part, (title, watched)), panel) in (800..).zip(panels).zip(area.split_evenly((1, panels.len()))) {
		let mut numbers = numbers(settings.seed, part);
		let mut chart = ChartBuilder::on(&panel)
			.caption(format!("Green: honesty pays; {title}"), ("sans-serif", 16))
			.margin(12)
			.x_label_area_size(44)
			.y_label_area_size(56)
			.build_cartesian_2d(0f64..limit, 0f64..1f64)?;
		chart
			.configure_mesh()
			.disable_mesh()
			.x_desc("fee, % of the stake")
			.y_desc("part of the auditors that collude")
			.draw()?;
		let mut fields = Vec::new();
		for column in 0..FIELDS {
			for row in 0..FIELDS {
				let (x, y) = (f64::from(column) * field, f64::from(row) * field);
				let cheat = at_the_limit.with_fee(constants.commitment_limit * middle(column));
				let rates = Rates::at_floor(constants).of_jobs(constants, &cheat);
				let watch = Watch {
					listed: constants.max_auditors,
					colluding: middle(row).mul_floor(constants.max_auditors),
					watched,
				};
				let found = cheat::largest_gain(&mut numbers, FIELD_TRIALS, constants, &cheat, rates, watch);
				fields.push(Rectangle::new(
					[(x * limit, y), ((x + field) * limit, y + field)],
					colour(found.mean).filled(),
				));
			}
		}
		chart.draw_series(fields)?;
	}
	Ok(())
}

/// Green where more than one fee would have to be gained, red where less is enough; the stronger the further.
fn colour(largest_gain: f64) -> RGBColor {
	// The factor from 1, in doublings, of which two are as strong as it gets.
	let strength = (largest_gain.max(0.01).log2().abs() / 2.0).min(1.0);
	let pale = |full: u8| {
		let distance = f64::from(u8::MAX - full) * (0.25 + 0.75 * strength);
		u8::MAX - distance.round() as u8
	};
	if largest_gain >= 1.0 {
		RGBColor(pale(27), pale(130), pale(60))
	} else {
		RGBColor(pale(183), pale(28), pale(28))
	}
}

/// Inflation and the return to stake against what is staked.
fn draw_inflation(area: &DrawingArea<SVGBackend<'_>, Shift>) -> anyhow::Result<()> {
	let mut chart = ChartBuilder::on(area)
		.caption("What blocks pay in a year", ("sans-serif", 18))
		.margin(16)
		.margin_right(40)
		.x_label_area_size(44)
		.y_label_area_size(64)
		.build_cartesian_2d(0f64..100f64, 0f64..60f64)?;
	chart
		.configure_mesh()
		.x_desc("staked, % of all ASY")
		.y_desc("% in a year")
		.draw()?;
	type Line = (&'static str, fn(Perbill) -> f64, RGBColor);
	let lines: [Line; 2] = [
		("issued, of all ASY", inflation, RGBColor(2, 119, 189)),
		("return to stake", return_to_stake, RGBColor(27, 94, 32)),
	];
	for (label, of, colour) in lines {
		let line = (5..=100).map(|percent| {
			let staked = Perbill::from_percent(percent);
			(ratio(staked) * 100.0, of(staked) * 100.0)
		});
		chart
			.draw_series(LineSeries::new(
				line.filter(|(_, percent)| *percent <= 60.0),
				colour.stroke_width(2),
			))?
			.label(label)
			.legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
	}
	chart
		.configure_series_labels()
		.background_style(WHITE)
		.border_style(BLACK)
		.draw()?;
	Ok(())
}
