// Tries against the roots that Substrate gives, and what is wrong with specifications. The genesis of a real chain is hashed in
// `e2e/jobs.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Binary, Blake2256, trieNodeDec } from '@polkadot-api/substrate-bindings';
import { State } from '../src/receipts/state.js';
import { checkpointOfGenesis, trieRoot } from '../src/receipts/genesis.js';

const root = (entries: Record<string, string>) =>
	trieRoot(new Map(Object.entries(entries).map(([key, value]) => [`0x${key}`, Binary.fromHex(`0x${value}`)])));
const hash = (node: string) => Binary.toHex(Blake2256(Binary.fromHex(node)));

test('small tries have the nodes that the layout prescribes', () => {
	assert.equal(root({}), hash('0x00'));
	// A leaf of two digits with one byte.
	assert.equal(root({ ab: '07' }), hash('0x42ab0407'));
	// A branch without a value over two leaves that differ in the second digit.
	assert.equal(root({ ab: '07', ac: '08' }), hash('0x810a00180c400407' + '0c400408'));
	// A branch with a value over a leaf one byte further.
	assert.equal(root({ ab: '07', abcd: '08' }), hash('0xc2ab00100407' + '10410d0408'));
});

test('long values and long keys are written by hash and by length', () => {
	const long = '11'.repeat(33);
	assert.equal(root({ ab: long }), hash(`0x22ab${hash(`0x${long}`).slice(2)}`));
	assert.equal(root({ ab: '11'.repeat(32) }), hash(`0x42ab80${'11'.repeat(32)}`));
	for (const [digits, size] of [[62, '7e'], [64, '7f01'], [316, '7ffd'], [318, '7fff00'], [320, '7fff02']] as const) {
		const key = 'a'.repeat(digits);
		const node = `0x${size}${key}0407`;
		assert.equal(trieNodeDec(node).type, 'Leaf');
		assert.equal((trieNodeDec(node) as { partialKey: string }).partialKey, key);
		assert.equal(root({ [key]: '07' }), hash(node));
	}
});

test('a proof of a trie that is made here is read by the verifier', () => {
	const value = Uint8Array.of(7);
	const at = trieRoot(new Map([['0xab', value]]));
	const state = new State(at, 0, [Binary.fromHex('0x42ab0407')]);
	assert.deepEqual(state.read({ name: 'it', key: '0xab' }), value);
	assert.equal(state.read({ name: 'it', key: '0xac' }), undefined);
	state.finish();
});

test('a specification without a state, or without authorities, is told', () => {
	for (const [text, words] of [
		['{"genesis":{"runtimeGenesis":{}}}', '--raw'],
		['{}', '--raw'],
		['{"genesis":{"raw":{"top":{}}}}', 'names no authorities'],
		['{"genesis":{"raw":{"top":{"0x1":"0x"}}}}', 'at 0x1'],
	] as const) {
		assert.throws(() => checkpointOfGenesis(text), (error: SyntaxError) => error.message.includes(words));
	}
});
