// jobs.mjs URL MODEL.VERSION OPEN_JOB: an application buys a job through @polkadot/api and follows it; then it follows more
// jobs than one connection may. OPEN_JOB is a job that stays open meanwhile.

// docs/dapps.md shows what is between these lines.
// begin
import assert from 'node:assert/strict';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

/** Connects to a node; what is not in the API's own list of methods is asked of the provider. */
export async function connect(url) {
	const provider = new WsProvider(url);
	const api = await ApiPromise.create({ provider, noInitWarn: true });
	return { api, provider };
}

/** Submits a job that continues `tokens` and returns its number. Nothing is sent, and nothing paid, if it would be refused. */
export async function submit({ api, provider }, pair, { model, version, tokens, maxTokens }) {
	// What the dearest listed operator may charge; what is not used comes back.
	const quote = await provider.send('jobs_quote', [model, version, tokens.length, maxTokens]);
	assert.ok(quote.highest_price, 'no operator serves it at the moment');
	const maxFee = BigInt(quote.units) * BigInt(quote.highest_price);
	const call = api.tx.jobs.submit(
		{ model, version },
		{ Tokens: tokens }, // or { Vector: values }, each times 65,536
		{ sampler: 'Greedy', maxTokens, ignoreStop: false }, // or { Gumbel: { inverseTemperature: 65536, seed } }
		maxFee,
		quote.highest_price, // of a unit, whatever is asked when the job is assigned
		null, // or the address of the operator to insist on
	);
	// `nonce: -1` asks the node for the account's next index, with what waits in its pool counted.
	const signed = await call.signAsync(pair, { nonce: -1 });
	// Executed on the best block and thrown away: 0x0000 is success.
	const outcome = await provider.send('state_call', ['BlockBuilder_apply_extrinsic', signed.toHex()]);
	assert.equal(outcome, '0x0000', `the chain would refuse the job: ${outcome}`);
	return new Promise((resolve, reject) => {
		signed
			.send(({ status, events, dispatchError, isError }) => {
				if (isError) reject(new Error(`the transaction got into no block: ${status.type}`));
				if (!status.isInBlock) return;
				if (dispatchError?.isModule) {
					const { section, name, docs } = api.registry.findMetaError(dispatchError.asModule);
					return reject(new Error(`${section}.${name}: ${docs.join(' ')}`));
				}
				if (dispatchError) return reject(new Error(dispatchError.toString()));
				const { event } = events.find(({ event }) => api.events.jobs.JobSubmitted.is(event));
				resolve(event.data.job.toNumber());
			})
			.catch(reject);
	});
}

/** Follows a job; calls `seen` with each of its states and returns the last one. */
export function follow({ provider }, job, seen = () => {}) {
	return new Promise((resolve, reject) => {
		const next = (error, state) => {
			if (error) return reject(error);
			seen(state);
			// The subscription ends by itself after either; nothing says so.
			if (state.state === 'Final' || state.state === 'Refunded') resolve(state);
		};
		provider.subscribe('jobs_job', 'jobs_subscribeJob', [job], next).catch(reject);
	});
}
// end

/** Subscriptions that one connection may have at the same time. */
const SUBSCRIPTIONS = 1_024;
/** More than that. */
const MORE = 1_100;
/** Jobs that are followed at the same time by those who give their subscriptions back. */
const AT_ONCE = 10;
/** The code of the error that says so. */
const TOO_MANY = -32006;

const [url, id, open] = process.argv.slice(2);
const [model, version] = id.split('.').map(Number);
const node = await connect(url);
const bob = new Keyring({ type: 'sr25519' }).addFromUri('//Bob');

const job = await submit(node, bob, { model, version, tokens: [1, 2, 3], maxTokens: 8 });
const states = [];
const last = await follow(node, job, ({ state }) => states.push(state));
console.log(`job ${job} went through ${states}`);
assert.equal(last.state, 'Final');
assert.deepEqual(states.at(-1), 'Final');
assert.deepEqual(last, await node.provider.send('jobs_get', [job]));
assert.ok(last.output.tokens.length > 0 && last.output.tokens.length <= 8, `${last.output.tokens}`);
assert.equal(last.consumer, node.api.createType('AccountId', bob.publicKey).toString());

// What would be refused is not sent: the account pays nothing.
const free = async () => (await node.api.query.system.account(bob.address)).data.free.toBigInt();
const before = await free();
await assert.rejects(
	submit(node, bob, { model, version: version + 1, tokens: [1], maxTokens: 8 }),
	/there is no model version/,
);
assert.equal(await free(), before);

// All at once, subscriptions run out, and the error says so. The API has one of its own on the connection.
const asked = Array.from({ length: MORE }, () =>
	node.provider.subscribe('jobs_job', 'jobs_subscribeJob', [Number(open)], () => {}),
);
const answers = await Promise.allSettled(asked);
const taken = answers.flatMap(({ value }) => value ?? []);
const refused = answers.flatMap(({ reason }) => reason ?? []);
assert.ok(taken.length <= SUBSCRIPTIONS && taken.length > SUBSCRIPTIONS - 8, `${taken.length} subscriptions`);
assert.equal(refused.length, MORE - taken.length);
for (const error of refused) {
	assert.equal(error.code, TOO_MANY, error.message);
	assert.match(error.message, /Too many subscriptions/);
}
// The connection is of use all the same, and takes others when some are given back.
assert.equal((await node.provider.send('jobs_get', [Number(open)])).state, 'Open');
for (const id of taken) {
	assert.ok(await node.provider.unsubscribe('jobs_job', 'jobs_unsubscribeJob', id));
}

// A few at a time, they never run out: those of jobs that are over have ended. One at a time, each would wait for an
// acknowledgement that the system holds back for 40 ms.
const follower = async () => {
	for (let count = 0; count < MORE / AT_ONCE; count += 1) {
		assert.equal((await follow(node, job)).state, 'Final');
	}
};
await Promise.all(Array.from({ length: AT_ONCE }, follower));
console.log(`${taken.length} subscriptions, ${refused.length} refused`);
await node.api.disconnect();
