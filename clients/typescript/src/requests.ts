// Questions to the node itself. polkadot-api connects again to a node that was gone, but what was asked of it before is never
// answered: it says nothing.

import type { PolkadotClient } from 'polkadot-api';

/** The connection was lost before there was an answer. */
class Lost extends Error {
	constructor() {
		super('the connection was lost');
	}
}

/** Questions to a node. */
export class Requests {
	private readonly waiting = new Set<(reason: Error) => void>();

	/** @param client - Of the node. */
	constructor(private readonly client: PolkadotClient) {}

	/** Asks, and again if the connection is lost. For what can be asked twice. */
	async ask<Answer>(method: string, parameters: unknown[]): Promise<Answer> {
		for (;;) {
			try {
				return await this.once<Answer>(method, parameters);
			} catch (error) {
				if (!(error instanceof Lost)) {
					throw error;
				}
			}
		}
	}

	/** Asks; whether the question arrived is not known if this fails with an error that has no code. */
	once<Answer>(method: string, parameters: unknown[]): Promise<Answer> {
		return this.unlessLost(this.client._request<Answer>(method, parameters));
	}

	/** What is waited for, or an error if the connection is lost before it comes. */
	async unlessLost<T>(awaited: Promise<T>): Promise<T> {
		let give: (reason: Error) => void = () => undefined;
		const lost = new Promise<never>((_, reject) => {
			give = reject;
			this.waiting.add(reject);
		});
		try {
			return await Promise.race([awaited, lost]);
		} finally {
			this.waiting.delete(give);
		}
	}

	/** The connection was lost. */
	lose(): void {
		for (const give of this.waiting) {
			give(new Lost());
		}
	}
}
