//! The constants, as the runtime has them.

use assay_runtime::{
	configs::audits::{FalseAuditShare, MissedAuditShare},
	currency::UNIT,
	time::DEFAULT_SLOT_DURATION,
	Audits, Balance, BlockNumber, Disputes, Runtime,
};
use frame_support::{
	dispatch::DispatchClass,
	traits::Get,
	weights::{Weight, WeightToFee},
};
use pallet_transaction_payment::MultiplierUpdate;
use sp_io::TestExternalities;
use sp_runtime::{FixedPointNumber, PerThing, Perbill, Permill};

/// Everything economic that the runtime fixes. An amount is in smallest units, a time in blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Constants {
	/// The part of the stake behind it that an operator may have in flight.
	pub commitment_limit: Permill,
	/// The part of its own bond that it may have in flight.
	pub own_commitment_limit: Permill,
	/// The least an operator bonds to be given work.
	pub min_bond: Balance,
	/// The part of all stake at risk that a wrong result costs.
	pub wrong_result_penalty: Perbill,
	/// What a wrong result costs at least.
	pub min_wrong_result_penalty: Balance,
	/// A challenger's share of what the operator itself loses by that.
	pub reporter_share: Permill,
	/// What is held from a challenger.
	pub challenge_bond: Balance,
	/// What a missed deadline costs.
	pub missed_deadline_penalty: Balance,
	/// What a missed audit costs at least.
	pub missed_audit_penalty: Balance,
	/// The part of an auditor's stake that it costs.
	pub missed_audit_share: Perbill,
	/// What vouching for a wrong claim costs at least.
	pub false_audit_penalty: Balance,
	/// The part of an auditor's stake that it costs.
	pub false_audit_share: Perbill,
	/// The treasury's share of a job's fee.
	pub treasury_share: Permill,
	/// Each auditor's share of it.
	pub auditor_share: Permill,
	/// The least price of a unit of computation.
	pub min_price: Balance,
	/// The largest share of it that a publisher may take.
	pub max_royalty: Permill,
	/// What all who stand behind the operator share of its part.
	pub stakers_share: Permill,
	/// How likely a spot-check is without a record.
	pub spot_check_ceiling: Permill,
	/// How likely a spot-check is however long the record.
	pub spot_check_floor: Permill,
	/// How likely an audit is without a record.
	pub audit_ceiling: Permill,
	/// How likely an audit is however long the record.
	pub audit_floor: Permill,
	/// Clean jobs after which both are half as likely.
	pub halving: u32,
	/// How many times as likely a spot-check is, at least, as the fee is part of the operator's own bond.
	pub spot_check_size_factor: u32,
	/// How many times as likely an audit is, at least, as the fee is part of the operator's own bond.
	pub audit_size_factor: u32,
	/// Auditors that are drawn for a claim.
	pub drawn: u32,
	/// Auditors of a version at most.
	pub max_auditors: u32,
	/// Attempts at a job at most.
	pub max_attempts: u32,
	/// Blocks that an open job waits at most.
	pub open_period: BlockNumber,
	/// Blocks for a result.
	pub result_period: BlockNumber,
	/// Blocks between a claim and finality.
	pub window: BlockNumber,
	/// Blocks that an audit gives for each of its replies.
	pub audit_period: BlockNumber,
	/// Blocks that an audit delays a job at most.
	pub longest_audit: BlockNumber,
	/// Blocks that disputes delay a job at most.
	pub longest_dispute: BlockNumber,
	/// Blocks in which a worker may answer late.
	pub guilt_period: BlockNumber,
	/// Blocks that running the largest job takes.
	pub longest_run: BlockNumber,
	/// Blocks that somebody gets at most for everything that it is asked about claims.
	pub max_load: BlockNumber,
	/// Blocks that unbonding stake waits after its period.
	pub unbonding_period: BlockNumber,
	/// Blocks of such a period.
	pub staking_period: BlockNumber,
	/// Blocks between the announcement of a higher commission and its effect.
	pub commission_notice: BlockNumber,
	/// The author's pool's share of a transaction's fee; the rest is burned.
	pub author_fee_share: Permill,
	/// A reporter's share of what an equivocation takes from the validator itself.
	pub equivocation_reporter_share: Permill,
	/// What the answers of a worker to one challenge cost at most, had they to be paid.
	pub free_answers: Balance,
	/// What it costs to fill a block with ordinary transactions, at the lowest price.
	pub full_block: Balance,
	/// By what part one full block raises all fees.
	pub fee_rise: Perbill,
}

impl Constants {
	/// Those of the runtime that this program was built with, on a chain whose genesis chooses nothing.
	pub fn of_the_runtime() -> Self {
		// Some may be for genesis to choose: the runtime then looks for them in storage, and has defaults.
		Self::of_a_chain_where(|| ())
	}

	/// Those of the runtime on a chain whose parameters `set` has set.
	pub fn of_a_chain_where(set: impl FnOnce()) -> Self {
		TestExternalities::default().execute_with(|| {
			set();
			Self::read()
		})
	}

	fn read() -> Self {
		type System = <Runtime as frame_system::Config>::BlockWeights;
		type Length = <Runtime as frame_system::Config>::BlockLength;
		type Fees = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;

		let weights = System::get();
		let normal = weights
			.get(DispatchClass::Normal)
			.max_total
			.unwrap_or(weights.max_block);
		let normal_bytes = *Length::get().max.get(DispatchClass::Normal);
		let answer_bytes = <Runtime as pallet_assay_disputes::Config>::MaxAnswerBytes::get();
		let target = <Fees as MultiplierUpdate>::target();
		let per_block = <Fees as MultiplierUpdate>::variability()
			.saturating_mul_int(u64::from(Perbill::ACCURACY))
			.min(u64::from(Perbill::ACCURACY));
		let above_target =
			Perbill::one() - Perbill::from_rational(target.deconstruct(), sp_runtime::Perquintill::ACCURACY);
		Self {
			commitment_limit: <Runtime as pallet_assay_staking::Config>::CommitmentLimit::get(),
			own_commitment_limit: <Runtime as pallet_assay_staking::Config>::OwnCommitmentLimit::get(),
			min_bond: <Runtime as pallet_assay_staking::Config>::MinBond::get(),
			wrong_result_penalty: <Runtime as pallet_assay_jobs::Config>::WrongResultPenalty::get(),
			min_wrong_result_penalty: <Runtime as pallet_assay_jobs::Config>::MinWrongResultPenalty::get(),
			reporter_share: <Runtime as pallet_assay_disputes::Config>::ReporterShare::get(),
			challenge_bond: <Runtime as pallet_assay_disputes::Config>::Bond::get(),
			missed_deadline_penalty: <Runtime as pallet_assay_jobs::Config>::MissedDeadlinePenalty::get(),
			missed_audit_penalty: <Runtime as pallet_assay_audits::Config>::MissedAuditPenalty::get(),
			missed_audit_share: MissedAuditShare::get(),
			false_audit_share: FalseAuditShare::get(),
			false_audit_penalty: <Runtime as pallet_assay_audits::Config>::FalseAuditPenalty::get(),
			treasury_share: <Runtime as pallet_assay_jobs::Config>::TreasuryShare::get(),
			auditor_share: <Runtime as pallet_assay_jobs::Config>::AuditorShare::get(),
			min_price: <Runtime as pallet_assay_models::Config>::MinPrice::get(),
			max_royalty: <Runtime as pallet_assay_models::Config>::MaxRoyalty::get(),
			stakers_share: <Runtime as pallet_assay_jobs::Config>::StakersShare::get(),
			spot_check_ceiling: <Runtime as pallet_assay_audits::Config>::SpotCheckCeiling::get(),
			spot_check_floor: <Runtime as pallet_assay_audits::Config>::SpotCheckFloor::get(),
			audit_ceiling: <Runtime as pallet_assay_audits::Config>::AuditCeiling::get(),
			audit_floor: <Runtime as pallet_assay_audits::Config>::AuditFloor::get(),
			halving: <Runtime as pallet_assay_audits::Config>::Halving::get(),
			spot_check_size_factor: <Runtime as pallet_assay_audits::Config>::SpotCheckSizeFactor::get(),
			audit_size_factor: <Runtime as pallet_assay_audits::Config>::AuditSizeFactor::get(),
			drawn: <Runtime as pallet_assay_audits::Config>::MaxDrawn::get(),
			max_auditors: <Runtime as pallet_assay_audits::Config>::MaxAuditors::get(),
			max_attempts: <Runtime as pallet_assay_jobs::Config>::MaxAttempts::get(),
			open_period: <Runtime as pallet_assay_jobs::Config>::OpenPeriod::get(),
			result_period: <Runtime as pallet_assay_jobs::Config>::ResultPeriod::get(),
			window: <Runtime as pallet_assay_jobs::Config>::Window::get(),
			audit_period: <Runtime as pallet_assay_audits::Config>::Period::get(),
			longest_audit: Audits::longest_delay(),
			longest_dispute: Disputes::longest_delay(),
			guilt_period: <Runtime as pallet_assay_jobs::Config>::GuiltPeriod::get(),
			longest_run: <Runtime as pallet_assay_jobs::Config>::LongestRun::get(),
			max_load: <Runtime as pallet_assay_jobs::Config>::MaxLoad::get(),
			unbonding_period: <Runtime as pallet_assay_staking::Config>::UnbondingPeriod::get(),
			staking_period: <Runtime as pallet_assay_staking::Config>::Period::get(),
			commission_notice: <Runtime as pallet_assay_staking::Config>::CommissionNotice::get(),
			author_fee_share: <Runtime as pallet_assay_validators::Config>::AuthorFeeShare::get(),
			equivocation_reporter_share: <Runtime as pallet_assay_validators::Config>::ReporterShare::get(),
			free_answers: FREE_ANSWERS * (length_fee(answer_bytes) + weight_fee(weights.max_block)),
			full_block: weight_fee(normal) + length_fee(normal_bytes),
			fee_rise: Perbill::from_parts(u32::try_from(per_block).unwrap_or(u32::MAX)) * above_target,
		}
	}

	/// Blocks from the assignment of the largest job to the last block in which the claim of that attempt can be struck down.
	/// The claim is open to challenges for its window and while its audit lasts, of which each reply waits for an auditor that
	/// has as much to do as can be and then runs the job; then the dispute takes its time. A claim has one clock of guilt: a worker that was late in the
	/// audit is not late in the dispute.
	pub fn longest_job(&self) -> BlockNumber {
		let result = self.result_period + 1 + self.longest_run + self.max_load;
		let audit = self.longest_audit + AUDIT_REPLIES * self.longest_run;
		let dispute = self.longest_dispute + pallet_assay_disputes::MOVES * self.max_load;
		// An auditor that loses its challenge is replaced when it has lost it.
		let lost = AUDITORS_DISPUTES * (self.longest_stalling() + pallet_assay_disputes::MOVES * self.max_load);
		result + audit.max(self.window + self.longest_run) + lost + dispute - self.guilt_period
	}

	/// Blocks for which whoever challenges alone can stall a job that takes no time, though the worker is never late.
	pub fn longest_stalling(&self) -> BlockNumber {
		self.longest_dispute - 2 * self.guilt_period
	}

	/// What a wrong result costs, of so much at risk.
	pub fn penalty(&self, at_risk: Balance) -> Balance {
		self.wrong_result_penalty
			.mul_ceil(at_risk)
			.max(self.min_wrong_result_penalty)
			.min(at_risk)
	}

	/// What vouching for a wrong claim costs an auditor with so much stake.
	pub fn false_audit(&self, stake: Balance) -> Balance {
		self.false_audit_share
			.mul_ceil(stake)
			.max(self.false_audit_penalty)
			.min(stake)
	}

	/// What a missed audit costs an auditor with so much stake.
	pub fn missed_audit(&self, stake: Balance) -> Balance {
		self.missed_audit_share
			.mul_ceil(stake)
			.max(self.missed_audit_penalty)
			.min(stake)
	}

	/// The largest fees that may be in flight on so much stake, of which so much is the operator's own bond.
	pub fn in_flight(&self, stake: Balance, own: Balance) -> Balance {
		let by_own = self.own_commitment_limit.mul_floor(own);
		self.commitment_limit.mul_floor(stake).min(by_own)
	}

	/// What a job pays to whoever stands behind its operator, the operator's work included, when all auditors are paid.
	pub fn reward(&self, fee: Balance) -> Balance {
		let rates = pallet_assay_jobs::Rates {
			treasury: self.treasury_share,
			royalty: Permill::zero(),
			auditor: self.auditor_share,
			auditors: self.drawn,
		};
		pallet_assay_jobs::split(fee, fee, fee, rates).map_or(0, |shares| shares.operator)
	}
}

/// Replies of auditors in the longest audit: two for each of three draws.
const AUDIT_REPLIES: BlockNumber = 6;

/// Draws of auditors of whom all challenge and lose, one after the other.
const AUDITORS_DISPUTES: BlockNumber = 3;

/// What a dispute may ask a worker for: the groups, the cells of one, a vector.
const FREE_ANSWERS: Balance = 3;

fn weight_fee(weight: Weight) -> Balance {
	<Runtime as pallet_transaction_payment::Config>::WeightToFee::weight_to_fee(&weight)
}

fn length_fee(bytes: u32) -> Balance {
	let length = Weight::from_parts(u64::from(bytes), 0);
	<Runtime as pallet_transaction_payment::Config>::LengthToFee::weight_to_fee(&length)
}

/// An amount in ASY, for formulas and tables.
pub fn asy(amount: Balance) -> f64 {
	amount as f64 / UNIT as f64
}

/// A share as a number between 0 and 1.
pub fn ratio<P: PerThing>(share: P) -> f64
where
	P::Inner: Into<u64>,
{
	share.deconstruct().into() as f64 / P::ACCURACY.into() as f64
}

/// Blocks in a year.
pub fn blocks_per_year() -> f64 {
	365.25 * 24.0 * 3_600_000.0 / DEFAULT_SLOT_DURATION as f64
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn longest_job_should_be_the_sum_of_its_clocks() {
		let constants = Constants::of_the_runtime();
		// Six replies with 30 blocks, a number in 65 and two to notice, of auditors that have no time for six hours and then run the job, and
		// a day without an auditor; seven moves of 20, and twice a day.
		// Before them the receipt of a batch is revealed.
		let (audit, dispute) = (6 * (97 + 7_200 + 4_800) + 97 + 7_200 + 28_800, 7 * 20 + 2 * 28_800 + 1);
		// Three auditors challenge and lose, each by seven moves.
		let lost = 3 * (141 + 7 * 7_200);
		let job = 41 + 4_800 + 7_200 + audit + lost + dispute + 7 * 7_200;
		assert_eq!(constants.longest_job(), job);
		assert_eq!(constants.longest_stalling(), 141);
	}

	#[test]
	fn reward_should_be_what_treasury_and_auditors_leave() {
		let constants = Constants::of_the_runtime();
		assert_eq!(constants.reward(100 * UNIT), 27 * UNIT);
	}

	#[test]
	fn p15_auditors_should_lose_a_share_of_their_stake_and_no_less_than_an_amount() {
		let constants = Constants::of_the_runtime();
		assert_eq!(constants.false_audit(100_000 * UNIT), 25_000 * UNIT);
		assert_eq!(constants.false_audit(500 * UNIT), 200 * UNIT);
		assert_eq!(constants.false_audit(40 * UNIT), 40 * UNIT);
		assert_eq!(constants.missed_audit(100_000 * UNIT), 1_000 * UNIT);
		assert_eq!(constants.missed_audit(500 * UNIT), 10 * UNIT);
	}

	#[test]
	fn both_limits_should_bound_what_is_in_flight() {
		let constants = Constants::of_the_runtime();
		assert_eq!(constants.in_flight(1_000 * UNIT, 1_000 * UNIT), 100 * UNIT);
		assert_eq!(constants.in_flight(1_000 * UNIT, 400 * UNIT), 100 * UNIT);
		assert_eq!(constants.in_flight(1_000 * UNIT, 100 * UNIT), 25 * UNIT);
	}

	#[test]
	fn penalty_should_never_exceed_what_is_there() {
		let constants = Constants::of_the_runtime();
		assert_eq!(constants.penalty(1_000 * UNIT), 350 * UNIT);
		assert_eq!(constants.penalty(300 * UNIT), 200 * UNIT);
		assert_eq!(constants.penalty(40 * UNIT), 40 * UNIT);
	}
}
