// A receipt of a development chain, made by `assay receipt get`; `settlement.json` is what `assay receipt verify --json` says
// of it. When the form of the chain's records changes (`LAYOUTS`), take a new one: a checkpoint, two sessions later the receipt for it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatCheckpoint, parseCheckpoint } from '../src/receipts/checkpoint.js';
import { FlawError } from '../src/receipts/flaw.js';
import { MAX_BYTES, Receipt } from '../src/receipts/receipt.js';

/** Of the bytes of a receipt, every so many are changed: checking each takes a signature. */
const STRIDE = 11;

const sample = (name: string) => readFileSync(new URL(`../../tests/samples/${name}`, import.meta.url));
const bytes = new Uint8Array(sample('job.receipt'));
const { genesis, set, after } = parseCheckpoint(sample('checkpoint.json').toString());
const told = JSON.parse(sample('settlement.json').toString());

/** Why a receipt proves nothing. */
function flaw(act: () => unknown): string {
	try {
		act();
	} catch (error) {
		assert.ok(error instanceof FlawError, String(error));
		return error.message;
	}
	throw new assert.AssertionError({ message: 'it holds' });
}

test('a receipt proves what the command line says that it proves', () => {
	const settlement = Receipt.fromBytes(bytes).verify(set, genesis);
	const { record, claim, audit } = settlement;
	assert.equal(settlement.genesis, told.genesis);
	assert.deepEqual([settlement.block, settlement.hash], [told.block, told.block_hash]);
	assert.deepEqual([settlement.set.id, settlement.job], [BigInt(told.set), BigInt(told.job.id)]);
	assert.equal(`${record.version.model}.${record.version.version}`, told.job.model);
	assert.deepEqual([record.artifact, record.consumer], [told.job.artifact, told.job.consumer]);
	assert.deepEqual([record.max_fee, record.fee], [BigInt(told.job.max_fee), BigInt(told.fee)]);
	assert.deepEqual([record.attempt, record.submitted_at], [told.job.attempt, told.job.submitted_at]);
	assert.deepEqual(record.failed, told.failed);
	assert.equal(record.state.type, told.job.state);
	for (const [field, value] of Object.entries(record.state.value)) {
		assert.equal(String(value), told.job[field], field);
	}
	assert.deepEqual(settlement.input, { type: 'Tokens', value: told.job.input.tokens });
	assert.deepEqual(claim, {
		output: { type: 'Tokens', value: told.job.output.tokens },
		trace: told.job.trace,
		root: told.job.claim,
	});
	assert.deepEqual([audit?.operator, audit?.attempt], [told.audit.operator, told.audit.attempt]);
	assert.equal(audit?.spot_check?.place.type, Object.keys(told.audit.spot_check.place)[0]);
});

test('a receipt is written as it was read', () => {
	assert.deepEqual(Receipt.fromBytes(bytes).toBytes(), bytes);
});

test('handovers lead from the set that is trusted, and from each after it', () => {
	const receipt = Receipt.fromBytes(bytes);
	assert.ok(receipt.handovers.length >= 2, 'the sample has too few handovers');
	assert.equal(receipt.firstSet, set.id);
	const signed = receipt.verify(set).set;
	assert.equal(signed.id, receipt.set);
	assert.deepEqual(receipt.verify(signed).claim, receipt.verify(set).claim);
	for (const id of [set.id - 1n, receipt.set + 1n]) {
		assert.match(flaw(() => receipt.verify({ ...set, id })), new RegExp(`those that you trust are of set ${id}`));
	}
});

test('a receipt of another chain, or for other authorities, proves nothing', () => {
	const receipt = Receipt.fromBytes(bytes);
	const other = `0x${'12'.repeat(32)}`;
	assert.match(flaw(() => receipt.verify(set, other)), new RegExp(`not of ${other}`));
	const strangers = { ...set, authorities: [{ key: other, weight: 1n }] };
	assert.match(flaw(() => receipt.verify(strangers)), /is none of them/);
	assert.match(flaw(() => receipt.verify({ ...set, authorities: [] })), /has no authorities/);
});

test('a receipt does not serve for another job', () => {
	const { job, set: by, handovers, block, proof } = Receipt.fromBytes(bytes);
	assert.match(flaw(() => new Receipt(job + 1n, by, handovers, block, proof).verify(set)), /proof/);
});

test('each node of the proof is needed, and no other is taken', () => {
	const { job, set: by, handovers, block, proof } = Receipt.fromBytes(bytes);
	proof.forEach((_, left) => {
		const less = proof.filter((_, index) => index !== left);
		assert.match(flaw(() => new Receipt(job, by, handovers, block, less).verify(set)), /does not lead/);
	});
	for (const more of [Uint8Array.of(0), proof[0] ?? Uint8Array.of()]) {
		assert.match(flaw(() => new Receipt(job, by, handovers, block, [...proof, more]).verify(set)), /1 of .* prove nothing/);
	}
});

test('no changed byte is missed', () => {
	for (let at = 0; at < bytes.length; at += STRIDE) {
		const changed = Uint8Array.from(bytes);
		changed[at] = (changed[at] ?? 0) ^ 1;
		flaw(() => Receipt.fromBytes(changed).verify(set, genesis));
	}
});

test('what is no receipt is told apart', () => {
	assert.match(flaw(() => Receipt.fromBytes(new Uint8Array(MAX_BYTES + 1))), /has 16777217 bytes/);
	assert.match(flaw(() => Receipt.fromBytes(Uint8Array.of(1, 2, 3))), /does not begin as receipts do/);
	for (const other of [bytes.slice(0, -1), Uint8Array.of(...bytes, 0), bytes.slice(0, 9)]) {
		assert.match(flaw(() => Receipt.fromBytes(other)), /does not go on as one/);
	}
});

test('a checkpoint is read as it was written, and its flaws are named', () => {
	assert.deepEqual(parseCheckpoint(formatCheckpoint({ genesis, after, set })), { genesis, after, set });
	assert.deepEqual(JSON.parse(formatCheckpoint({ genesis, after, set })), JSON.parse(sample('checkpoint.json').toString()));
	const file = JSON.parse(formatCheckpoint({ genesis, after, set }));
	const wrong: [string, unknown][] = [['genesis', '0x12'], ['after', -1], ['set', '3'], ['authorities', [{ key: 'k', weight: 1 }]]];
	for (const [field, value] of wrong) {
		assert.throws(() => parseCheckpoint(JSON.stringify({ ...file, [field]: value })), new RegExp(`\`${field}\``));
	}
	assert.throws(() => parseCheckpoint('null'), SyntaxError);
});
