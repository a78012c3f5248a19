// A light client, with a real node as the only peer.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { accountOf, modelVersion, signer, tokens, Unanswered, type Assay } from 'assay-sdk';
import { connectLight } from 'assay-sdk/light';
import { connected, given } from './node.js';

/** Jobs that one key submits at once. */
const AT_ONCE = 3;

/** The specification of the chain, with the node as its only known peer. */
async function specification(node: Assay): Promise<string> {
	const chain = JSON.parse(await readFile(given('ASSAY_SPECIFICATION'), 'utf8'));
	const addresses = await node.ask<string[]>('system_localListenAddresses', []);
	chain.bootNodes = addresses.filter((address) => address.includes('/127.0.0.1/'));
	assert.ok(chain.bootNodes.length > 0, addresses.join());
	return JSON.stringify(chain);
}

test('a light client reads, and has jobs run', async () => {
	using node = await connected();
	using light = await connectLight(await specification(node));
	assert.equal(await light.genesis(), await node.genesis());
	assert.deepEqual(
		(await light.models.list()).map(({ id }) => id),
		(await node.models.list()).map(({ id }) => id),
	);
	const dave = signer('//Dave');
	const had = (await light.jobs.list({ consumer: accountOf(dave) })).length;
	const submission = await light.jobs.prepare(modelVersion(given('ASSAY_MODEL')), tokens([1, 2]), { maxTokens: 4 });
	const submitted = await Promise.all(Array.from({ length: AT_ONCE }, () => light.jobs.submit(dave, submission)));
	assert.equal(new Set(submitted.map(({ job }) => job)).size, AT_ONCE);
	for (const { job } of submitted) {
		const { output } = await light.jobs.claimed(job);
		assert.deepEqual(output, (await node.jobs.claimed(job)).output);
	}
	assert.equal((await light.jobs.list({ consumer: accountOf(dave) })).length, had + AT_ONCE);
	const [first] = submitted;
	await light.jobs.wait(first?.job ?? 0n);
	await assert.rejects(light.receipts.get(first?.job ?? 0n), Unanswered);
});
