//! The table of one shape and number of threads, for people.

use crate::{
	report::{Limit, Row, Sample},
	side::DECODE_PROMPT,
};

/// The heading, then what each side achieved.
pub(crate) fn print_sides(samples: &[Sample], limit: impl Fn(&Sample) -> Limit) {
	let Some(first) = samples.first() else { return };
	println!();
	let phases = first.job.phases.iter().map(ToString::to_string);
	println!(
		"{}  of the read loop  peak, bytes a weight",
		line("threads", "tokens per second", phases)
	);
	for sample in samples {
		let speeds = sample
			.job
			.phases
			.iter()
			.map(|phase| format!("{:.2}", sample.speed(*phase)));
		let limit = limit(sample);
		let share = limit
			.share_of_reading
			.map_or("-".into(), |share| format!("{:.0} %", share * 100.0));
		let busy = match (sample.busy, sample.others) {
			(false, _) => String::new(),
			(true, Some(cores)) => format!("  busy: others on {cores:.2} cores"),
			(true, None) => "  busy or not: unknown".into(),
		};
		println!(
			"{}  {share:>16}  {:>20.3}{busy}",
			line(sample.job.threads, sample.job.side, speeds),
			limit.peak_per_weight
		);
	}
}

/// Ours over each of the others, and where ours loses.
pub(crate) fn print_ratios(pairs: &[Vec<Row>]) {
	for rows in pairs {
		let Some(first) = rows.first() else { continue };
		let sides = format!("assay-{} / {}", first.tier, first.against);
		let ratios = rows.iter().map(|row| format!("{:.2}", row.ratio));
		let lost = rows.iter().filter(|row| row.ratio < 1.0);
		let lost: Vec<&str> = lost.map(|row| row.phase.as_str()).collect();
		let loses = if lost.is_empty() { "" } else { "  loses " };
		let busy = if first.busy { "  busy" } else { "" };
		println!("{}{loses}{}{busy}", line(first.threads, sides, ratios), lost.join(", "));
	}
}

/// That the sides run the same model.
pub(crate) fn print_first_tokens(samples: &[Sample]) {
	let told: Vec<String> = samples
		.iter()
		.filter_map(|sample| Some(format!("{} {}", sample.job.side, sample.measured.first_token?)))
		.collect();
	if !told.is_empty() {
		println!("first token after {DECODE_PROMPT}: {}", told.join(", "));
	}
}

fn line(threads: impl ToString, name: impl ToString, cells: impl Iterator<Item = String>) -> String {
	let start = format!("{:>7}  {:<29}", threads.to_string(), name.to_string());
	cells.fold(start, |line, cell| line + &format!("  {cell:>11}"))
}
