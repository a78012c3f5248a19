//! `assay verify --light`, and what it needs: `assay audit key` and `assay audit open`.

use super::{challenge::lead, parse_version, Context};
use crate::{
	case::Case,
	execute::{check_program, Loaded},
	light_keys::{key_path, read_key, write_secret},
	output::fields,
	Outcome,
};
use anyhow::{anyhow, bail, ensure, Context as _, Result};
use assay_artifact::Artifact;
use assay_light_audit::{
	check, check_positions, detection, draw, largest_opening, Fault, Key, Opening, Verdict, MAX_POSITIONS,
};
use assay_protocol::{
	dispute::{DisputedClaim, OwnedStatement},
	job::JobState,
	JobId,
};
use assay_sdk::Assay;
use assay_trace::Statement;
use serde_json::json;
use std::{
	fs,
	future::Future,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};

/// How long a worker is waited for, from the connection to the last byte. It may have to run the job again first.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a job is verified lightly.
#[derive(Debug, clap::Args)]
pub(crate) struct Light {
	/// Do not run the job: have its worker open some positions that are drawn here, and check them with the key that `assay audit
	/// key` made. If they do not hold, the job is run after all and, if the claim is wrong, challenged.
	#[arg(long)]
	light: bool,
	/// How many positions.
	#[arg(
		long,
		default_value_t = 4,
		requires = "light",
		conflicts_with = "opening",
		value_name = "COUNT",
		value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_POSITIONS))
	)]
	positions: u32,
	/// The key; looked for beside the artifacts if absent.
	#[arg(long, requires = "light", value_name = "FILE")]
	light_key: Option<PathBuf>,
	/// The node of the operator that claimed the job, if it is another than the one at --url.
	#[arg(long, requires = "light", value_name = "URL")]
	worker: Option<String>,
	/// Check what this file opens, as `assay audit open` writes it, instead of asking the worker. Whoever made it chose the positions,
	/// so that it shows less.
	#[arg(long, requires = "light", conflicts_with = "worker", value_name = "FILE")]
	opening: Option<PathBuf>,
	/// Challenge nothing: say what was found, and end with 2 if something is wrong.
	#[arg(long, requires = "light")]
	tell_only: bool,
}

/// What was looked at.
struct Looked {
	job: JobId,
	positions: Vec<u32>,
	/// Positions of the job.
	of: u32,
	/// Bytes of the opening.
	bytes: usize,
	/// How long the check took.
	seconds: f64,
	fault: Option<Fault>,
}

impl Light {
	/// Whether it was asked for.
	pub(super) fn is_wanted(&self) -> bool {
		self.light
	}

	/// Does it.
	pub(super) async fn run(self, context: &Context, job: JobId, artifact: Option<&Path>) -> Result<Outcome> {
		// Before anything is found: whoever cannot sign cannot challenge.
		let signer = match self.tell_only {
			true => None,
			false => Some(
				context
					.key
					.signer()
					.context("a claim that is wrong is challenged, or pass --tell-only")?,
			),
		};
		let (chain, claim, statement) = open_claim(context, job).await?;
		let looked = self.look(context, &chain, job, &statement).await?;
		if looked.fault.is_none() {
			context.output.answer(&looked.document(), || looked.text());
			return Ok(Outcome::Done);
		}
		let Some(signer) = signer else {
			context.output.answer(&looked.document(), || looked.text());
			return Ok(Outcome::Unfavourable);
		};
		context.output.progress(&format!(
			"{}\nthe job is run on this machine, to prove it",
			looked.text()
		));
		let artifact = context.library.verified(claim.artifact, artifact)?;
		check_program(&artifact, &chain.models().program(claim.version).await?)?;
		let case = Case::run(Arc::new(Loaded::new(artifact)?), claim, context.output)?;
		let mut document = looked.document();
		let Some(ended) = lead(context, &chain, &signer, &case, None).await? else {
			document["claim_agrees"] = json!(true);
			context.output.answer(&document, || {
				format!("job {job} is what this machine computes: what was opened of it is wrong, and not the claim")
			});
			return Ok(Outcome::Unfavourable);
		};
		document["claim_agrees"] = json!(false);
		document["challenge"] = ended.document();
		context.output.answer(&document, || ended.text());
		Ok(match ended.is_won() {
			true => Outcome::Done,
			false => Outcome::Unfavourable,
		})
	}

	/// Has positions opened and checks them.
	async fn look(&self, context: &Context, chain: &Assay, job: JobId, owned: &OwnedStatement) -> Result<Looked> {
		let statement = owned.as_statement();
		let key = read_key(&context.library, self.light_key.as_deref(), &owned.artifact)?;
		let of = statement.layout().positions;
		let opened = |file: &Path| format!("opening {}", file.display());
		let (positions, bytes, source) = match &self.opening {
			Some(file) => {
				let bytes = fs::read(file).with_context(|| opened(file))?;
				let positions = Opening::positions_in(&bytes).with_context(|| opened(file))?;
				check_positions(&statement.layout(), &positions).with_context(|| opened(file))?;
				(positions, bytes, opened(file))
			}
			None => {
				let positions = draw(of, self.positions, &mut rand::rng())?;
				let bytes = self.fetch(context, chain, job, &statement, &positions).await?;
				(positions, bytes, "what the worker sent".into())
			}
		};
		let start = Instant::now();
		let limit = largest_opening(&statement, &positions);
		let opening = Opening::from_bytes(&bytes, limit).context(source)?;
		let verdict = check(&key, &statement, &positions, &opening)?;
		Ok(Looked {
			job,
			positions,
			of,
			bytes: bytes.len(),
			seconds: start.elapsed().as_secs_f64(),
			fault: match verdict {
				Verdict::Holds => None,
				Verdict::Fails(fault) => Some(fault),
			},
		})
	}

	/// What the worker sends.
	async fn fetch(
		&self,
		context: &Context,
		chain: &Assay,
		job: JobId,
		statement: &Statement<'_>,
		positions: &[u32],
	) -> Result<Vec<u8>> {
		let limit = largest_opening(statement, positions);
		let bar = context.output.bar(0, true);
		let fetched = |here, all| {
			bar.set_length(all);
			bar.set_position(here);
		};
		let fetching = async {
			let worker = match &self.worker {
				Some(url) => Assay::connect(url).await?,
				None => chain.clone(),
			};
			Ok(worker.opening(job, positions, limit, fetched).await?)
		};
		let opening = within(PATIENCE, fetching).await;
		bar.finish_and_clear();
		opening.with_context(|| {
			format!(
				"the worker of job {job} opens nothing, which says nothing about its claim: ask its own node (--worker URL), or run the \
				 job (`assay verify {job}`)"
			)
		})
	}
}

/// What a worker sends, if all of it comes in time.
async fn within<T>(patience: Duration, fetching: impl Future<Output = Result<T>>) -> Result<T> {
	let fetched = tokio::time::timeout(patience, fetching).await;
	fetched.unwrap_or_else(|_| Err(anyhow!("it has not sent all of it within {} s", patience.as_secs())))
}

impl Looked {
	fn document(&self) -> serde_json::Value {
		json!({
			"job": self.job,
			"positions": self.positions,
			"of": self.of,
			"bytes": self.bytes,
			"seconds": self.seconds,
			"holds": self.fault.is_none(),
			"fault": self.fault.as_ref().map(ToString::to_string),
		})
	}

	fn text(&self) -> String {
		let count = self.positions.len() as u32;
		let head = match &self.fault {
			None => format!("job {} holds at {count} of its {} positions", self.job, self.of),
			Some(fault) => format!("job {} DOES NOT HOLD: {fault}", self.job),
		};
		let share = |share: f64| {
			let wrong = (f64::from(self.of) * share).ceil() as u32;
			format!("{:.0} %", detection(self.of, wrong, count) * 100.0)
		};
		let found = format!(
			"{} if half of all positions are wrong, {} if a tenth",
			share(0.5),
			share(0.1)
		);
		let positions: Vec<String> = self.positions.iter().map(u32::to_string).collect();
		let rows = fields([
			("positions", Some(positions.join(", "))),
			(
				"opened",
				Some(format!("{} bytes, checked in {:.2} s", self.bytes, self.seconds)),
			),
			("found", Some(found).filter(|_| self.fault.is_none())),
		]);
		format!("{head}\n{rows}")
	}
}

/// A claim on chain, and its statement.
async fn open_claim(context: &Context, job: JobId) -> Result<(Assay, DisputedClaim, OwnedStatement)> {
	let chain = context.chain().await?;
	let at = chain.best().await?;
	let summary = chain.jobs().at(at).get(job).await?;
	let JobState::Claimed { .. } = summary.state else {
		bail!("job {job} has no claim that is open: `assay verify {job}` runs it again");
	};
	let claim = chain.jobs().at(at).claim(job).await?;
	let claim = claim.with_context(|| format!("job {job} has no claim on chain"))?;
	let statement = chain.jobs().at(at).statement(job, claim.attempt).await?;
	let statement =
		statement.with_context(|| format!("the program of job {job} is of a kind that this program does not know"))?;
	Ok((chain, claim, statement))
}

/// `assay audit key`.
pub(super) async fn make_key(context: &Context, model: &str, out: Option<PathBuf>) -> Result<Outcome> {
	let artifact = match Path::new(model).is_file() {
		true => {
			let artifact = Artifact::open(model)?;
			artifact.verify()?;
			artifact
		}
		false => {
			let version = parse_version(model).with_context(|| format!("`{model}` is no file either"))?;
			let chain = context.chain().await?;
			let artifact = chain.models().version(version).await?.artifact;
			context.library.verified(artifact, None)?
		}
	};
	let progress = context.output.spinner("making the key");
	let start = Instant::now();
	let key = Key::make(artifact.program(), &artifact, &mut rand::rng())?;
	progress.finish_and_clear();
	let (bytes, root) = (key.to_bytes(), artifact.root());
	let path = match out {
		Some(path) => path,
		None => key_path(&context.library, &root)?,
	};
	write_secret(&path, &bytes)?;
	let document = json!({ "artifact": root, "file": path, "bytes": bytes.len() });
	let seconds = start.elapsed().as_secs_f64();
	context.output.answer(&document, || {
		format!(
			"key to {root}: {}, {} bytes, made in {seconds:.1} s. It is secret: a worker that has it can deceive you",
			path.display(),
			bytes.len()
		)
	});
	Ok(Outcome::Done)
}

/// `assay audit open`.
pub(super) async fn write_opening(
	context: &Context,
	job: JobId,
	mut positions: Vec<u32>,
	out: &Path,
	artifact: Option<&Path>,
) -> Result<Outcome> {
	let (chain, claim, owned) = open_claim(context, job).await?;
	let statement = owned.as_statement();
	positions.sort_unstable();
	positions.dedup();
	ensure!(
		positions.len() <= MAX_POSITIONS as usize,
		"{} positions are asked for, at most {MAX_POSITIONS} are opened",
		positions.len()
	);
	let artifact = context.library.verified(claim.artifact, artifact)?;
	check_program(&artifact, &chain.models().program(claim.version).await?)?;
	let opening = Loaded::new(artifact)?.open(&statement, &positions, context.output)?;
	let bytes = opening.to_bytes();
	fs::write(out, &bytes).with_context(|| format!("opening {}", out.display()))?;
	let parts: serde_json::Map<String, serde_json::Value> = opening
		.sizes()
		.into_iter()
		.map(|(part, bytes)| (part.to_owned(), json!(bytes)))
		.collect();
	let document = json!({ "job": job, "positions": positions, "file": out, "bytes": bytes.len(), "parts": parts });
	context.output.answer(&document, || {
		let parts = opening.sizes().map(|(part, bytes)| format!("{part} {bytes}"));
		format!("{}: {} bytes ({})", out.display(), bytes.len(), parts.join(", "))
	});
	Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn looked(fault: Option<Fault>) -> Looked {
		Looked {
			job: JobId(7),
			positions: vec![3, 9],
			of: 20,
			bytes: 4_096,
			seconds: 0.25,
			fault,
		}
	}

	#[tokio::test]
	async fn n02_worker_that_does_not_come_to_an_end_is_given_up() {
		let error = within(Duration::from_millis(20), std::future::pending::<Result<()>>()).await;
		let text = error.unwrap_err().to_string();
		assert_eq!(text, "it has not sent all of it within 0 s");
		assert_eq!(within(PATIENCE, async { Ok(7) }).await.unwrap(), 7);
	}

	#[test]
	fn what_holds_says_what_would_have_been_found() {
		assert_eq!(
			looked(None).text(),
			"job 7 holds at 2 of its 20 positions\n\
			positions  3, 9\n\
			opened     4096 bytes, checked in 0.25 s\n\
			found      76 % if half of all positions are wrong, 19 % if a tenth"
		);
	}

	#[test]
	fn what_does_not_hold_says_why() {
		let text = looked(Some(Fault::Residual { row: 2, position: 9 })).text();
		assert!(
			text.starts_with("job 7 DOES NOT HOLD: row 2, position 9: the residual vector"),
			"{text}"
		);
		assert!(!text.contains("found"), "{text}");
	}
}
