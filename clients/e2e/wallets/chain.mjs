// What the wallets here share: a connection with nothing but what polkadot.js knows, accounts, waiting.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiPromise, WsProvider } from '@polkadot/api';

/** How long anything that is waited for may take, in milliseconds: unbonding takes minutes. */
const LIMIT = 600_000;
/** How long a whole script may take: less than the tests' own limit, which would hide what was printed. */
const WHOLE_LIMIT = 840_000;
/** How often a condition is looked at. */
const INTERVAL = 500;

/**
 * Runs `body` with the API of the node that the first argument names, and the other arguments. Whatever fails ends the
 * process with an error.
 */
export async function main(body) {
	const [url, ...options] = process.argv.slice(2);
	assert.ok(url, 'the first argument must be the address of a node: ws://127.0.0.1:9944');
	const timer = setTimeout(() => {
		console.error(`not done after ${WHOLE_LIMIT / 1000} s`);
		process.exit(1);
	}, WHOLE_LIMIT);
	const api = await connect(url);
	await body(api, options);
	await api.disconnect();
	clearTimeout(timer);
}

/** Connects without custom types and without custom signed extensions. */
async function connect(url) {
	const warn = console.warn;
	const warnings = [];
	console.warn = (...words) => warnings.push(words.join(' '));
	const api = await ApiPromise.create({ provider: new WsProvider(url), throwOnConnect: true }).catch((error) => {
		throw new Error(`no chain answers at ${url}: ${error.message}`);
	});
	console.warn = warn;
	checkExtensions(api, warnings);
	return api;
}

/**
 * Checks that every transaction extension of the chain is either known to the API or adds no byte to what is signed
 * and sent: the API can then leave it out.
 */
function checkExtensions(api, warnings) {
	const left = warnings.filter((warning) => warning.includes('signed extensions')).join('\n');
	for (const { identifier, type, implicit } of api.runtimeMetadata.asLatest.extrinsic.transactionExtensions) {
		if (left.includes(identifier.toString())) {
			const sizes = [type, implicit].map(
				(id) => api.registry.createType(api.registry.createLookupType(id)).toU8a().length,
			);
			assert.deepEqual(sizes, [0, 0], `polkadot.js leaves out ${identifier}, which is not empty: ${left}`);
		}
	}
	// Everything else the API knows by its name.
	const known = Object.keys(api.registry.getSignedExtensionTypes());
	for (const field of ['era', 'nonce', 'tip', 'mode']) {
		assert.ok(known.includes(field), `polkadot.js would sign without ${field}: it knows ${known}`);
	}
}

/** Asks until there is an answer other than nothing or false. */
export async function until(what, ask) {
	const start = Date.now();
	for (;;) {
		const answer = await ask();
		if (answer) {
			return answer;
		}
		assert.ok(Date.now() - start < LIMIT, `waited ${LIMIT / 1000} s in vain for ${what}`);
		await sleep(INTERVAL);
	}
}

/** Waits until the best block has at least this number. */
export async function untilBlock(api, number) {
	await until(`block ${number}`, async () => (await api.rpc.chain.getHeader()).number.toNumber() >= number);
}

/** So many whole ASY in smallest units. */
export function asy(api, amount) {
	return BigInt(amount) * 10n ** BigInt(api.registry.chainDecimals[0]);
}

/** An account that signs, and what it has paid in fees. */
export class Account {
	fees = 0n;

	constructor(api, pair) {
		this.api = api;
		this.pair = pair;
	}

	get address() {
		return this.pair.address;
	}

	/** Sends a call that must succeed, and returns its receipt. */
	async send(call, options = {}) {
		const receipt = await this.#include(call, options);
		assert.equal(receipt.error, null, `${receipt.name} failed`);
		receipt.event('system.ExtrinsicSuccess');
		console.log(`${receipt.name}: block ${receipt.number}, fee ${receipt.fee}`);
		return receipt;
	}

	/** Sends a call that must get into a block and fail there with `error`. */
	async fails(call, error) {
		const receipt = await this.#include(call, {});
		assert.equal(receipt.error, error, `${receipt.name} ended otherwise`);
		console.log(`${receipt.name}: ${error}, as it must`);
	}

	/** What it can spend and what is held, at the end of a block. */
	async balance(block) {
		const { data } = await (await this.api.at(block)).query.system.account(this.address);
		return { free: data.free.toBigInt(), held: data.reserved.toBigInt() };
	}

	/** Signs, sends, and waits for the block. */
	async #include(call, options) {
		const name = `${call.method.section}.${call.method.method}`;
		let last;
		const stop = await call.signAndSend(options.signer ? this.address : this.pair, options, (result) => {
			last = result;
		});
		await until(`${name} to be in a block`, () => {
			assert.ok(!last?.isError, `${name} did not get into a block: ${last?.status}`);
			return last?.isInBlock || last?.isFinalized;
		});
		stop();
		const { events, dispatchError, blockNumber, status } = last;
		const receipt = new Receipt(name, events, blockNumber.toNumber(), status.isInBlock ? status.asInBlock : status.asFinalized);
		receipt.error = dispatchError?.isModule ? moduleError(this.api, dispatchError) : dispatchError?.toString() ?? null;
		this.fees += receipt.fee;
		return receipt;
	}
}

function moduleError(api, error) {
	const { section, name } = api.registry.findMetaError(error.asModule);
	return `${section}.${name}`;
}

/** What became of an extrinsic. */
class Receipt {
	constructor(name, events, number, block) {
		this.name = name;
		this.events = events.map(({ event }) => event);
		this.number = number;
		this.block = block;
		// The tip is part of it.
		this.fee = this.event('transactionPayment.TransactionFeePaid').actualFee.toBigInt();
	}

	/** The fields of the only event with this name. */
	event(name) {
		const found = this.events.filter(({ section, method }) => `${section}.${method}` === name);
		const all = this.events.map(({ section, method }) => `${section}.${method}`);
		assert.equal(found.length, 1, `${this.name} left ${all}, not one ${name}`);
		return found[0].data;
	}
}
