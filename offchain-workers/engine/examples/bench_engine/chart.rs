//! The ratios as a picture.

use crate::{
	common::Result,
	report::{Report, Row},
};
use plotters::{coord::Shift, prelude::*};
use std::{collections::BTreeSet, path::Path};

/// Of the others, in the order of their names.
const COLOURS: [RGBColor; 3] = [RGBColor(2, 119, 189), RGBColor(239, 108, 0), RGBColor(123, 31, 162)];
/// Height of a line.
const LINE: u32 = 30;

/// Draws how many times as fast ours is, by shape, phase and number of threads.
pub(crate) fn draw(path: &Path, report: &Report) -> Result<()> {
	let rows = report.rows();
	let all = |of: fn(&Row) -> String| rows.iter().map(of).collect::<BTreeSet<String>>();
	let others: Vec<(String, RGBColor)> = all(|row| row.against.clone()).into_iter().zip(COLOURS).collect();
	let threads: BTreeSet<usize> = rows.iter().map(|row| row.threads).collect();
	if rows.is_empty() {
		return Err("there is nothing to draw: no other side was measured".into());
	}
	let height = 150 + LINE * all(place).len() as u32;
	let area = SVGBackend::new(path, (560 * threads.len() as u32, height)).into_drawing_area();
	area.fill(&WHITE)?;
	let (heading, panels) = area.split_vertically(44);
	let busy = if rows.iter().any(|row| row.busy) { "; busy" } else { "" };
	heading.draw(&Text::new(
		format!("{}{busy}", report.machine),
		(12, 8),
		("sans-serif", 13),
	))?;
	for (column, (other, colour)) in (0..).zip(&others) {
		let left = 20 + 150 * column;
		heading.draw(&Circle::new((left, 34), 5, colour.filled()))?;
		heading.draw(&Text::new(other.as_str(), (left + 12, 28), ("sans-serif", 13)))?;
	}
	for (panel, threads) in panels.split_evenly((1, threads.len())).iter().zip(threads) {
		let rows: Vec<&Row> = rows.iter().filter(|row| row.threads == threads).collect();
		draw_panel(panel, &rows, &others, threads)?;
	}
	area.present()?;
	Ok(())
}

/// The rows of one number of threads.
fn draw_panel(
	panel: &DrawingArea<SVGBackend<'_>, Shift>,
	rows: &[&Row],
	others: &[(String, RGBColor)],
	threads: usize,
) -> Result<()> {
	let mut places: Vec<String> = Vec::new();
	for row in rows {
		if !places.contains(&place(row)) {
			places.push(place(row));
		}
	}
	// The first at the top.
	places.reverse();
	let (least, most) = rows.iter().fold((0.5f64, 2.0f64), |(least, most), row| {
		(least.min(row.ratio / 1.2), most.max(row.ratio * 1.2))
	});
	let mut chart = ChartBuilder::on(panel)
		.caption(format!("threads: {threads}"), ("sans-serif", 16))
		.margin(12)
		.x_label_area_size(40)
		.y_label_area_size(150)
		.build_cartesian_2d((least..most).log_scale(), (0..places.len() as i32 - 1).into_segmented())?;
	chart
		.configure_mesh()
		.disable_y_mesh()
		.max_light_lines(1)
		.x_desc("our tokens per second over theirs: ours is faster to the right of 1")
		.x_label_formatter(&|ratio| format!("{ratio}"))
		.y_labels(places.len())
		.y_label_formatter(&|at| match at {
			SegmentValue::CenterOf(index) | SegmentValue::Exact(index) => {
				places.get(*index as usize).cloned().unwrap_or_default()
			}
			SegmentValue::Last => String::new(),
		})
		.draw()?;
	let ends = [SegmentValue::Exact(0), SegmentValue::Last];
	chart.draw_series(LineSeries::new(ends.map(|end| (1.0, end)), BLACK.stroke_width(2)))?;
	for (other, colour) in others {
		let points = rows.iter().filter(|row| row.against == *other).filter_map(|row| {
			let line = places.iter().position(|name| *name == place(row))?;
			Some(Circle::new(
				(row.ratio, SegmentValue::CenterOf(line as i32)),
				5,
				colour.filled(),
			))
		});
		chart.draw_series(points)?;
	}
	Ok(())
}

/// The line of a row.
fn place(row: &Row) -> String {
	format!("{} {} {}", row.shape, row.phase, row.tier)
}
