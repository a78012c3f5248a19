// The connection to the chain: made, lost, made again, and what of it everything else depends on.

import { Assay, OtherChain, type Heads } from 'assay-sdk';
import type { BlockInfo } from 'polkadot-api';
import { choice } from './choice.svelte';

/** Seconds that an attempt to connect may take. */
const WAIT = 5;
/** Seconds after which a lost node is connected to anew, as if for the first time. */
const PATIENCE = 20;
/** Milliseconds between two attempts. */
const PAUSE = 1_000;

/** How the connection is. */
export type Condition = 'connecting' | 'live' | 'lost' | 'other';

/** What a chain is called, and what kind it is. */
export interface Kind {
	/** Its name. */
	name: string;
	/** The hash of its first block. */
	genesis: string;
	/** Whether its specification says that it is for development: everybody knows its keys. */
	development: boolean;
	/** Milliseconds between two blocks. */
	blockMs: number;
}

class Network {
	/** How the connection is. */
	condition = $state<Condition>('connecting');
	/** Why there is none. */
	reason = $state('');
	/** The chain; stays while it is lost. */
	assay = $state.raw<Assay>();
	/** What kind of chain it is. */
	kind = $state.raw<Kind>();
	/** The best block. */
	best = $state.raw<BlockInfo>();
	/** The last final one. */
	finalized = $state.raw<BlockInfo>();
	/** Those in between, the best first. */
	recent = $state.raw<BlockInfo[]>([]);
	/** Counts what has been asked to begin anew. */
	private turn = 0;

	/** Connects, now and whenever the connection is lost, to the node that was chosen last. */
	async start(): Promise<void> {
		this.turn += 1;
		const turn = this.turn;
		this.forget();
		while (turn === this.turn) {
			try {
				await this.session(turn);
			} catch (error) {
				this.reason = error instanceof Error ? error.message : String(error);
				this.condition = error instanceof OtherChain ? 'other' : this.assay ? 'lost' : 'connecting';
			}
			await new Promise((resolve) => setTimeout(resolve, PAUSE));
		}
	}

	private forget(): void {
		this.assay?.close();
		this.assay = undefined;
		this.kind = undefined;
		this.best = undefined;
		this.finalized = undefined;
		this.recent = [];
		this.reason = '';
		this.condition = 'connecting';
	}

	/** One connection, until it is lost for long or another is wanted. */
	private async session(turn: number): Promise<void> {
		let give: () => void = () => undefined;
		const over = new Promise<void>((resolve) => {
			give = resolve;
		});
		let timer: ReturnType<typeof setTimeout> | undefined;
		const onConnection = (connected: boolean) => {
			clearTimeout(timer);
			if (!connected) {
				this.condition = 'lost';
				this.reason = 'the node does not answer';
				timer = setTimeout(give, PATIENCE * 1_000);
			} else {
				// It may have become the node of another chain.
				void assay.genesis().then(
					() => assay.ask<string>('chain_getBlockHash', [0]).then((genesis) => (genesis === this.kind?.genesis ? undefined : give())),
					give,
				);
			}
		};
		const assay = await this.connect(onConnection);
		if (turn !== this.turn) {
			assay.close();
			return;
		}
		const kind = await kindOf(assay);
		const before = this.assay;
		this.kind = kind;
		this.assay = assay;
		before?.close();
		const heads = assay.client.bestBlocks$.subscribe({
			next: (all) => this.take({ best: all[0], finalized: all.at(-1), all } as Heads),
			error: give,
		});
		try {
			await over;
		} finally {
			clearTimeout(timer);
			heads.unsubscribe();
		}
	}

	private async connect(onConnection: (connected: boolean) => void): Promise<Assay> {
		if (choice.specification) {
			const { connectLight } = await import('assay-sdk/light');
			return connectLight(choice.specification);
		}
		return Assay.connect(choice.node, { wait: WAIT, patience: 2 * PATIENCE, onConnection });
	}

	private take({ best, finalized, all }: Heads): void {
		this.best = best;
		this.finalized = finalized;
		this.recent = all;
		this.condition = 'live';
		this.reason = '';
	}
}

async function kindOf(assay: Assay): Promise<Kind> {
	const { genesisHash: genesis, name } = await assay.client.getChainSpecData();
	// A light client knows the specification, and does not say what type it is of.
	const type = await assay.ask<string>('system_chainType', []).catch(() => '');
	const query = assay.client.getUnsafeApi().query as unknown as {
		Timing: { SlotDuration: { getValue(of: { at: string }): Promise<bigint | number> } };
	};
	const blockMs = Number(await query.Timing.SlotDuration.getValue({ at: 'best' }));
	return { name, genesis, development: type === 'Development', blockMs };
}

/** The connection. */
export const network = new Network();
