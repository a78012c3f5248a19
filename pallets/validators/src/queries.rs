//! What the runtime API `StakingApi` returns of validators.

use crate::{AccountIdOf, BalanceOf, BarredValidators, Candidates, Config, ElectedStake, Pallet, Works};
use alloc::{collections::BTreeSet, vec::Vec};
use assay_protocol::{
	operator::Operators,
	stake::{ValidationParameters, ValidatorSummary},
};
use core::cmp::Reverse;
use frame_support::traits::{Get, ValidatorSet};
use pallet_session::SessionInterface;

impl<T: Config> Pallet<T> {
	/// The validators of the present session and the candidates, by the stake behind them.
	pub fn validator_summaries() -> Vec<ValidatorSummary<AccountIdOf<T>, BalanceOf<T>>> {
		let present: BTreeSet<_> = <T::Session as SessionInterface>::validators().into_iter().collect();
		let elected: BTreeSet<_> = Self::election().into_iter().map(|(account, _)| account).collect();
		let accounts: BTreeSet<_> = Candidates::<T>::iter_keys().chain(present.iter().cloned()).collect();
		let mut summaries: Vec<_> = accounts
			.into_iter()
			.map(|account| {
				let candidate = Candidates::<T>::get(&account);
				let work = Works::<T>::get(&account);
				ValidatorSummary {
					stake: T::Operators::stake(&account),
					validates: present.contains(&account),
					elected: elected.contains(&account),
					candidate: candidate.is_some(),
					barred: BarredValidators::<T>::contains_key(&account),
					blocks: work.blocks,
					fees: work.fees,
					silence: candidate.map_or(0, |candidate| candidate.silence),
					account,
				}
			})
			.collect();
		summaries.sort_by_key(|summary| Reverse(summary.stake));
		summaries
	}

	/// What rules validators, and what blocks earn at present.
	pub fn validation_parameters() -> ValidationParameters<BalanceOf<T>> {
		ValidationParameters {
			session: <T::Session as ValidatorSet<AccountIdOf<T>>>::session_index(),
			max_validators: T::MaxValidators::get(),
			min_validators: T::MinValidators::get(),
			min_validator_bond: T::MinValidatorBond::get(),
			seat_share: T::SeatShare::get(),
			elected_stake: ElectedStake::<T>::get(),
			yearly_issuance: Self::yearly_issuance(),
			block_reward: Self::block_reward(),
			author_fee_share: T::AuthorFeeShare::get(),
			reporter_share: T::ReporterShare::get(),
			silence_limit: T::SilenceLimit::get(),
			reportable_sessions: T::ReportableSessions::get(),
			slash_deferral: T::SlashDeferral::get(),
		}
	}
}
