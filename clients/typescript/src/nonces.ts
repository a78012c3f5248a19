// The nonces of the accounts that sign over one connection.
//
// The chain includes the transactions of an account in the order of their nonces, without a gap. A node tells which one it
// expects next, but knows nothing of a transaction that is being signed, and for a moment nothing of one that it was just
// sent. So whoever signs several at once keeps a book: the next nonce is the lowest that the node may expect and that nobody
// here holds. Whoever else signs with the account is seen in what the node expects.

/** A nonce in use. */
interface Held {
	/** The last block that can hold its transaction: after it the nonce is free, whatever became of it. */
	last: number;
	/** Its transaction, in hexadecimal, while that waits for a block. */
	waiting: string | undefined;
}

/** The nonces of one account that are in use here. */
export class NonceBook {
	private readonly held = new Map<number, Held>();

	/**
	 * Takes a nonce for a transaction.
	 *
	 * @param expected - What the node expects next.
	 * @param now - The height of its best block.
	 * @param last - The last block that can hold the transaction.
	 */
	reserve(expected: number, now: number, last: number): number {
		for (const [nonce, held] of this.held) {
			if (held.last < now) {
				this.held.delete(nonce);
			}
		}
		// A gap that somebody gave back comes first: what is above it waits for it.
		let nonce = expected;
		while (this.held.has(nonce)) {
			nonce += 1;
		}
		this.held.set(nonce, { last, waiting: undefined });
		return nonce;
	}

	/** A transaction with the nonce is on its way into the pool. */
	sent(nonce: number, transaction: string): void {
		const held = this.held.get(nonce);
		if (held) {
			held.waiting = transaction;
		}
	}

	/** A block holds the transaction. The nonce stays in use as long as a reorganisation may send it back into the pool. */
	included(nonce: number): void {
		const held = this.held.get(nonce);
		if (held) {
			held.waiting = undefined;
		}
	}

	/** No transaction with the nonce from here is or will be in a block. */
	giveBack(nonce: number): void {
		this.held.delete(nonce);
	}

	/** The transactions that have to be in a block before one with this nonce, in their order. */
	before(nonce: number): string[] {
		const below = [...this.held].filter(([other]) => other < nonce).sort(([one], [other]) => one - other);
		return below.flatMap(([, { waiting }]) => waiting ?? []);
	}
}

/**
 * Where transactions of one account are signed. One after the other goes into the pool, so that none waits there for the nonce
 * of another that is refused.
 */
export class Desk {
	/** The nonces that are in use. */
	readonly book = new NonceBook();
	private turn: Promise<unknown> = Promise.resolve();

	/** Does something when everything that was to be done before is done. */
	inTurn<T>(act: () => Promise<T>): Promise<T> {
		const done = this.turn.then(act);
		this.turn = done.catch(() => undefined);
		return done;
	}
}
