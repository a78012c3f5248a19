// Trying a transaction out: it is executed on the best block and the outcome thrown away. What the chain would refuse is then
// never sent, and costs nothing.

import { Binary } from '@polkadot-api/substrate-bindings';
import type { BlockInfo, PolkadotClient, Transaction, TypedApi } from 'polkadot-api';
import type { assay } from '#descriptors';
import { formatAsy } from './amount.js';
import type { Blocks } from './blocks.js';
import { Unpayable, WouldFail } from './errors.js';
import { Failures, type Decoded } from './failures.js';

/** Blocks on which a transaction is tried out at most. A block that is full, as the last of a session is, says nothing about it. */
const BLOCKS = 3;

/** What executing a transaction gave: whether it is valid, and then whether its call succeeded. */
interface Outcome {
	success: boolean;
	value: Decoded & { success?: boolean };
}

/** Tries transactions out. */
export class Trials {
	/**
	 * @param client - Of the chain.
	 * @param api - The same.
	 * @param blocks - Its blocks.
	 */
	constructor(
		private readonly client: PolkadotClient,
		private readonly api: TypedApi<typeof assay>,
		private readonly blocks: Blocks,
	) {}

	/**
	 * Tries a transaction out.
	 *
	 * @throws {@link WouldFail} or {@link Unpayable} if the chain would refuse it in the block after `best`.
	 */
	async tryOut(signed: Uint8Array, call: Transaction, account: string, best: BlockInfo): Promise<void> {
		let outcome = await this.apply(signed, best);
		for (let tried = 1; tried < BLOCKS && invalidity(outcome)?.type === 'ExhaustsResources'; tried += 1) {
			best = await this.after(best);
			outcome = await this.apply(signed, best);
		}
		if (outcome?.success && outcome.value.success === false) {
			throw await this.wouldFail(outcome.value.value as Decoded, account, best);
		}
		const invalid = invalidity(outcome);
		if (invalid?.type === 'Payment') {
			throw new Unpayable(account, await call.getEstimatedFees(account), await this.free(account, best));
		}
		// By a number of its own the call's pallet says why.
		const number = invalid?.type === 'Custom' ? (invalid.value as number) : undefined;
		const failures = number === undefined ? undefined : await this.failures(best.hash);
		const failure = failures?.ofNumber(call.decodedCall.type, number ?? 0);
		if (failure) {
			throw new WouldFail(failure, best.number);
		}
		// Whether it is valid may depend on what is not in the block, as transactions of the same account that wait. The pool says.
	}

	/** The errors of the runtime of a block. */
	async failures(at: string): Promise<Failures> {
		return new Failures(await this.client.getMetadata(at));
	}

	/** Executes a transaction on a block. A node that does not execute it has said nothing about it. */
	private async apply(signed: Uint8Array, { hash }: BlockInfo): Promise<Outcome | undefined> {
		type Apply = (transaction: Uint8Array, options: { at: string }) => Promise<Outcome>;
		const apis = this.client.getUnsafeApi().apis as Record<string, Record<string, Apply>>;
		try {
			// The codec puts the length before it again.
			return await apis['BlockBuilder']?.['apply_extrinsic']?.(Binary.fromOpaque(signed), { at: hash });
		} catch {
			return undefined;
		}
	}

	private async wouldFail(error: Decoded, account: string, best: BlockInfo): Promise<WouldFail> {
		const failure = (await this.failures(best.hash)).ofDispatch(error);
		if (error.type === 'Token') {
			failure.explanation ||= `${account} has ${formatAsy(await this.free(account, best))} free`;
		}
		return new WouldFail(failure, best.number);
	}

	private async free(account: string, { hash }: BlockInfo): Promise<bigint> {
		const { data } = await this.api.query.System.Account.getValue(account, { at: hash });
		return data.free;
	}

	/** The best block when it is another one. */
	private async after({ hash }: BlockInfo): Promise<BlockInfo> {
		for await (const { best } of this.blocks.follow()) {
			if (best.hash !== hash) {
				return best;
			}
		}
		throw new Error('unreachable: blocks are followed for ever');
	}
}

/** Why a transaction is invalid, if it is. */
function invalidity(outcome: Outcome | undefined): Decoded | undefined {
	return outcome?.success === false && outcome.value.type === 'Invalid' ? (outcome.value.value as Decoded) : undefined;
}
