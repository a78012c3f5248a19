// Blocks: following them, and looking for a transaction in them.

import { Binary, Blake2256 } from '@polkadot-api/substrate-bindings';
import type { BlockInfo, PolkadotClient } from 'polkadot-api';
import { filter, firstValueFrom, timeout, TimeoutError } from 'rxjs';
import { Missing, Unanswered, unanswered } from './errors.js';
import type { Decoded } from './failures.js';
import type { Requests } from './requests.js';

/** Blocks whose content is kept in memory: more than the life of a transaction. */
const KEPT = 128;

/** The present chain: its best block, its last final one, and those in between. */
export interface Heads {
	/** The newest block. */
	best: BlockInfo;
	/** The last block that cannot be taken back. */
	finalized: BlockInfo;
	/** All of them, the best first and the final one last. */
	all: BlockInfo[];
}

/** An event of a transaction, as polkadot-api decodes it. */
export interface ChainEvent {
	/** The pallet. */
	type: string;
	/** The event and its fields. */
	value: Decoded;
}

/** Where a transaction is. */
export interface Place {
	/** The height of its block. */
	block: number;
	/** The hash of its block. */
	blockHash: string;
	/** What it brought about there. */
	events: ChainEvent[];
}

/** What was read of a block. */
interface Content {
	number: number;
	parent: string;
	/** The hashes of its transactions. */
	transactions: string[];
	events?: Promise<{ index: number; event: ChainEvent }[]>;
}

/** The blocks of a chain. */
export class Blocks {
	private readonly contents = new Map<string, Promise<Content>>();

	/**
	 * @param client - Of the chain.
	 * @param requests - To its node.
	 * @param patience - How long to wait for a block, in seconds.
	 */
	constructor(
		private readonly client: PolkadotClient,
		private readonly requests: Requests,
		private readonly patience: number,
	) {}

	/** The present chain. */
	async heads(): Promise<Heads> {
		return headsOf(await this.client.getBestBlocks());
	}

	/**
	 * Each state of the chain from the present one on; those that pass while the caller is busy are left out.
	 *
	 * @throws {@link Unanswered} if there is no block for too long.
	 */
	async *follow(): AsyncGenerator<Heads, never> {
		let seen = '';
		for (;;) {
			const isNew = (all: BlockInfo[]) => all.length > 0 && identity(all) !== seen;
			const next = this.client.bestBlocks$.pipe(filter(isNew), timeout({ first: this.patience * 1_000 }));
			const all = await firstValueFrom(next).catch((error: unknown) => {
				if (error instanceof TimeoutError) {
					throw new Unanswered('the next block', undefined, `none came for ${this.patience} s`);
				}
				throw unanswered('the next block', error);
			});
			seen = identity(all);
			yield headsOf(all);
		}
	}

	/**
	 * Looks for a transaction in the chain that ends with a block.
	 *
	 * @param transaction - Its hash.
	 * @param tip - The last block to look at.
	 * @param older - Blocks that were there before it was sent.
	 * @param first - The height of the first block that can hold it.
	 */
	async find(transaction: string, tip: string, older: ReadonlySet<string>, first: number): Promise<Place | undefined> {
		for (let hash = tip; !older.has(hash); ) {
			const content = await this.content(hash);
			if (content.number < first) {
				return undefined;
			}
			const index = content.transactions.indexOf(transaction);
			if (index >= 0) {
				content.events ??= this.events(hash);
				const events = (await content.events).flatMap((of) => (of.index === index ? of.event : []));
				return { block: content.number, blockHash: hash, events };
			}
			hash = content.parent;
		}
		return undefined;
	}

	private content(hash: string): Promise<Content> {
		let content = this.contents.get(hash);
		if (!content) {
			content = this.read(hash);
			this.contents.set(hash, content);
			content.catch(() => this.contents.delete(hash));
			for (const oldest of [...this.contents.keys()].slice(0, -KEPT)) {
				this.contents.delete(oldest);
			}
		}
		return content;
	}

	private async read(hash: string): Promise<Content> {
		try {
			const [header, body] = await Promise.all([this.client.getBlockHeader(hash), this.client.getBlockBody(hash)]);
			return { number: header.number, parent: header.parentHash, transactions: body.map(hashOf) };
		} catch {
			// After an interruption a block may have become final that was never followed: the node still has it.
			return this.readOld(hash);
		}
	}

	private async readOld(hash: string): Promise<Content> {
		type Answer = { block: { header: { number: string; parentHash: string }; extrinsics: string[] } } | null;
		const answer = await this.requests.ask<Answer>('chain_getBlock', [hash]).catch((error: unknown) => {
			throw unanswered(`block ${hash}`, error);
		});
		if (!answer) {
			throw new Missing('Block', `the node does not have block ${hash}`);
		}
		const { header, extrinsics } = answer.block;
		const transactions = extrinsics.map((extrinsic) => hashOf(Binary.fromHex(extrinsic)));
		return { number: Number(header.number), parent: header.parentHash, transactions };
	}

	private async events(hash: string): Promise<{ index: number; event: ChainEvent }[]> {
		type Entry = { phase: Decoded; event: ChainEvent };
		const query = this.client.getUnsafeApi().query as Record<string, Record<string, { getValue(of: { at: string }): Promise<Entry[]> }>>;
		const entries = await query['System']?.['Events']?.getValue({ at: hash }).catch((error: unknown) => {
			throw unanswered(`the events of block ${hash}`, error);
		});
		return (entries ?? []).flatMap(({ phase, event }) =>
			phase.type === 'ApplyExtrinsic' ? { index: phase.value as number, event } : [],
		);
	}
}

/** The hash of a transaction. */
export function hashOf(transaction: Uint8Array): string {
	return Binary.toHex(Blake2256(transaction));
}

function headsOf(all: BlockInfo[]): Heads {
	const [best, finalized] = [all[0], all.at(-1)];
	if (!best || !finalized) {
		throw new Unanswered('the best block', undefined, 'the node tells of none');
	}
	return { best, finalized, all };
}

function identity(all: BlockInfo[]): string {
	return `${all[0]?.hash} ${all.at(-1)?.hash}`;
}
