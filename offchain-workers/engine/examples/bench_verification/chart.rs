//! The shares over the number of weights as a picture, both in logarithms.

use crate::{common::Result, costs::Costs, law::Law, LARGEST};
use plotters::prelude::*;
use std::path::Path;

/// Of the parts, in their order.
const COLOURS: [RGBColor; 8] = [
	RGBColor(2, 119, 189),
	RGBColor(239, 108, 0),
	RGBColor(123, 31, 162),
	RGBColor(56, 142, 60),
	RGBColor(198, 40, 40),
	RGBColor(33, 33, 33),
	RGBColor(0, 150, 136),
	RGBColor(121, 85, 72),
];

/// Draws each part's measured shares as points and its law, up to the largest model, as a line.
pub(crate) fn draw(path: &Path, machine: &str, all: &[Costs], laws: &[Law]) -> Result<()> {
	let sizes = || all.iter().map(|costs| costs.weights as f64);
	let smallest = sizes().fold(f64::INFINITY, f64::min);
	let measured = sizes().fold(0.0, f64::max);
	let shares = laws.iter().flat_map(|law| {
		let points = all.iter().filter_map(|costs| costs.share(&law.part));
		points.chain([law.share(LARGEST), law.share(smallest)])
	});
	let (least, most) = shares.fold((f64::INFINITY, 0.0f64), |(least, most), share| {
		(least.min(share), most.max(share))
	});
	if laws.is_empty() {
		return Err("there is nothing to draw: a line needs two sizes of models".into());
	}
	let area = SVGBackend::new(path, (900, 560)).into_drawing_area();
	area.fill(&WHITE)?;
	let (heading, below) = area.split_vertically(64);
	let busy = if all.iter().any(|costs| costs.busy) {
		"; busy"
	} else {
		""
	};
	heading.draw(&Text::new(format!("{machine}{busy}"), (12, 6), ("sans-serif", 13)))?;
	for (column, (law, colour)) in (0..).zip(laws.iter().zip(COLOURS)) {
		let (left, top) = (20 + 290 * (column % 3), 30 + 16 * (column / 3));
		heading.draw(&Circle::new((left, top), 5, colour.filled()))?;
		let text = format!("{}: weights^{:+.2}", law.part, law.slope);
		heading.draw(&Text::new(text, (left + 12, top - 6), ("sans-serif", 13)))?;
	}
	let mut chart = ChartBuilder::on(&below)
		.margin(12)
		.x_label_area_size(40)
		.y_label_area_size(90)
		.build_cartesian_2d(
			(smallest / 1.5..LARGEST * 1.5).log_scale(),
			(100.0 * least / 2.0..100.0 * most * 2.0).log_scale(),
		)?;
	chart
		.configure_mesh()
		.max_light_lines(1)
		.x_desc("weights; measured where there are points, modelled beyond the last")
		.y_desc("% of the job")
		.x_label_formatter(&|weights| weights_in_words(*weights))
		.y_label_formatter(&|share| format!("{share}"))
		.draw()?;
	for (law, colour) in laws.iter().zip(COLOURS) {
		let at = |weights: f64| (weights, 100.0 * law.share(weights));
		chart.draw_series(LineSeries::new([at(smallest), at(measured)], colour.stroke_width(2)))?;
		chart.draw_series(LineSeries::new([at(measured), at(LARGEST)], colour.stroke_width(1)))?;
		let points = all.iter().filter_map(|costs| {
			let share = costs.share(&law.part).filter(|share| *share > 0.0)?;
			Some(Circle::new((costs.weights as f64, 100.0 * share), 4, colour.filled()))
		});
		chart.draw_series(points)?;
	}
	area.present()?;
	Ok(())
}

/// A number of weights as models are named.
fn weights_in_words(weights: f64) -> String {
	match weights {
		1e9.. => format!("{}B", weights / 1e9),
		_ => format!("{}M", weights / 1e6),
	}
}
