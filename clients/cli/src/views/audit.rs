//! Audits, and who audits.

use super::places::Places;
use crate::output::{fields, table};
use assay_protocol::audit::{AuditOutcome, AuditPhase, AuditRates, AuditorState, ReceiptCheck, SpotCheck};
use assay_sdk::{amount::show_share, audits::Audit, operators::Operator, AccountId, Amount, BlockNumber};
use assay_trace::Place;
use serde::Serialize;
use sp_runtime::Permill;

/// The audit of a claim.
#[derive(Serialize)]
pub(crate) struct AuditView {
	job: u64,
	attempt: u8,
	operator: AccountId,
	phase: AuditPhase<BlockNumber>,
	/// What was drawn of a batch; absent if nothing was.
	receipt: Option<ReceiptCheck>,
	/// What the worker is asked; absent if it is not.
	spot_check: Option<SpotCheck>,
	auditors: Vec<DrawnView>,
	/// The cell that auditors have to show; absent until it is drawn.
	values_of: Option<Place>,
}

/// An auditor that was drawn.
#[derive(Serialize)]
struct DrawnView {
	account: AccountId,
	state: AuditorState,
}

impl AuditView {
	/// Describes an audit.
	pub(crate) fn new(audit: &Audit) -> Self {
		let auditors = audit.auditors.iter();
		Self {
			job: audit.job.0,
			attempt: audit.attempt.0,
			operator: audit.operator,
			phase: audit.phase,
			receipt: audit.receipt,
			spot_check: audit.spot_check,
			auditors: auditors.map(|&(account, state)| DrawnView { account, state }).collect(),
			values_of: audit.values_of,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self, places: &Places) -> String {
		let none = || (!matches!(self.phase, AuditPhase::Claimed)).then(|| "none were drawn".to_owned());
		let text = fields([
			("job", Some(format!("{}, attempt {}", self.job, self.attempt))),
			("operator", Some(self.operator.to_string())),
			("audit", Some(self.stands())),
			("receipt", self.receipt.map(drawn)),
			("spot-check", self.spot_check.map(|check| self.asked(check, places))),
			("values", self.values_of.map(|place| places.place(place))),
			("auditors", self.auditors.is_empty().then(none).flatten()),
		]);
		if self.auditors.is_empty() {
			return text;
		}
		let rows = self.auditors.iter();
		let rows = rows.map(|auditor| [auditor.account.to_string(), self.state(auditor.state, places)]);
		format!("{text}\n{}", table(["auditor", "state"], 2, rows.collect()))
	}

	fn stands(&self) -> String {
		match self.phase {
			AuditPhase::Claimed => "waits for the draw".into(),
			AuditPhase::Commit { deadline } => format!("commitments are due by block {deadline}"),
			AuditPhase::Committed => "waits for the draw of what has to be shown".into(),
			AuditPhase::Show { deadline } => format!("what was drawn is to be shown by block {deadline}"),
			AuditPhase::Unaudited { until } => {
				format!("its auditors were silent: it waits for a challenge until block {until}")
			}
			AuditPhase::Over(outcome) => format!("over: {}", ended(outcome)),
		}
	}

	/// What the worker is asked, and how far it is.
	fn asked(&self, check: SpotCheck, places: &Places) -> String {
		let cell = places.place(check.place);
		let over = matches!(self.phase, AuditPhase::Over(_));
		match check.step {
			None if check.shown => format!("{cell}: it has no steps"),
			None if check.committed => format!("{cell}: the worker has committed to what is inside"),
			None if over => format!("{cell}: the worker had not committed to what is inside"),
			None => format!("{cell}: the worker has to commit to what is inside"),
			Some(step) => {
				let state = match self.phase {
					_ if check.shown => "the worker has shown it, and it holds",
					AuditPhase::Over(AuditOutcome::Refuted) => "what the worker has shown is wrong",
					AuditPhase::Over(_) => "the worker had not shown it",
					_ => "the worker has to show it",
				};
				format!("{} in {cell}: {state}", places.step(check.place, step))
			}
		}
	}

	/// How far an auditor is.
	fn state(&self, state: AuditorState, places: &Places) -> String {
		match (state, self.phase, self.values_of) {
			(AuditorState::Drawn, AuditPhase::Commit { .. }, _) => {
				"has to run the job again and commit to a digest".into()
			}
			(AuditorState::Drawn, ..) => "drawn, and not asked any more".into(),
			(AuditorState::Bound { .. }, AuditPhase::Show { .. }, Some(place)) => {
				format!("has to show the values of {}", places.place(place))
			}
			(AuditorState::Bound { digest }, ..) => format!("has committed to digest {digest}"),
			(AuditorState::Done, ..) => "has shown what was drawn".into(),
			(AuditorState::Challenged, ..) => "has challenged the claim".into(),
			(AuditorState::Failed, ..) => "failed: missed its duty, or vouched for a wrong claim".into(),
		}
	}
}

/// How an audit ended, in words.
fn ended(outcome: AuditOutcome) -> &'static str {
	match outcome {
		AuditOutcome::NotDrawn => "the draw asked for nothing",
		AuditOutcome::Passed => "nothing wrong was found",
		AuditOutcome::WorkerSilent => "the worker did not reply in time, and its claim is struck down",
		AuditOutcome::Refuted => "the step that was drawn is wrong, and the claim is struck down",
		AuditOutcome::StruckDown => "a dispute struck the claim down first",
		AuditOutcome::NotAudited => "all auditors that were drawn were silent: nobody has looked at the claim",
	}
}

/// An auditor of a version.
#[derive(Serialize)]
pub(crate) struct AuditorView {
	account: AccountId,
	/// Auditors are drawn by it.
	bond: Amount,
	missed_audits: u32,
	false_audits: u32,
}

impl AuditorView {
	/// Describes an auditor; whoever is no operator any more has no bond.
	pub(crate) fn new(account: AccountId, operator: Option<&Operator>) -> Self {
		let faults = operator.map(|operator| operator.faults).unwrap_or_default();
		Self {
			account,
			bond: operator.map(|operator| Amount(operator.bond)).unwrap_or_default(),
			missed_audits: faults.missed_audits,
			false_audits: faults.false_audits,
		}
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 4] {
		[
			self.account.to_string(),
			self.bond.to_string(),
			self.missed_audits.to_string(),
			self.false_audits.to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 4] = ["auditor", "bond", "missed audits", "false audits"];
}

/// How likely the next claim of an operator is to be audited.
#[derive(Serialize)]
pub(crate) struct RatesView {
	operator: AccountId,
	clean_jobs: u32,
	/// In JSON in parts of a million, as over JSON-RPC.
	spot_check: Permill,
	audit: Permill,
}

impl RatesView {
	/// Describes the probabilities.
	pub(crate) fn new(operator: AccountId, rates: &AuditRates) -> Self {
		Self {
			operator,
			clean_jobs: rates.clean_jobs,
			spot_check: rates.spot_check,
			audit: rates.audit,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("operator", Some(self.operator.to_string())),
			(
				"clean jobs",
				Some(format!(
					"{} final since a claim of it was last struck down",
					self.clean_jobs
				)),
			),
			(
				"spot-check",
				Some(format!("{} of its claims", show_share(self.spot_check))),
			),
			(
				"audit",
				Some(format!("{} of its claims, more of large ones", show_share(self.audit))),
			),
		])
	}
}

/// What was drawn of a batch.
fn drawn(check: ReceiptCheck) -> String {
	let state = match check.revealed {
		true => "the worker has revealed its receipt",
		false => "the worker has to reveal its receipt",
	};
	format!("unit {} was drawn: {state}", check.unit)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::views::places::tests::claim;
	use assay_protocol::{Attempt, JobId};
	use assay_trace::{Hash32, Step};

	const CELL: Place = Place::Cell { row: 1, position: 9 };

	fn audit(phase: AuditPhase<BlockNumber>) -> Audit {
		Audit {
			job: JobId(7),
			attempt: Attempt(0),
			operator: AccountId::from([8; 32]),
			phase,
			spot_check: Some(SpotCheck {
				place: CELL,
				committed: false,
				step: None,
				shown: false,
			}),
			auditors: vec![(AccountId::from([9; 32]), AuditorState::Drawn)],
			values_of: None,
			receipt: None,
		}
	}

	fn text(audit: &Audit) -> String {
		AuditView::new(audit).text(&Places::of(Some(&claim())))
	}

	fn shows(audit: &Audit, expected: &[&str]) {
		let text = text(audit);
		for part in expected {
			assert!(text.contains(part), "`{part}` is missing:\n{text}");
		}
	}

	#[test]
	fn what_is_due_is_told_at_each_phase() {
		let mut audit = audit(AuditPhase::Commit { deadline: 40 });
		shows(
			&audit,
			&[
				"7, attempt 0",
				"commitments are due by block 40",
				"row 1, position 9: the worker has to commit to what is inside",
				"has to run the job again and commit to a digest",
			],
		);
		let digest = Hash32([5; 32]);
		audit.auditors[0].1 = AuditorState::Bound { digest };
		audit.spot_check.as_mut().unwrap().committed = true;
		audit.phase = AuditPhase::Committed;
		shows(
			&audit,
			&[
				"waits for the draw of what has to be shown",
				"the worker has committed to what is inside",
				"digest 0x0505",
			],
		);
		audit.phase = AuditPhase::Show { deadline: 52 };
		audit.spot_check.as_mut().unwrap().step = Some(Step::Attend { head: 2, group: 1 });
		audit.values_of = Some(Place::Cell { row: 2, position: 0 });
		shows(
			&audit,
			&[
				"to be shown by block 52",
				"attention of head 2 to positions 8-10 in row 1, position 9: the worker has to show it",
				"has to show the values of row 2, position 0",
			],
		);
	}

	#[test]
	fn an_end_says_what_was_not_shown() {
		let mut audit = audit(AuditPhase::Over(AuditOutcome::WorkerSilent));
		shows(
			&audit,
			&[
				"over: the worker did not reply in time",
				"the worker had not committed to what is inside",
				"not asked any more",
			],
		);
		let check = audit.spot_check.as_mut().unwrap();
		check.committed = true;
		check.step = Some(Step::Cache { head: 1 });
		shows(
			&audit,
			&["the cache rows of head 1 in row 1, position 9: the worker had not shown it"],
		);
		audit.phase = AuditPhase::Over(AuditOutcome::Refuted);
		shows(&audit, &["what the worker has shown is wrong"]);
		audit.phase = AuditPhase::Over(AuditOutcome::Passed);
		audit.spot_check.as_mut().unwrap().shown = true;
		audit.auditors[0].1 = AuditorState::Done;
		shows(
			&audit,
			&["nothing wrong was found", "and it holds", "has shown what was drawn"],
		);
	}

	#[test]
	fn an_audit_without_auditors_says_so_once_they_could_have_been_drawn() {
		let mut audit = audit(AuditPhase::Claimed);
		audit.spot_check = None;
		audit.auditors.clear();
		let before = text(&audit);
		assert!(
			before.contains("waits for the draw") && !before.contains("auditors"),
			"{before}"
		);
		audit.phase = AuditPhase::Over(AuditOutcome::NotDrawn);
		shows(&audit, &["the draw asked for nothing", "none were drawn"]);
	}

	#[test]
	fn audits_in_json_have_their_places() {
		let mut audit = audit(AuditPhase::Show { deadline: 52 });
		audit.auditors[0].1 = AuditorState::Bound {
			digest: Hash32([5; 32]),
		};
		let document = serde_json::to_value(AuditView::new(&audit)).unwrap();
		assert_eq!(document["phase"]["Show"]["deadline"], 52);
		assert_eq!(document["spot_check"]["place"]["Cell"]["row"], 1);
		assert_eq!(
			document["auditors"][0]["state"]["Bound"]["digest"],
			format!("0x{}", "05".repeat(32))
		);
		assert_eq!(document["auditors"][0]["account"], document_of([9; 32]));
		assert!(document["values_of"].is_null());
	}

	fn document_of(account: [u8; 32]) -> String {
		AccountId::from(account).to_string()
	}

	#[test]
	fn rates_are_shares_of_claims() {
		let rates = AuditRates {
			clean_jobs: 30,
			spot_check: Permill::from_parts(250_000),
			audit: Permill::from_parts(52_500),
		};
		let view = RatesView::new(AccountId::from([8; 32]), &rates);
		assert!(view.text().contains("25% of its claims"), "{}", view.text());
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(
			(&document["clean_jobs"], &document["spot_check"], &document["audit"]),
			(&30.into(), &250_000.into(), &52_500.into())
		);
	}

	#[test]
	fn a_former_operator_still_listed_has_no_bond() {
		let view = AuditorView::new(AccountId::from([9; 32]), None);
		assert_eq!(view.row()[1..], ["0 ASY", "0", "0"]);
	}
}
