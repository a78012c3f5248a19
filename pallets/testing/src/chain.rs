//! The chain a test runs on: genesis, blocks, randomness.

use crate::{AccountId, Balance, LostBefore, Seed};
use codec::Encode;
use core::marker::PhantomData;
use frame_support::{
	traits::{OnInitialize, OnPoll, Randomness},
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_io::TestExternalities;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	traits::{One, UniqueSaturatedInto},
	BuildStorage, DispatchError, Saturating, Storage,
};

/// A runtime with real balances.
pub trait Chain:
	frame_system::Config<AccountId = AccountId, Hash = H256> + pallet_balances::Config<Balance = Balance>
{
}

impl<T> Chain for T where
	T: frame_system::Config<AccountId = AccountId, Hash = H256> + pallet_balances::Config<Balance = Balance>
{
}

/// A genesis at which accounts have this.
pub fn genesis<T: Chain>(balances: impl IntoIterator<Item = (AccountId, Balance)>) -> Storage {
	let mut storage = frame_system::GenesisConfig::<T>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<T> {
		balances: balances.into_iter().collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	storage
}

/// A chain at its first block, with a keystore.
pub fn started<T: frame_system::Config>(genesis: Storage) -> TestExternalities {
	let mut chain = TestExternalities::new(genesis);
	chain.register_extension(KeystoreExt::new(MemoryKeystore::new()));
	chain.execute_with(|| frame_system::Pallet::<T>::set_block_number(One::one()));
	chain
}

/// Goes to the next block, where agendas are served, and returns what they took.
pub fn next_block<T, Pallets>() -> Weight
where
	T: frame_system::Config,
	Pallets: OnInitialize<BlockNumberFor<T>> + OnPoll<BlockNumberFor<T>>,
{
	let next = frame_system::Pallet::<T>::block_number().saturating_add(One::one());
	frame_system::Pallet::<T>::set_block_number(next);
	Pallets::on_initialize(next);
	let mut meter = WeightMeter::new();
	Pallets::on_poll(next, &mut meter);
	meter.consumed()
}

/// Calls as a transaction does: what fails leaves nothing behind.
pub fn atomic<R, E: Into<DispatchError>>(call: impl FnOnce() -> Result<R, E>) -> Result<R, DispatchError> {
	frame_support::storage::with_storage_layer(|| call().map_err(Into::into))
}

/// A hash of the seed, the block and the subject: of the present block for a draw by the block, of what is drawn on for a beacon, which
/// knows it two blocks later.
pub struct SeededRandomness<T>(PhantomData<T>);

impl<T: frame_system::Config> Randomness<Option<H256>, BlockNumberFor<T>> for SeededRandomness<T> {
	fn random(subject: &[u8]) -> (Option<H256>, BlockNumberFor<T>) {
		let now = frame_system::Pallet::<T>::block_number();
		let hash = |seed: u64| H256(sp_io::hashing::blake2_256(&(seed, now, subject).encode()));
		(Seed::get().map(hash), now.saturating_sub(One::one()))
	}
}

impl<T: frame_system::Config> assay_protocol::Beacon<T::AccountId, BlockNumberFor<T>> for SeededRandomness<T> {
	fn known_from(made_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
		made_at.saturating_add(2u32.into())
	}

	fn longest_wait() -> BlockNumberFor<T> {
		2u32.into()
	}

	fn is_lost(made_at: BlockNumberFor<T>) -> bool {
		UniqueSaturatedInto::<u64>::unique_saturated_into(made_at) < LostBefore::get()
	}

	fn number(made_at: BlockNumberFor<T>, maker: &T::AccountId, subject: &[u8]) -> Option<H256> {
		let known = Self::known_from(made_at) <= frame_system::Pallet::<T>::block_number();
		let hash = |seed: u64| H256(sp_io::hashing::blake2_256(&(seed, made_at, maker, subject).encode()));
		Seed::get().filter(|_| known).map(hash)
	}
}
