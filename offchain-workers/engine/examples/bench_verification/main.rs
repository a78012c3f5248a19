//! What verification costs, as a ratio to the job that is verified, as models grow: `scripts/bench verification` builds and
//! starts it.
//!
//! For Llamas of several sizes with random weights a job is run plain and committed to in turns, audited by running it again and
//! lightly, spot-checked, and judged by the referee. Each cost is a share of the time that the job itself takes on the same machine with
//! the same number of threads. A power law through the shares says how they fall, and what they are at 70B, which is not measured.

mod chart;
#[path = "../common/mod.rs"]
mod common;
mod costs;
mod job;
mod law;
mod light;
mod spot_check;

use assay_engine::Tier;
use clap::Parser;
use common::{artifact, idle::Policy, known_shape, load, machine::Machine, Result};
use costs::Costs;
use serde_json::json;
use std::{
	env,
	num::{NonZeroU32, NonZeroUsize},
	path::PathBuf,
};

/// Weights of the largest model that is spoken of, which is not measured.
const LARGEST: f64 = 70e9;

/// Measures what verifying a job costs beside running it, for models from a million weights up.
///
/// A job is a prompt and as many tokens as are generated. It is run plain and with commitment in turns; the time of each part
/// that commitment cannot speed up is the shortest of all runs. An audit runs the job again from its tokens; a light audit checks a
/// few positions with a key in place of the weights; a spot-check is one step that is opened and that the referee judges. If others keep the machine busy nothing is reported.
#[derive(Parser)]
#[command(name = "scripts/bench verification")]
struct Arguments {
	/// Shapes of models: 1M, 15M, 110M, 1.1B, 7B.
	#[arg(long, value_delimiter = ',', default_value = "1M,15M,110M,1.1B", value_parser = known_shape)]
	shapes: Vec<String>,
	/// Threads of the engine.
	#[arg(long, default_value = "1")]
	threads: NonZeroUsize,
	/// Tier of our kernels; that of ASSAY_KERNEL or the fastest of this processor if none is named.
	#[arg(long)]
	tier: Option<Tier>,
	/// Tokens of the prompt.
	#[arg(long, default_value = "128")]
	prompt: NonZeroUsize,
	/// Tokens that are generated, at least two.
	#[arg(long, default_value = "128", value_parser = clap::value_parser!(u32).range(2..=1_024))]
	tokens: u32,
	/// Runs of each kind; by default 10 up to 110M, 3 at 1.1B and 1 at 7B.
	#[arg(long)]
	runs: Option<NonZeroUsize>,
	/// Positions that a light audit looks at.
	#[arg(long, default_value = "4")]
	positions: NonZeroU32,
	/// Steps that are drawn and judged.
	#[arg(long, default_value = "50")]
	steps: NonZeroUsize,
	/// Where the models lie, and are made if they do not: 1.1 bytes a weight.
	#[arg(long, default_value_os_t = env::temp_dir().join("assay-bench"), value_name = "DIR")]
	folder: PathBuf,
	/// How many cores others may keep busy.
	#[arg(long, default_value_t = 0.1, value_name = "CORES")]
	idle: f64,
	/// Report all the same on a busy machine, each such row marked.
	#[arg(long)]
	busy: bool,
	/// End with a line of JSON.
	#[arg(long)]
	json: bool,
	/// Draw the shares over the number of weights as an SVG.
	#[arg(long, value_name = "FILE")]
	chart: Option<PathBuf>,
}

fn main() -> Result<()> {
	let arguments = Arguments::parse();
	// Keys are made and openings are checked on rayon's own threads.
	rayon::ThreadPoolBuilder::new()
		.num_threads(arguments.threads.get())
		.build_global()?;
	let policy = Policy::new(arguments.idle, arguments.busy);
	let mut machine = Machine::describe();
	println!("machine   {machine}");
	println!("load      {}; {}", load(), policy.describe());
	println!(
		"job       prompt of {} tokens, {} generated; threads: {}",
		arguments.prompt, arguments.tokens, arguments.threads
	);
	let mut all: Vec<Costs> = vec![];
	for name in &arguments.shapes {
		let path = artifact(name, &arguments.folder)?;
		policy.wait()?;
		let (mut costs, others) = policy.measure(name, || costs::measure(name, &path, &arguments))?;
		costs.busy = !policy.is_idle(others);
		println!();
		print!("{costs}");
		all.push(costs);
	}
	let laws = law::laws(&all);
	println!();
	for law in &laws {
		println!("{law}");
	}
	machine.load_after = load();
	println!("load      {} at the end", machine.load_after);
	if let Some(path) = &arguments.chart {
		chart::draw(path, &machine.to_string(), &all, &laws)?;
		println!("written   {}", path.display());
	}
	if arguments.json {
		let rows: Vec<_> = all.iter().flat_map(Costs::rows).collect();
		println!("{}", json!({ "machine": machine, "rows": rows, "laws": laws }));
	}
	Ok(())
}
