// How a job is encoded, against what docs/dapps.md says, and how far the descriptors fit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Binary, getOfflineApi } from 'polkadot-api';
import { assay } from '#descriptors';
import { InputTooLong, type Unreadable } from '../src/errors.js';
import { argumentsOf, numbers, tokens, vector, type Submission } from '../src/jobs.js';

const SUBMISSION: Submission = {
	version: { model: 3, version: 1 },
	input: tokens([1, 2]),
	generation: { maxTokens: 64, ignoreStop: true },
	maxFee: 5n,
	maxPrice: 6n,
};

/** The bytes of the arguments, after those of pallet and call. */
async function encoded(submission: Submission): Promise<string> {
	const api = await getOfflineApi({ ...assay, genesis: `0x${'00'.repeat(32)}` });
	return Binary.toHex(api.tx.Jobs.submit(argumentsOf(submission)).encodedData.slice(2));
}

test('a job is encoded as the documents say', async () => {
	const documented = `
		03000000 0100 | 00 08 01000000 02000000 | 00 40000000 01 | 05000000000000000000000000000000 |
		06000000000000000000000000000000 | 00`;
	assert.equal(await encoded(SUBMISSION), `0x${documented.replace(/[^0-9a-f]/g, '')}`);
});

test('a temperature is encoded as its inverse, with the seed', async () => {
	const seed = `0x${'07'.repeat(32)}`;
	const warm = { maxTokens: 1, temperature: 0.5, seed };
	assert.deepEqual(argumentsOf({ ...SUBMISSION, generation: warm }).generation, {
		sampler: { type: 'Gumbel', value: { inverse_temperature: 131_072, seed } },
		max_tokens: 1,
		ignore_stop: false,
	});
	assert.ok((await encoded({ ...SUBMISSION, generation: warm })).includes(`01${'00000200'}${'07'.repeat(32)}`));
	assert.equal(argumentsOf({ ...SUBMISSION, generation: { ...warm, temperature: -0 } }).generation.sampler.type, 'Greedy');
	for (const temperature of [-1, 1e-9, 1e9, NaN, Infinity]) {
		assert.throws(
			() => argumentsOf({ ...SUBMISSION, generation: { ...warm, temperature } }),
			(error: Unreadable) => error.message.startsWith(`a temperature of ${temperature} is outside`),
		);
	}
});

test('numbers have 16 fraction bits', () => {
	assert.deepEqual(vector([0.5, -1]), { type: 'Vector', value: [32_768, -65_536] });
	assert.deepEqual(numbers([32_768, -65_536]), [0.5, -1]);
	for (const number of [32_768, -32_769, NaN]) {
		assert.throws(() => vector([number]), new RegExp(`^Unreadable: ${number} is outside`));
	}
});

test('an input that is too long is refused with its length and the limit', () => {
	const long = { ...SUBMISSION, input: tokens(new Array<number>(1_025).fill(7)) };
	assert.throws(
		() => argumentsOf(long),
		(error: InputTooLong) => error.message === 'the input has 1025 elements, at most 1024 fit into a transaction',
	);
	assert.ok(argumentsOf({ ...SUBMISSION, input: tokens(new Array<number>(1_024).fill(7)) }));
});
