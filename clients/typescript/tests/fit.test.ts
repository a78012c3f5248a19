import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompatibilityLevel } from 'polkadot-api';
import { misfits } from '../src/fit.js';

/** A chain on which everything fits but for what is named. */
function aChain(...lacks: string[]) {
	const entry = (name: string) => ({
		isCompatible: (level: CompatibilityLevel) => {
			assert.equal(level, CompatibilityLevel.BackwardsCompatible);
			return !lacks.includes(name);
		},
	});
	const named = (path: string, depth: number): object =>
		new Proxy({}, { get: (_, name) => (depth === 0 ? entry(`${path}.${String(name)}`) : named(`${path}.${String(name)}`, depth - 1)) });
	const compat = new Proxy({}, { get: (_, kind) => named(String(kind), 1) });
	return { getStaticApis: async () => ({ compat }) } as never;
}

test('what of a runtime does not fit is named', async () => {
	assert.deepEqual(await misfits(aChain()), []);
	const lacks = ['tx.Jobs.submit', 'apis.JobsApi.job', 'query.System.Account', 'event.Staking.Claimed'];
	assert.deepEqual(new Set(await misfits(aChain(...lacks))), new Set(lacks));
});

test('a chain that has nothing of it does not fit at all', async () => {
	const other = { getStaticApis: async () => ({ compat: {} }) } as never;
	assert.ok((await misfits(other)).includes('tx.Jobs.submit'));
});
