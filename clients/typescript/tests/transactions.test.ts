// Sending and watching, on a chain that changes as it is told.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import type { BlockInfo, PolkadotClient } from 'polkadot-api';
import type { Blocks, ChainEvent, Heads, Place } from '../src/blocks.js';
import { Displaced, Failed, NotIncluded, Refused, Unpayable, WouldFail } from '../src/errors.js';
import { signer } from '../src/keys.js';
import { Requests } from '../src/requests.js';
import { birthOf, Transactions, type Call } from '../src/transactions.js';

const METADATA = readFileSync(new URL('../../.papi/metadata/assay.scale', import.meta.url));
const BOB = signer('//Bob');
const NOT_OPEN = { type: 'Module', value: { type: 'Jobs', value: { type: 'NotOpen' } } };
const SUCCESS = { success: true, value: { success: true, value: undefined } };

const aBlock = (number: number): BlockInfo => ({ hash: String(number), number, parent: String(number - 1), hasNewRuntime: false });
const invalid = (type: string, value?: unknown) => ({ success: false, value: { type: 'Invalid', value: { type, value } } });
/** An error of the node, as polkadot-api throws it. */
const error = (code: number, words: string) => Object.assign(new Error(words), { code });

/** What happens from the moment on when a transaction is signed. */
interface Script {
	/** The numbers of the best blocks, one after the other. The last final one is 10. */
	best?: number[];
	/** The block that holds the transaction, and whether its call fails there. */
	held?: { by: number; fails?: boolean };
	/** What trials on the blocks give. */
	trials?: unknown[];
	/** How the pool answers. */
	pool?: (unknown | undefined)[];
	/** The next nonce in the last final block. */
	settled?: number;
}

/** A chain as a script has it, and what was sent to it. */
function aChain({ best = [11, 12], held, trials = [SUCCESS], pool = [], settled = 7 }: Script) {
	const sent: string[] = [];
	const nonces: number[] = [];
	const headsAt = (number: number): Heads => {
		const all = [aBlock(number), aBlock(10)];
		return { best: aBlock(number), finalized: aBlock(10), all };
	};
	const [first = 11] = best;
	const blocks = {
		heads: async () => headsAt(first),
		async *follow() {
			for (const number of best) {
				yield headsAt(number);
			}
			throw new assert.AssertionError({ message: 'it should have ended' });
		},
		find: async (_hash: string, tip: string): Promise<Place | undefined> => {
			if (!held || Number(tip) < held.by) {
				return undefined;
			}
			const paid = { type: 'TransactionPayment', value: { type: 'TransactionFeePaid', value: { actual_fee: 5n } } };
			const ended = held.fails
				? { type: 'ExtrinsicFailed', value: { dispatch_error: NOT_OPEN } }
				: { type: 'ExtrinsicSuccess', value: {} };
			return { block: held.by, blockHash: String(held.by), events: [paid, { type: 'System', value: ended }] as ChainEvent[] };
		},
	} as unknown as Blocks;
	const client = {
		hodlBlock: () => () => undefined,
		getMetadata: async () => METADATA,
		getUnsafeApi: () => ({ apis: { BlockBuilder: { apply_extrinsic: async () => trials.shift() } } }),
		_request: async (method: string, [bytes]: string[]) => {
			if (method === 'system_accountNextIndex') {
				return 7;
			}
			sent.push(bytes ?? '');
			const answer = pool.shift();
			if (answer) {
				throw answer;
			}
			return '0x';
		},
	} as unknown as PolkadotClient;
	const api = {
		apis: { AccountNonceApi: { account_nonce: async () => settled } },
		query: { System: { Account: { getValue: async () => ({ data: { free: 3n } }) } } },
	};
	const call = {
		decodedCall: { type: 'Jobs', value: { type: 'cancel', value: {} } },
		getEstimatedFees: async () => 9n,
		sign: async (_signer: unknown, { nonce }: { nonce: number }) => {
			nonces.push(nonce);
			return Uint8Array.of(4, nonce);
		},
	} as unknown as Call;
	const transactions = new Transactions(client, new Requests(client), api as never, blocks);
	return { submit: (sending = {}) => transactions.submit(call, BOB, sending), sent, nonces };
}

/** Lets no time pass between tries. */
const atOnce = ({ mock }: TestContext) => mock.method(globalThis, 'setTimeout', (act: () => void) => setImmediate(act));

test('a transaction that a block holds is told with its fee', async () => {
	const chain = aChain({ held: { by: 12 } });
	const included = await chain.submit();
	assert.deepEqual([included.block, included.fee, chain.nonces], [12, 5n, [7]]);
	assert.equal(chain.sent.length, 1);
	assert.throws(() => included.event('Jobs', 'JobSubmitted'), /Jobs told of no JobSubmitted/);
});

test('a call that fails in a block is told with the error and the fee', async () => {
	await assert.rejects(
		aChain({ held: { by: 12, fails: true } }).submit(),
		(error) => error instanceof Failed && error.is('Jobs', 'NotOpen') && error.fee === 5n && error.block === 12,
	);
});

test('what would fail is not sent, and its nonce is the next to be used', async () => {
	const chain = aChain({ trials: [{ success: true, value: { success: false, value: NOT_OPEN } }, SUCCESS], held: { by: 12 } });
	await assert.rejects(chain.submit(), (error) => error instanceof WouldFail && error.is('Jobs', 'NotOpen'));
	assert.deepEqual(chain.sent, []);
	await chain.submit();
	assert.deepEqual(chain.nonces, [7, 7]);
});

test('what cannot be paid, and what the pallet itself calls invalid, is not sent', async () => {
	await assert.rejects(
		aChain({ trials: [invalid('Payment')] }).submit(),
		(error) => error instanceof Unpayable && error.fee === 9n && error.free === 3n,
	);
	await assert.rejects(
		aChain({ trials: [invalid('Custom', 0)] }).submit(),
		(error) => error instanceof WouldFail && error.failure.pallet === 'Jobs',
	);
	const token = { success: true, value: { success: false, value: { type: 'Token', value: { type: 'FundsUnavailable' } } } };
	await assert.rejects(aChain({ trials: [token] }).submit(), /Token.FundsUnavailable: 5FHneW\w+ has 0.000000000003 ASY free/);
});

test('a block that is full says nothing: the next one is asked', async () => {
	const refused = { success: true, value: { success: false, value: NOT_OPEN } };
	const full = aChain({ best: [11, 12, 13], trials: [invalid('ExhaustsResources'), refused] });
	await assert.rejects(full.submit(), (error) => error instanceof WouldFail && error.block === 12);
	assert.deepEqual(full.sent, []);
});

test('a trial that depends on what is not in the block, or fails itself, does not keep a transaction back', async () => {
	for (const trials of [[invalid('Future')], [undefined], Array.from({ length: 3 }, () => invalid('ExhaustsResources'))]) {
		const chain = aChain({ best: [11, 12, 13], trials, held: { by: 13 } });
		assert.equal((await chain.submit()).block, 13);
	}
});

test('who is displaced in the pool takes another nonce', async (t) => {
	atOnce(t);
	const pool = [error(1014, 'Priority is too low'), error(1010, 'Transaction is outdated'), error(1016, 'Immediately Dropped')];
	const chain = aChain({ held: { by: 11 }, pool, trials: Array.from({ length: 4 }, () => SUCCESS) });
	await chain.submit();
	assert.equal(chain.nonces.length, 4);
});

test('a transaction that is wrong is not sent again', async () => {
	const chain = aChain({ pool: [error(1010, 'Transaction has a bad signature')] });
	await assert.rejects(chain.submit(), (error) => error instanceof Refused && error.code === 1010);
	assert.equal(chain.sent.length, 1);
});

test('what may have arrived is looked for and not signed again', async () => {
	for (const lost of [new Error('the connection is lost'), error(1013, 'Already Imported')]) {
		const chain = aChain({ pool: [lost], held: { by: 12 } });
		await chain.submit();
		assert.deepEqual(chain.nonces, [7]);
	}
});

test('a transaction that is in no block is handed to the node again', async () => {
	const chain = aChain({ best: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20], held: { by: 20 } });
	await chain.submit();
	assert.equal(chain.sent.length, 3);
	assert.deepEqual(chain.nonces, [7]);
});

test('a transaction that no block can hold any more is lost', async () => {
	await assert.rejects(aChain({ best: [11, 12, 73] }).submit(), (error) => error instanceof NotIncluded && error.last === 73);
	// In the best chain it could have been; in the final one it still may be.
	const best = [11, 73, 73, 73];
	await assert.rejects(aChain({ best }).submit({ finalized: true }), /it should have ended/);
});

test('who is displaced again and again is told', async (t) => {
	atOnce(t);
	const always = Array.from({ length: 40 }, () => error(1014, 'Priority is too low'));
	const chain = aChain({ pool: always, trials: Array.from({ length: 40 }, () => SUCCESS) });
	await assert.rejects(chain.submit(), (error) => error instanceof Displaced && error.tries === 40);
});

test('a transaction whose nonce another has used up is signed anew', async (t) => {
	atOnce(t);
	const chain = aChain({ best: [11, 12, 13, 14, 15], settled: 8 });
	await assert.rejects(
		chain.submit({ tried: false }),
		(error) => error instanceof Displaced && /took its place, with nonce 7/.test(error.reason),
	);
	assert.equal(chain.nonces.length, 40);
	// Its own transaction does not speak against it.
	const held = aChain({ best: [11, 12, 13, 14, 15, 16], settled: 8, held: { by: 15 } });
	assert.equal((await held.submit()).block, 15);
});

test('lives begin at a final block unless finality is far behind', () => {
	const heads = (best: number, finalized: number): Heads => {
		const all = Array.from({ length: best - finalized + 1 }, (_, index) => aBlock(best - index));
		return { best: aBlock(best), finalized: aBlock(finalized), all };
	};
	assert.equal(birthOf(heads(100, 98)).number, 98);
	assert.equal(birthOf(heads(1, 0)).number, 0);
	assert.equal(birthOf(heads(100, 10)).number, 68);
	assert.equal(birthOf(heads(0, 0)).number, 0);
});

test('what was asked of a node that is gone is asked again, and not waited for for ever', async () => {
	let asked = 0;
	const client = {
		_request: () => {
			asked += 1;
			return asked === 1 ? new Promise(() => undefined) : Promise.resolve('answer');
		},
	} as unknown as PolkadotClient;
	const requests = new Requests(client);
	const answer = requests.ask('question', []);
	requests.lose();
	assert.equal(await answer, 'answer');
	asked = 0;
	const once = requests.once('question', []);
	requests.lose();
	await assert.rejects(once, /the connection was lost/);
	assert.equal(asked, 1);
});
