// Blocks of a chain that is made of nothing but headers and three authorities.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Binary } from '@polkadot-api/substrate-bindings';
import { consensusLog, signedVote, type Finalised, type Header } from '../src/receipts/codecs.js';
import { check, handOver, hashOf, type AuthoritySet } from '../src/receipts/finality.js';
import { FlawError, type Flaw, type Unfinal } from '../src/receipts/flaw.js';

const SET = 7n;
const ROUND = 3n;
const HASH = `0x${'11'.repeat(32)}`;

/** An authority's secret. */
const secret = (seed: number) => new Uint8Array(32).fill(seed);
const key = (seed: number) => Binary.toHex(ed25519.getPublicKey(secret(seed)));

/** A set of authorities of these weights. */
function aSet(...weights: number[]): AuthoritySet {
	return { id: SET, authorities: weights.map((weight, index) => ({ key: key(index + 1), weight: BigInt(weight) })) };
}

function aHeader(number: number, parentHash = HASH, digests: Header['digests'] = []): Header {
	return { parentHash, number, stateRoot: HASH, extrinsicRoot: HASH, digests };
}

/** The vote of an authority for a block. */
function aVote(seed: number, of: Header, { set = SET, round = ROUND } = {}) {
	const [target_hash, target_number] = [hashOf(of), of.number];
	const message = signedVote.enc([Uint8Array.of(1), target_hash, target_number, round, set]);
	return { id: key(seed), signature: ed25519.sign(message, secret(seed)), precommit: { target_hash, target_number } };
}

function aBlock(header: Header, precommits: ReturnType<typeof aVote>[], headers: Header[] = []): Finalised {
	const commit = { target_hash: hashOf(header), target_number: header.number, precommits };
	return { header, justification: { round: ROUND, commit, votes_ancestries: headers } };
}

/** What does not hold. */
function flaw(act: () => unknown): Flaw {
	try {
		act();
	} catch (error) {
		assert.ok(error instanceof FlawError, String(error));
		return error.flaw;
	}
	throw new assert.AssertionError({ message: 'it holds' });
}

function unfinal(block: Finalised, set: AuthoritySet): Unfinal {
	const found = flaw(() => check(block, set));
	assert.equal(found.type, 'Unfinal');
	return (found as Flaw & { type: 'Unfinal' }).reason;
}

const block = aHeader(40);
const next = aHeader(41, hashOf(block));
const fork = aHeader(41, hashOf(block), [{ type: 'other', value: Uint8Array.of(1) }]);
const afterNext = aHeader(42, hashOf(next));

test('more than two thirds of the weight make a block final', () => {
	check(aBlock(block, [1, 2, 3].map((seed) => aVote(seed, block))), aSet(1, 1, 1));
	check(aBlock(block, [1, 2, 3].map((seed) => aVote(seed, block))), aSet(1, 1, 1, 1));
	assert.deepEqual(unfinal(aBlock(block, [aVote(1, block), aVote(2, block)]), aSet(1, 1, 1)), {
		type: 'TooFew',
		signed: 2n,
		total: 3n,
	});
	check(aBlock(block, [aVote(1, block)]), aSet(3, 1));
	assert.equal(unfinal(aBlock(block, []), aSet(1)).type, 'TooFew');
});

test('a vote for a later block counts, if its headers lead here', () => {
	const votes = [aVote(1, block), aVote(2, next), aVote(3, afterNext)];
	check(aBlock(block, votes, [next, afterNext]), aSet(1, 1, 1));
	check(aBlock(block, votes, [afterNext, next]), aSet(1, 1, 1));
	for (const headers of [[next], [afterNext], [next, afterNext, next], [next, afterNext, aHeader(43, HASH)]]) {
		assert.deepEqual(unfinal(aBlock(block, votes, headers), aSet(1, 1, 1)), { type: 'Ancestry' });
	}
});

test('the block that is final is the highest that two thirds voted for', () => {
	const votes = [aVote(1, block), aVote(2, next), aVote(3, next), aVote(4, next)];
	assert.equal(unfinal(aBlock(block, votes, [next]), aSet(1, 1, 1, 1)).type, 'TooFew');
	// Nobody voted for the block itself, and two thirds for nothing above it: GRANDPA would have to see a block below these votes.
	const apart = [aVote(1, next), aVote(2, next), aVote(3, fork)];
	assert.equal(unfinal(aBlock(block, apart, [next, fork]), aSet(1, 1, 1)).type, 'TooFew');
});

test('who votes twice counts once, and for everything', () => {
	const twice = [aVote(1, next), aVote(1, fork)];
	check(aBlock(block, [...twice, aVote(2, block), aVote(3, block)], [next, fork]), aSet(1, 1, 1));
	assert.equal(unfinal(aBlock(block, [...twice, aVote(2, block)], [next, fork]), aSet(1, 1, 1)).type, 'TooFew');
	assert.deepEqual(unfinal(aBlock(block, [aVote(1, block), aVote(1, block), aVote(1, block)]), aSet(1)), {
		type: 'TooManyVotes',
		votes: 3,
		voters: 1,
	});
});

test('what is not signed by the set is told apart', () => {
	const set = aSet(1, 1, 1);
	const two = [aVote(1, block), aVote(2, block)];
	assert.deepEqual(unfinal(aBlock(block, [...two, aVote(9, block)]), set), { type: 'Stranger', key: key(9) });
	assert.deepEqual(unfinal(aBlock(block, [...two, aVote(3, block, { round: 4n })]), set), { type: 'Signature', key: key(3) });
	assert.deepEqual(unfinal(aBlock(block, [...two, aVote(3, block, { set: SET - 1n })]), set), { type: 'OlderSet', key: key(3) });
	const other = { ...aBlock(block, two), header: aHeader(39) };
	assert.deepEqual(unfinal(other, set), { type: 'OtherBlock', number: 40, hash: hashOf(block) });
	assert.deepEqual(flaw(() => check(aBlock(block, two), aSet())), { type: 'Authorities', set: SET });
	assert.deepEqual(flaw(() => check(aBlock(block, two), aSet(0, 0))), { type: 'Authorities', set: SET });
	const many = Array.from({ length: 4_097 }, () => next);
	assert.equal(unfinal(aBlock(block, [...two, aVote(3, block)], many), set).type, 'TooManyHeaders');
});

/** What a header says to those who vote. */
function said(log: Parameters<typeof consensusLog.enc>[0]): Header['digests'][number] {
	return { type: 'consensus', value: { engine: 'FRNK', payload: Binary.toHex(consensusLog.enc(log)) } };
}

test('the last block of a set names the next', () => {
	const change = (delay: number, seed: number) =>
		said({ type: 'ScheduledChange', value: { next_authorities: [[key(seed), 5n]], delay } });
	const last = (...digests: Header['digests']) => {
		const header = aHeader(40, HASH, digests);
		return aBlock(header, [aVote(1, header)]);
	};
	const set = aSet(1);
	assert.deepEqual(handOver(last(said({ type: 'Pause', value: 3 }), change(0, 8), change(0, 9)), set), {
		id: SET + 1n,
		authorities: [{ key: key(8), weight: 5n }],
	});
	const forced = said({ type: 'ForcedChange', value: [1, { next_authorities: [[key(8), 5n]], delay: 0 }] });
	const unreadable: Header['digests'][number] = { type: 'consensus', value: { engine: 'FRNK', payload: '0x07' } };
	for (const block of [last(), last(change(1, 8)), last(change(0, 8), forced), last(change(0, 8), unreadable)]) {
		assert.deepEqual(flaw(() => handOver(block, set)), { type: 'NoHandover', block: 40, set: SET });
	}
});
