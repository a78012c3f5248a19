// Signing, sending and watching transactions.

import { Binary } from '@polkadot-api/substrate-bindings';
import type { BlockInfo, EventsFromPalletsDef, PolkadotClient, Transaction, TypedApi } from 'polkadot-api';
import type { assay } from '#descriptors';
import { hashOf, type Blocks, type ChainEvent, type Heads, type Place } from './blocks.js';
import { Displaced, Failed, Missing, NotIncluded, Refused, unanswered } from './errors.js';
import type { Decoded } from './failures.js';
import { accountOf, type Signer } from './keys.js';
import { Desk } from './nonces.js';
import type { Requests } from './requests.js';
import { Trials } from './trial.js';

/** Blocks a signed transaction stays valid. */
const LIFE = 64;
/** How often a call is signed anew because others of the same account were faster, or the node had no room for it. */
const TRIES = 40;
/** Blocks that pass before a transaction that is in none of them is handed to the node again. */
const SILENCE = 4;
/** The code with which a pool answers that it has the transaction already. */
const ALREADY_THERE = 1013;
/** The code with which a pool refuses a transaction while it holds another with the same nonce. */
const PRIORITY_TOO_LOW = 1014;
/** The code with which a pool that is full refuses a transaction. */
const NO_ROOM = 1016;
/** The code with which whoever has no pool answers, as a light client does. */
const NO_SUCH_METHOD = -32601;
/** What a pool says of a transaction whose nonce was used up between signing and sending. */
const OUTDATED = 'outdated';

/** A call, as `assay.api.tx` makes it. */
export type Call = Transaction;

type Events = EventsFromPalletsDef<(typeof assay)['descriptors']['pallets']>;

/** How a transaction is sent. */
export interface Sending {
	/** Whether it is awaited until it is final; otherwise until the best chain holds it. `false` unless given. */
	finalized?: boolean;
	/** Whether it is tried out first, so that one that the chain would refuse is not sent. `true` unless given. */
	tried?: boolean;
}

/** A transaction that succeeded. */
export class Included {
	/**
	 * @param block - Height of its block.
	 * @param blockHash - Hash of its block.
	 * @param transaction - Its own hash.
	 * @param fee - What the signer paid for it, in smallest units.
	 * @param events - What it brought about.
	 */
	constructor(
		readonly block: number,
		readonly blockHash: string,
		readonly transaction: string,
		readonly fee: bigint,
		readonly events: readonly ChainEvent[],
	) {}

	/**
	 * The fields of the first event of a name, typed for those that this package has descriptors of. What the chain does by itself
	 * at the beginning of a block counts as of its first transaction, so ask for events that only the call itself gives.
	 *
	 * @throws {@link Missing} if there is none.
	 */
	event<Pallet extends keyof Events & string, Name extends keyof Events[Pallet] & string>(
		pallet: Pallet,
		name: Name,
	): Events[Pallet][Name];
	event(pallet: string, name: string): unknown;
	event(pallet: string, name: string): unknown {
		const found = find(this.events, pallet, name);
		if (!found) {
			throw new Missing('Event', `${pallet} told of no ${name}`);
		}
		return found.value;
	}
}

function find(events: readonly ChainEvent[], pallet: string, name: string): Decoded | undefined {
	return events.find(({ type, value }) => type === pallet && value.type === name)?.value;
}

/** Nothing was done, and the next try may succeed: the error is that of the last one. */
class Setback extends Error {
	constructor(readonly after: (tries: number) => Error) {
		super('another try');
	}

	/** Another transaction of the account was faster. The next try takes another nonce. */
	static raced(reason: string): Setback {
		return new Setback((tries) => new Displaced(tries, reason));
	}
}

/** A transaction that may be in the pool. */
interface Sent {
	bytes: string;
	hash: string;
	account: string;
	nonce: number;
	/** Blocks that were there before it was sent. */
	older: ReadonlySet<string>;
	/** The first block that can hold it. */
	first: number;
	/** The last one. */
	last: number;
}

/** What transactions are signed for and sent to. */
export class Transactions {
	private readonly desks = new Map<string, Desk>();
	private readonly trials: Trials;

	/**
	 * @param client - Of the chain.
	 * @param requests - To its node.
	 * @param api - The same as the client, typed.
	 * @param blocks - Its blocks.
	 */
	constructor(
		private readonly client: PolkadotClient,
		private readonly requests: Requests,
		private readonly api: TypedApi<typeof assay>,
		private readonly blocks: Blocks,
	) {
		this.trials = new Trials(client, api, blocks);
	}

	/** See `Assay.submit`. */
	async submit(call: Call, signer: Signer, { finalized = false, tried = true }: Sending): Promise<Included> {
		const account = accountOf(signer);
		const desk = this.desk(account);
		for (let tries = 1; ; tries += 1) {
			try {
				const sent = await desk.inTurn(() => this.send(desk, call, signer, tried));
				return await this.watch(desk, sent, finalized);
			} catch (error) {
				if (!(error instanceof Setback)) {
					throw error;
				}
				if (tries === TRIES) {
					throw error.after(tries);
				}
			}
			// Programs that collided get out of step.
			await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 300));
		}
	}

	private desk(account: string): Desk {
		const desk = this.desks.get(account) ?? new Desk();
		this.desks.set(account, desk);
		return desk;
	}

	/** Signs a call, tries it out, and hands it to the node. If it does not get there for sure, its nonce is given back. */
	private async send(desk: Desk, call: Call, signer: Signer, tried: boolean): Promise<Sent> {
		const account = accountOf(signer);
		const heads = await this.blocks.heads();
		const { best } = heads;
		const birth = birthOf(heads);
		// Signing may take a person, and polkadot-api forgets blocks meanwhile that are not held.
		const releases = [birth, best].map(({ hash }) => this.hold(hash));
		const last = birth.number + LIFE - 1;
		let nonce: number | undefined;
		try {
			nonce = desk.book.reserve(await this.expected(account, best), best.number, last);
			const mortality = { mortal: true, period: LIFE } as const;
			const signed = await call.sign(signer, { at: birth.hash, nonce, mortality });
			if (tried) {
				await this.trials.tryOut(signed, call, account, best);
			}
			const bytes = Binary.toHex(signed);
			const older = new Set(heads.all.map(({ hash }) => hash));
			desk.book.sent(nonce, bytes);
			await this.hand(bytes);
			return { bytes, hash: hashOf(signed), account, nonce, older, first: birth.number + 1, last };
		} catch (error) {
			if (nonce !== undefined) {
				desk.book.giveBack(nonce);
			}
			throw error;
		} finally {
			releases.forEach((release) => release());
		}
	}

	/** Keeps polkadot-api from forgetting a block, until what is returned is called. */
	private hold(hash: string): () => void {
		try {
			return this.client.hodlBlock(hash);
		} catch (error) {
			// The connection was lost a moment ago, and others are the present blocks.
			throw unanswered(`block ${hash}`, error);
		}
	}

	/** The nonce that the node expects next, with what waits in its pool counted. */
	private async expected(account: string, best: BlockInfo): Promise<number> {
		try {
			return await this.requests.ask<number>('system_accountNextIndex', [account]);
		} catch (error) {
			if (unanswered('', error).code !== NO_SUCH_METHOD) {
				throw unanswered(`the next nonce of ${account}`, error);
			}
			return this.api.apis.AccountNonceApi.account_nonce(account, { at: best.hash });
		}
	}

	/** Puts a transaction into the pool. */
	private async hand(bytes: string): Promise<void> {
		try {
			await this.requests.once('author_submitExtrinsic', [bytes]);
		} catch (error) {
			const { code, reason } = unanswered('', error);
			if (code === NO_SUCH_METHOD) {
				await this.requests.once('transaction_v1_broadcast', [bytes]);
			} else if (code === PRIORITY_TOO_LOW || reason.includes(OUTDATED)) {
				throw Setback.raced(reason);
			} else if (code === NO_ROOM) {
				throw new Setback(() => new Refused(code, reason));
			} else if (code !== undefined && code !== ALREADY_THERE) {
				throw new Refused(code, reason);
			}
			// Whether it arrived is not known: it is looked for.
		}
	}

	/** Waits until the chain, the best or the final one, holds a transaction. */
	private async watch(desk: Desk, sent: Sent, finalized: boolean): Promise<Included> {
		let begun: number | undefined;
		let again = SILENCE;
		for await (const heads of this.blocks.follow()) {
			begun ??= heads.best.number;
			const waited = heads.best.number - begun;
			const tip = finalized ? heads.finalized : heads.best;
			const place = await this.blocks.find(sent.hash, tip.hash, sent.older, sent.first);
			if (place) {
				desk.book.included(sent.nonce);
				return this.included(sent, place);
			}
			if (tip.number >= sent.last) {
				desk.book.giveBack(sent.nonce);
				throw new NotIncluded(sent.last, `it was looked for in ${waited} blocks`);
			}
			if (waited < again) {
				continue;
			}
			again = waited + SILENCE;
			if (await this.isUsedUp(sent, heads)) {
				desk.book.giveBack(sent.nonce);
				throw Setback.raced(`another transaction of the same account took its place, with nonce ${sent.nonce}`);
			}
			// A pool that has it, or will not have it, says so. Neither tells whether another node's block will hold it.
			for (const bytes of [...desk.book.before(sent.nonce), sent.bytes]) {
				await this.hand(bytes).catch(() => undefined);
			}
		}
		throw new Error('unreachable: blocks are followed for ever');
	}

	/** Whether a final block holds another transaction with the nonce of this one. */
	private async isUsedUp({ account, nonce, hash, older, first }: Sent, { finalized }: Heads): Promise<boolean> {
		const settled = await this.api.apis.AccountNonceApi.account_nonce(account, { at: finalized.hash });
		return settled > nonce && !(await this.blocks.find(hash, finalized.hash, older, first));
	}

	private async included({ hash }: Sent, { block, blockHash, events }: Place): Promise<Included> {
		const paid = find(events, 'TransactionPayment', 'TransactionFeePaid')?.value as { actual_fee: bigint } | undefined;
		const fee = paid?.actual_fee ?? 0n;
		const failed = find(events, 'System', 'ExtrinsicFailed')?.value as { dispatch_error: Decoded } | undefined;
		if (failed) {
			throw new Failed((await this.trials.failures(blockHash)).ofDispatch(failed.dispatch_error), block, fee);
		}
		return new Included(block, blockHash, hash, fee, events);
	}
}

/**
 * The block from which a transaction's life is counted. A transaction names it, and is invalid in every fork that lacks it; so
 * it is a final one, unless finality is so far behind that too little of the life would be left.
 */
export function birthOf({ best, finalized, all }: Heads): BlockInfo {
	const height = Math.max(finalized.number, best.number - LIFE / 2);
	return all.find(({ number }) => number === height) ?? finalized;
}
