//! Results in the transaction pool.

use crate::mock::*;
use frame_support::dispatch::GetDispatchInfo;
use sp_runtime::transaction_validity::TransactionPriority;

#[test]
fn result_should_be_valid_until_its_deadline() {
	run(|| {
		let id = a_submitted_job();
		run_to(4);
		let valid = validate(signed(ALICE, result(id, tokens(&[STOP])))).unwrap();
		assert_eq!(valid.longevity, 1 + RESULT_PERIOD - 4);
		assert_eq!(valid.priority, TransactionPriority::MAX / 2);
		assert!(valid.propagate);
		assert!(valid.requires.is_empty());
	});
}

#[test]
fn results_of_one_attempt_should_replace_each_other_and_no_others() {
	run(|| {
		let (first, second) = (a_submitted_job(), a_submitted_job());
		let provides = |id, output| validate(signed(ALICE, result(id, output))).unwrap().provides;
		assert_eq!(provides(first, tokens(&[STOP])), provides(first, tokens(&[9, STOP])));
		assert_ne!(provides(first, tokens(&[STOP])), provides(second, tokens(&[STOP])));
		assert_eq!(provides(first, tokens(&[STOP])).len(), 1);
	});
}

#[test]
fn authorisation_should_change_nothing() {
	run(|| {
		let id = a_submitted_job();
		let before = (state(id), events().len());
		validate(signed(ALICE, result(id, tokens(&[STOP])))).unwrap();
		assert_eq!((state(id), events().len()), before);
	});
}

#[test]
fn result_should_name_its_authorisation_in_its_weight() {
	use crate::WeightInfo;
	use frame_support::traits::Authorize;
	run(|| {
		let id = a_submitted_job();
		let call = RuntimeCall::JobsPallet(crate::Call::submit_result {
			result: signed(ALICE, result(id, tokens(&[STOP]))),
		});
		assert_eq!(call.weight_of_authorize(), <()>::authorize_submit_result());
		assert_eq!(call.get_dispatch_info().call_weight, <()>::submit_result());
	});
}
