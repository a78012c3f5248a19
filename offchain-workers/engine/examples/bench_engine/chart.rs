//! The ratios as a picture.

use crate::{
	common::Result,
	report::{Report, Row},
};
use plotters::prelude::*;
use std::{collections::BTreeSet, path::Path};

/// Of the others, in the order of their names.
const COLOURS: [RGBColor; 3] = [RGBColor(2, 119, 189), RGBColor(239, 108, 0), RGBColor(123, 31, 162)];
/// Height of a line.
const LINE: u32 = 30;

/// Draws how many times as fast ours is, by shape, phase and number of threads.
pub(crate) fn draw(path: &Path, report: &Report) -> Result<()> {
	let rows = report.rows();
	let all = |of: fn(&Row) -> String| rows.iter().map(of).collect::<BTreeSet<String>>();
	let (others, threads) = (all(|row| row.against.clone()), all(|row| format!("{:3}", row.threads)));
	let mut places: Vec<String> = Vec::new();
	for row in &rows {
		if !places.contains(&place(row)) {
			places.push(place(row));
		}
	}
	// The first at the top.
	places.reverse();
	let (least, most) = rows.iter().fold((0.5f64, 2.0f64), |(least, most), row| {
		(least.min(row.ratio / 1.2), most.max(row.ratio * 1.2))
	});
	if places.is_empty() {
		return Err("there is nothing to draw: no other side was measured".into());
	}

	let height = 130 + LINE * places.len() as u32;
	let area = SVGBackend::new(path, (560 * threads.len() as u32, height)).into_drawing_area();
	area.fill(&WHITE)?;
	for (panel, threads) in area.split_evenly((1, threads.len())).iter().zip(&threads) {
		let threads: usize = threads.trim().parse()?;
		let mut chart = ChartBuilder::on(panel)
			.caption(format!("Ours over theirs, threads: {threads}"), ("sans-serif", 16))
			.margin(12)
			.x_label_area_size(40)
			.y_label_area_size(150)
			.build_cartesian_2d((least..most).log_scale(), (0..places.len() as i32 - 1).into_segmented())?;
		chart
			.configure_mesh()
			.disable_y_mesh()
			.x_desc("tokens per second over theirs: ours is faster to the right of 1")
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
		for (other, colour) in others.iter().zip(COLOURS) {
			let points = rows
				.iter()
				.filter(|row| row.threads == threads && row.against == *other);
			let points = points.filter_map(|row| {
				let line = places.iter().position(|name| *name == place(row))?;
				let at = (row.ratio, SegmentValue::CenterOf(line as i32));
				Some(Circle::new(at, 5, colour.filled()))
			});
			chart
				.draw_series(points)?
				.label(other)
				.legend(move |(x, y)| Circle::new((x + 10, y), 5, colour.filled()));
		}
		chart
			.configure_series_labels()
			.position(SeriesLabelPosition::LowerRight)
			.background_style(WHITE.mix(0.8))
			.border_style(BLACK)
			.draw()?;
	}
	area.present()?;
	Ok(())
}

/// The line of a row.
fn place(row: &Row) -> String {
	format!("{} {} {}", row.shape, row.phase, row.tier)
}
