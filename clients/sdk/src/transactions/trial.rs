//! Trying a transaction out: the node executes it on the best block and throws the outcome away. What the chain would refuse
//! is then never sent, and costs nothing.

use crate::{accounts::Funds, connection::Config, AccountId, Amount, Assay, Block, Error, Failure, Result};
use codec::Decode;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use subxt::{error::DispatchError, metadata::ArcMetadata, tx::SubmittableTransaction};

/// The function by which authors execute a transaction.
const APPLY: &str = "BlockBuilder_apply_extrinsic";

/// What executing a transaction gave.
#[derive(PartialEq, Eq, Debug)]
enum Trial<'a> {
	/// It succeeds, or whether it does depends on what is not in the block: transactions of the same account that wait, the
	/// room in the next block.
	Passes,
	/// The account cannot pay the fee.
	Unpayable,
	/// Its call fails; the error in SCALE.
	Fails(&'a [u8]),
	/// It is no transaction, because its call would fail: with the error of this number of the call's pallet.
	Refused(u8),
}

impl<'a> Trial<'a> {
	/// Reads the runtime's answer.
	fn read(answer: &'a [u8]) -> Self {
		match answer {
			[0, 1, error @ ..] => Self::Fails(error),
			[1, rest @ ..] => match TransactionValidityError::decode(&mut &rest[..]) {
				Ok(TransactionValidityError::Invalid(InvalidTransaction::Payment)) => Self::Unpayable,
				Ok(TransactionValidityError::Invalid(InvalidTransaction::Custom(error))) => Self::Refused(error),
				_ => Self::Passes,
			},
			_ => Self::Passes,
		}
	}
}

impl Assay {
	/// Fails if the chain would refuse the transaction in the block after `best`.
	pub(super) async fn try_out<C>(
		&self,
		transaction: &SubmittableTransaction<Config, C>,
		pallet: &str,
		account: AccountId,
		best: Block,
		metadata: ArcMetadata,
	) -> Result<()>
	where
		C: subxt::client::OnlineClientAtBlockT<Config>,
	{
		let executed = self
			.methods()
			.state_call(APPLY, Some(transaction.encoded()), Some(best.hash))
			.await;
		// A node that does not execute it has said nothing about it.
		let Ok(answer) = executed else {
			return Ok(());
		};
		match Trial::read(&answer) {
			Trial::Passes => Ok(()),
			Trial::Unpayable => {
				let funds = self.funds(transaction, account, best).await?;
				Err(Error::Unpayable {
					account,
					fee: funds.fee,
					free: funds.free,
				})
			}
			Trial::Fails(error) => {
				let failure = Failure::new(&DispatchError::decode_from(error, metadata)?);
				let funds = match failure.is_money {
					true => Some(Box::new(self.funds(transaction, account, best).await?)),
					false => None,
				};
				Err(Error::WouldFail {
					failure,
					funds,
					block: best.number,
				})
			}
			Trial::Refused(error) => match Failure::of(pallet, error, &metadata) {
				Some(failure) => Err(Error::WouldFail {
					failure,
					funds: None,
					block: best.number,
				}),
				// Nothing that this client knows: the node says it when it is sent.
				None => Ok(()),
			},
		}
	}

	/// What a transaction costs, and what its signer has.
	async fn funds<C>(
		&self,
		transaction: &SubmittableTransaction<Config, C>,
		account: AccountId,
		at: Block,
	) -> Result<Funds>
	where
		C: subxt::client::OnlineClientAtBlockT<Config>,
	{
		let fee = Amount(transaction.partial_fee_estimate().await?);
		let balances = self.accounts().at(at).balances(account).await?;
		Ok(Funds {
			account,
			free: balances.free,
			transferable: balances.transferable,
			fee,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use sp_runtime::{ApplyExtrinsicResult, DispatchError, ModuleError};

	fn read(result: ApplyExtrinsicResult) -> String {
		format!("{:?}", Trial::read(&result.encode()))
	}

	#[test]
	fn only_what_the_chain_would_refuse_for_sure_fails() {
		let module = DispatchError::Module(ModuleError {
			index: 12,
			error: [3, 0, 0, 0],
			message: None,
		});
		assert_eq!(read(Ok(Err(module))), "Fails([3, 12, 3, 0, 0, 0])");
		assert_eq!(read(Err(InvalidTransaction::Payment.into())), "Unpayable");
		assert_eq!(read(Err(InvalidTransaction::Custom(7).into())), "Refused(7)");
		assert_eq!(read(Ok(Ok(()))), "Passes");
		for unknown in [
			InvalidTransaction::Future,
			InvalidTransaction::Stale,
			InvalidTransaction::ExhaustsResources,
			InvalidTransaction::AncientBirthBlock,
		] {
			assert_eq!(read(Err(unknown.into())), "Passes");
		}
		assert_eq!(Trial::read(&[]), Trial::Passes);
	}
}
