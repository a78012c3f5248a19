// The connection.

import { createClient } from 'polkadot-api';
import type { JsonRpcProvider, PolkadotClient, TypedApi } from 'polkadot-api';
import { getWsProvider, WsEvent, type StatusChange, type WebSocketClass } from 'polkadot-api/ws';
import { assay } from '#descriptors';
import { Accounts } from './accounts.js';
import { Blocks, type Heads } from './blocks.js';
import { NotConnected, OtherChain, unanswered } from './errors.js';
import { misfits } from './fit.js';
import { Jobs } from './jobs.js';
import type { Signer } from './keys.js';
import { Models } from './models.js';
import { read } from './reading.js';
import { Receipts } from './receipts/collect.js';
import { Requests } from './requests.js';
import { Staking } from './staking.js';
import { Transactions, type Call, type Included, type Sending } from './transactions.js';

/** How long a node is waited for unless the caller says otherwise, in seconds. */
const WAIT = 30;
/** How long the next block is waited for, while a node restarts for instance, in seconds. */
const PATIENCE = 60;

/** How to connect. */
export interface Connecting {
	/** How long to wait for a node that does not answer yet, in seconds. 30 unless given. */
	wait?: number;
	/** How long to wait for a node that restarts, and for the next block, before the node counts as gone, in seconds. 60 unless given. */
	patience?: number;
	/** The class of WebSockets. Browsers and Node.js from 22 on have one; before that it is that of the package `ws`. */
	websocketClass?: unknown;
	/** Is told that the connection is lost, or there again. What is asked meanwhile waits. */
	onConnection?: (connected: boolean) => void;
}

/** A connection to a chain. */
export class Assay {
	/** What polkadot-api has of the chain that this package does not speak of: its calls, storage and events, typed. */
	readonly api: TypedApi<typeof assay>;
	/** Questions to the node itself; {@link Assay.ask} is for everybody. @internal */
	readonly requests: Requests;
	private readonly blocks: Blocks;
	private readonly transactions: Transactions;

	private constructor(
		/** The client of polkadot-api. */
		readonly client: PolkadotClient,
		patience: number,
		private readonly whenClosed: () => void,
	) {
		this.api = client.getTypedApi(assay);
		this.requests = new Requests(client);
		this.blocks = new Blocks(client, this.requests, patience);
		this.transactions = new Transactions(client, this.requests, this.api, this.blocks);
	}

	/**
	 * Connects to a node by its WebSocket: `ws://127.0.0.1:9944`. A node that restarts is connected to again; if it does not
	 * come back in time, the connection ends, and whatever waits fails with {@link Unanswered}.
	 *
	 * @throws {@link NotConnected} if no node answers, {@link OtherChain} if it is none of this chain.
	 */
	static async connect(url: string, connecting: Connecting = {}): Promise<Assay> {
		const { wait = WAIT, patience = PATIENCE, websocketClass, onConnection } = connecting;
		let reason = 'it does not answer';
		let connected: Assay | undefined;
		let gone: ReturnType<typeof setTimeout> | undefined;
		const stopWaiting = () => {
			clearTimeout(gone);
			gone = undefined;
		};
		const onStatusChanged = (status: StatusChange) => {
			if (status.type === WsEvent.CONNECTED) {
				stopWaiting();
				if (connected) {
					onConnection?.(true);
				}
			} else if (status.type === WsEvent.ERROR || status.type === WsEvent.CLOSE) {
				reason = whyNot(status.event) ?? reason;
				if (connected) {
					connected.requests.lose();
					onConnection?.(false);
				}
				// Whatever was asked of a node that does not come back is told so by the end of the connection.
				gone ??= connected && setTimeout(() => connected?.close(), patience * 1_000);
			}
		};
		const given = websocketClass ? { websocketClass: websocketClass as WebSocketClass } : {};
		const provider = getWsProvider(url, { onStatusChanged, ...given });
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new NotConnected(url, wait, reason)), wait * 1_000);
		});
		try {
			connected = await Assay.over(provider, connecting, stopWaiting, late);
			return connected;
		} finally {
			clearTimeout(timer);
		}
	}

	/**
	 * Connects through whatever speaks JSON-RPC, as the light client does: see `connectLight` in `assay-sdk/light`.
	 *
	 * @param provider - Of polkadot-api.
	 * @param connecting - How long to be patient.
	 * @param whenClosed - Is called when the connection is closed.
	 * @param late - Fails when it takes too long.
	 * @throws {@link OtherChain} if its runtime lacks what this package asks of it.
	 */
	static async over(
		provider: JsonRpcProvider,
		{ patience = PATIENCE }: Connecting = {},
		whenClosed: () => void = () => undefined,
		late: Promise<never> = new Promise(() => undefined),
	): Promise<Assay> {
		const connected = new Assay(createClient(provider), patience, whenClosed);
		try {
			const lacks = await Promise.race([read('the runtime', connected.misfits()), late]);
			if (lacks.length > 0) {
				throw new OtherChain(lacks);
			}
			return connected;
		} catch (error) {
			connected.close();
			throw error;
		}
	}

	/** Ends the connection. */
	close(): void {
		this.whenClosed();
		this.client.destroy();
	}

	/** The same, for `using`. */
	[Symbol.dispose](): void {
		this.close();
	}

	/** What accounts have, as of the best block. */
	get accounts(): Accounts {
		return new Accounts(this);
	}

	/** Jobs: what one costs, its submission, its life and its result. As of the best block. */
	get jobs(): Jobs {
		return new Jobs(this);
	}

	/** Models, their versions, and who serves them. As of the best block. */
	get models(): Models {
		return new Models(this);
	}

	/** Stake behind operators. As of the best block. */
	get staking(): Staking {
		return new Staking(this);
	}

	/** Receipts of jobs, which prove how a job ended to whoever has no node. */
	get receipts(): Receipts {
		return new Receipts(this);
	}

	/** The hash of the chain's first block. */
	async genesis(): Promise<string> {
		return (await this.client.getChainSpecData()).genesisHash;
	}

	/** The best block, and the last final one. */
	heads(): Promise<Heads> {
		return this.blocks.heads();
	}

	/** Each state of the chain from now on; those that pass while the caller is busy are left out. */
	follow(): AsyncGenerator<Heads, never> {
		return this.blocks.follow();
	}

	/**
	 * Signs and sends a call and waits until it is in a block and has succeeded.
	 *
	 * Calls of one account may be submitted at the same time: each gets a nonce of its own. Other programs that sign with the
	 * account may be given the same one by the node. All but one of them are refused or displaced; this one then takes another,
	 * a bounded number of times. A call is never signed anew while what was signed before can still be included.
	 *
	 * @throws {@link WouldFail} or {@link Unpayable} if it would be refused, which costs nothing; {@link Refused} by the pool;
	 * {@link Failed} if it failed in a block; {@link NotIncluded} or {@link Displaced} if no block took it.
	 */
	submit(call: Call, signer: Signer, sending: Sending = {}): Promise<Included> {
		return this.transactions.submit(call, signer, sending);
	}

	/** What of the chain's runtime does not fit what this package was made for, as `tx.Jobs.submit`; nothing if all fits. */
	misfits(): Promise<string[]> {
		return misfits(this.api);
	}

	/**
	 * Asks the node itself, by JSON-RPC. A light client answers few methods.
	 *
	 * @throws {@link Unanswered} with the node's error.
	 */
	async ask<Answer>(method: string, parameters: unknown[]): Promise<Answer> {
		return this.requests.ask<Answer>(method, parameters).catch((error: unknown) => {
			throw unanswered(method, error);
		});
	}
}

/** What a WebSocket says of its failure: browsers tell little. */
function whyNot(event: unknown): string | undefined {
	const { message, reason } = (event ?? {}) as { message?: unknown; reason?: unknown };
	return [message, reason].find((words): words is string => typeof words === 'string' && words !== '');
}
