// What accounts have.

import type { Assay } from './assay.js';
import { read } from './reading.js';

/** The money of an account, in smallest units. */
export interface Balances {
	/** What it may spend, apart from what is frozen. */
	free: bigint;
	/** Held by pallets, in all: escrows, stake, bonds. */
	held: bigint;
}

/** What accounts have. */
export class Accounts {
	/**
	 * @param assay - The connection.
	 * @param block - The hash of the block that is read, or `best` or `finalized`.
	 */
	constructor(
		private readonly assay: Assay,
		private readonly block = 'best',
	) {}

	/** The same as of another block: its hash, or `finalized`. */
	at(block: string): Accounts {
		return new Accounts(this.assay, block);
	}

	/** What an account has. */
	async balances(account: string): Promise<Balances> {
		const { Account } = this.assay.api.query.System;
		const { data } = await read(`the account ${account}`, Account.getValue(account, { at: this.block }));
		return { free: data.free, held: data.reserved };
	}
}
