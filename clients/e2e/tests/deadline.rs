//! An operator that does not deliver.

use anyhow::Result;
use assay_e2e::{amount, Scene, TREASURY};
use serde_json::json;
use std::time::Duration;

/// Blocks for a result, and an open job's, and then some.
const LIMIT: Duration = Duration::from_secs(180);
/// What a missed deadline costs at most: 10 ASY.
const MOST: u128 = 10_000_000_000_000;

#[test]
fn a_late_result_is_refused_and_the_consumer_gets_everything_back() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	// Alice's worker is alive but has lost the artifact; the consumer keeps a copy.
	let elsewhere = scene.folder().join("elsewhere.assay");
	std::fs::copy(&served.artifact, &elsewhere)?;
	let elsewhere = elsewhere.to_str().unwrap_or_default();
	std::fs::remove_file(&served.artifact)?;
	let before = scene.money(&node)?;
	let bond = amount(&bob.ok("operator show //Alice")?["bond"])?;
	let submitted = bob.ok(&format!(
		"job submit --model {} --tokens 1,2 --max-tokens 4 --max-fee 1 --operator //Alice",
		served.id
	))?;
	let job = submitted["job"].to_string();
	assert_eq!(bob.ok("account show")?["held"], json!("1000000000000"));
	let shown = bob.ok(&format!("job show {job}"))?;
	assert_eq!(shown["state"], json!("Assigned"));

	// The consumer named its operator, so nobody else tries.
	scene.wait_for_state(&node, &job, &["Refunded"], LIMIT)?;
	let deliver = format!("job deliver {job} --worker-suri //Alice --artifact {elsewhere} --attempt 0");
	let error = bob.error(&deliver)?;
	assert!(error.contains(&format!("the result of job {job}")), "{error}");
	assert!(error.contains("refused"), "{error}");

	let done = bob.run(&format!("job watch {job}"))?;
	assert_eq!(done.code, 2, "{}", done.document);
	assert_eq!(done.document["job"]["state"], json!("Refunded"));
	assert_eq!(done.document["job"]["refunded"], json!("1000000000000"));
	assert_eq!(done.document["job"]["output"], json!(null));
	let operator = bob.ok("operator show //Alice")?;
	assert_eq!(operator["faults"]["missed_deadlines"], json!(1), "{operator}");
	// As much as the job would have cost.
	let lost = bond - amount(&operator["bond"])?;
	assert!(lost > 0 && lost < MOST && lost <= 1_000_000_000_000, "{lost}");
	assert_eq!(operator["committed"], json!("0"));

	let after = scene.money(&node)?;
	let transaction = amount(&submitted["receipt"]["fee"])? + amount(&submitted["room"])?;
	assert_eq!(after.held("//Bob"), 0);
	assert_eq!(after.free("//Bob"), before.free("//Bob") - transaction);
	assert_eq!(after.total("//Alice"), before.total("//Alice") - lost);
	assert_eq!(after.free(TREASURY), before.free(TREASURY) + lost);
	scene.end()
}
