//! The runtime of a test.

// What the macro names.
#[doc(hidden)]
pub use sp_runtime::{
	traits::{Applyable, Checkable},
	transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
};

use sp_runtime::{generic, testing::UintAuthorityId, traits::BlakeTwo256};

/// Identifies an account.
pub type AccountId = u64;
/// An amount of money.
pub type Balance = u128;
/// What a transaction carries besides its call: the runtime's consent, if nobody signed it.
pub type Extension<T> = (frame_system::AuthorizeCall<T>,);
/// A transaction.
pub type Extrinsic<T> =
	generic::UncheckedExtrinsic<AccountId, <T as frame_system::Config>::RuntimeCall, UintAuthorityId, Extension<T>>;
/// A block.
pub type Block<T> = generic::Block<generic::Header<u64, BlakeTwo256>, Extrinsic<T>>;

/// What an account holds at least.
pub const EXISTENTIAL_DEPOSIT: Balance = 10;

/// Declares the runtime `Test` of the system, real balances and these pallets, which the test configures: FRAME's defaults
/// cannot be derived inside a macro. It makes transactions that nobody signs;
/// `pool_says` tells what the pool makes of one, and `apply` puts it into the present block, where its call succeeds.
#[macro_export]
macro_rules! runtime {
	($($name:ident: $pallet:ident),* $(,)?) => {
		frame_support::construct_runtime!(
			pub enum Test {
				System: frame_system,
				Balances: pallet_balances,
				$($name: $pallet,)*
			}
		);

		impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
		where
			RuntimeCall: From<C>,
		{
			type Extrinsic = $crate::Extrinsic<Test>;
			type RuntimeCall = RuntimeCall;
		}

		impl<C> frame_system::offchain::CreateTransaction<C> for Test
		where
			RuntimeCall: From<C>,
		{
			type Extension = $crate::Extension<Test>;

			fn create_transaction(call: RuntimeCall, extension: Self::Extension) -> Self::Extrinsic {
				Self::Extrinsic::new_transaction(call, extension)
			}
		}

		impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Test
		where
			RuntimeCall: From<C>,
		{
			fn create_extension() -> Self::Extension {
				(frame_system::AuthorizeCall::new(),)
			}
		}

		/// What the pool says of an encoded transaction in the present block.
		pub(crate) fn pool_says(transaction: &[u8]) -> $crate::TransactionValidity {
			let (checked, info) = check_transaction(transaction)?;
			let source = $crate::TransactionSource::External;
			$crate::Applyable::validate::<Test>(&checked, source, &info, transaction.len())
		}

		/// Puts an encoded transaction into the present block, through the pool's checks; its call succeeds.
		pub(crate) fn apply(transaction: &[u8]) -> Result<(), $crate::TransactionValidityError> {
			pool_says(transaction)?;
			let (checked, info) = check_transaction(transaction)?;
			let outcome = $crate::Applyable::apply::<Test>(checked, &info, transaction.len())?;
			outcome.expect("what the pool accepts succeeds");
			Ok(())
		}

		fn check_transaction(
			transaction: &[u8],
		) -> Result<
			(
				<$crate::Extrinsic<Test> as $crate::Checkable<frame_system::ChainContext<Test>>>::Checked,
				frame_support::dispatch::DispatchInfo,
			),
			$crate::TransactionValidityError,
		> {
			let transaction = <$crate::Extrinsic<Test> as codec::DecodeAll>::decode_all(&mut &transaction[..])
				.expect("the transaction decodes");
			let info = frame_support::dispatch::GetDispatchInfo::get_dispatch_info(&transaction);
			let context = frame_system::ChainContext::<Test>::default();
			Ok(($crate::Checkable::check(transaction, &context)?, info))
		}
	};
}
