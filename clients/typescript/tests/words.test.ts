// Amounts, keys, versions and errors as people write and read them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asy, formatAsy } from '../src/amount.js';
import { AssayError, Failed, Missing, Unreadable, WouldFail, unanswered } from '../src/errors.js';
import { Failures } from '../src/failures.js';
import { account, accountOf, signer } from '../src/keys.js';
import { modelVersion } from '../src/models.js';

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const BOB = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const METADATA = new URL('../../.papi/metadata/assay.scale', import.meta.url);

test('amounts are read and written exactly', () => {
	for (const [text, amount] of [
		['0', 0n],
		['0.25', 250_000_000_000n],
		['12', 12_000_000_000_000n],
		['0.000000000001', 1n],
	] as const) {
		assert.equal(asy(text), amount);
		assert.equal(formatAsy(amount), `${text} ASY`);
	}
	for (const [text, words] of [
		['-1', 'it is negative'],
		['', 'write digits'],
		['1.', 'write digits'],
		['.5', 'write digits'],
		['1e3', 'write digits'],
		['0.0000000000001', 'it has 13 decimal places, at most 12 count'],
		['340282366920938463463374607.5', 'it is too large'],
	] as const) {
		assert.throws(() => asy(text), (error: Unreadable) => error instanceof Unreadable && error.message.includes(words));
	}
});

test('secrets make the keys that the command line makes', () => {
	assert.equal(accountOf(signer('//Alice')), ALICE);
	assert.equal(account('//Bob'), BOB);
	const phrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
	assert.equal(accountOf(signer(`${phrase}//Alice`)), ALICE);
	const seed = '0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a';
	assert.equal(accountOf(signer(seed)), ALICE);
});

test('a secret that is none is told without repeating it', () => {
	for (const secret of ['/home/bob/key', 'bottom drive obey', '0x12', '', 'Bob']) {
		assert.throws(
			() => signer(secret),
			(error: Unreadable) => error.what === 'secret' && (secret === '' || !error.message.includes(secret)),
		);
	}
});

test('addresses are read in each form', () => {
	assert.equal(account(ALICE), ALICE);
	assert.equal(account('0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d'), ALICE);
	// The same account as another chain writes it.
	assert.equal(account('15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5'), ALICE);
	assert.throws(() => account('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ'), /is not an address/);
});

test('versions are read as they are written', () => {
	assert.deepEqual(modelVersion('3.1'), { model: 3, version: 1 });
	for (const text of ['3', '3.', '3.70000', '4294967296.0', '3.1.2', '-1.0']) {
		assert.throws(() => modelVersion(text), /is not a model version/);
	}
});

test('errors of pallets are told in the words of the metadata', () => {
	const failures = new Failures(readFileSync(METADATA));
	const failure = failures.ofDispatch({ type: 'Module', value: { type: 'Jobs', value: { type: 'NotOpen' } } });
	assert.deepEqual(failure, {
		pallet: 'Jobs',
		error: 'NotOpen',
		explanation: 'The job is not waiting for an operator.',
	});
	const trial = new WouldFail(failure, 7);
	assert.equal(
		trial.message,
		'Jobs.NotOpen: The job is not waiting for an operator. (tried out on block 7: nothing was sent and nothing is paid)',
	);
	assert.ok(trial.is('Jobs', 'NotOpen') && !trial.is('Staking', 'NotOpen'));
	assert.ok(trial instanceof AssayError && trial.name === 'WouldFail');
	assert.match(new Failed(failure, 7, asy('0.5')).message, /in block 7: its fee of 0.5 ASY is paid/);
	assert.deepEqual(failures.ofNumber('Jobs', 250), undefined);
	assert.equal(failures.ofNumber('Jobs', 0)?.pallet, 'Jobs');
	assert.deepEqual(failures.ofDispatch({ type: 'BadOrigin' }), { pallet: undefined, error: 'BadOrigin', explanation: '' });
	const money = failures.ofDispatch({ type: 'Token', value: { type: 'FundsUnavailable' } });
	assert.equal(new WouldFail(money, 7).message.split(' (')[0], 'Token.FundsUnavailable');
});

test("a node's error keeps its code and its words", () => {
	const error = unanswered('jobs', Object.assign(new Error('Invalid params'), { code: -32602, data: 'the reason' }));
	assert.equal(error.code, -32602);
	assert.equal(error.message, 'jobs: Invalid params: the reason');
	assert.equal(unanswered('jobs', new Error('closed')).code, undefined);
	assert.match(Missing.version({ model: 1, version: 2 }, 1).message, /model 1 has no version 2: it has 1/);
});
