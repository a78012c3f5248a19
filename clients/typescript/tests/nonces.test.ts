import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, NonceBook } from '../src/nonces.js';

test('each of many transactions gets a nonce of its own', () => {
	const book = new NonceBook();
	const nonces = Array.from({ length: 20 }, () => book.reserve(5, 1, 64));
	assert.deepEqual(nonces, Array.from({ length: 20 }, (_, index) => 5 + index));
});

test('a gap that was given back comes first', () => {
	const book = new NonceBook();
	[0, 1, 2].forEach(() => book.reserve(0, 1, 64));
	book.giveBack(1);
	assert.equal(book.reserve(0, 1, 64), 1);
	assert.equal(book.reserve(0, 1, 64), 3);
});

test('what others have signed is seen in what the node expects', () => {
	const book = new NonceBook();
	assert.equal(book.reserve(0, 1, 64), 0);
	assert.equal(book.reserve(4, 1, 64), 4);
});

test('a nonce is free when no block can hold its transaction any more', () => {
	const book = new NonceBook();
	assert.equal(book.reserve(3, 1, 64), 3);
	assert.equal(book.reserve(3, 64, 127), 4);
	assert.equal(book.reserve(3, 65, 128), 3);
});

test('what comes before is handed over again, unless a block holds it', () => {
	const book = new NonceBook();
	[10, 11, 12].forEach((nonce) => {
		book.reserve(nonce, 1, 64);
		book.sent(nonce, `0x${nonce}`);
	});
	assert.deepEqual(book.before(12), ['0x10', '0x11']);
	book.included(10);
	assert.deepEqual(book.before(12), ['0x11']);
});

test('at a desk one acts after the other, also after a failure', async () => {
	const desk = new Desk();
	const acts: string[] = [];
	const act = (name: string, fails = false) =>
		desk.inTurn(async () => {
			acts.push(`${name} begins`);
			await new Promise((resolve) => setImmediate(resolve));
			acts.push(`${name} ends`);
			if (fails) {
				throw new Error(name);
			}
			return name;
		});
	const ended = await Promise.allSettled([act('one'), act('two', true), act('three')]);
	assert.deepEqual(
		ended.map(({ status }) => status),
		['fulfilled', 'rejected', 'fulfilled'],
	);
	assert.deepEqual(acts, ['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
});
