import { describe, expect, test } from 'vitest';
import type { Dispute, DisputeRecord } from '../../src/chain/apis';
import type { Told } from '../../src/lib/timeline';
import { proofIn, walk, type Proof } from '../../src/lib/walk';

function dispute(more: object = {}): Dispute {
	return { id: 1n, job: 3n, attempt: 0, bond: 0n, deadline: 0, late: false, ...more } as unknown as Dispute;
}

function told(name: string, fields: object): Told {
	return { block: 1, pallet: 'Disputes', name, fields: { dispute: 1n, ...fields } };
}

const HASH = `0x${'00'.repeat(32)}`;
const TRACE = told('DisputeOpened', { accusation: { type: 'Trace' } });
/** Three rows of 16 positions in groups of 8. */
const GROUPS = Array.from({ length: 6 }, () => HASH);
const CELLS = { type: 'Group', value: { group: { row: 2, index: 0 }, cells: Array.from({ length: 8 }, () => ({ vectors: [] })) } };
const PLACE = { type: 'Cell', value: { row: 2, position: 5 } } as Proof['place'];

describe('a walk', () => {
	test('begins with all groups', () => {
		const way = walk(dispute({ stage: { type: 'PointAtGroup' } }), [TRACE], { hash: HASH, groups: GROUPS } as unknown as DisputeRecord, undefined, [1, 2, 3], 14);
		expect(way.accusation).toBe('the trace');
		expect(way.levels[0]).toMatchObject({ name: 'groups', count: 6, chosen: undefined, shown: true });
		expect(way.levels.at(-1)).toMatchObject({ name: 'the one step', shown: false });
		expect(way.ruling).toBeUndefined();
	});

	test('goes down to the element, its value and the verdict', () => {
		const moves = [
			TRACE,
			told('DisputeMoved', { stage: { type: 'PointAtGroup' } }),
			told('DisputeMoved', { stage: { type: 'OpenGroup', value: { group: { row: 2, index: 0 } } } }),
			told('DisputeMoved', { stage: { type: 'Show', value: { place: PLACE, target: { type: 'Vector', value: 4 } } } }),
		];
		const record = { hash: HASH, groups: GROUPS, cells: CELLS, shown: [PLACE, { type: 'Vector', value: 4 }, { type: 'Values', value: [0, 98_304] }] };
		const proof = { place: PLACE, step: { type: 'Element', value: { op: 4, index: 1 } } } as Proof;
		const way = walk(dispute({ ruling: { type: 'Refuted' } }), moves, record as unknown as DisputeRecord, proof, [1, 2, 3], 14);
		expect(way.levels.map(({ name, chosen }) => [name, chosen])).toEqual([
			['groups', 4],
			['cells', 5],
			['inside the cell', undefined],
			['the one step', 0],
		]);
		expect(way.levels[1]?.detail).toBe('layer 2 at position 5');
		expect(way.claimed).toBe('1.5');
		expect(way.ruling).toBe('Refuted');
	});

	test('about a token has both tokens', () => {
		const opened = told('DisputeOpened', { accusation: { type: 'Head', value: { position: 12 } } });
		const proof = { place: { type: 'Head', value: { position: 12 } }, step: { type: 'Choice', value: { rival: 1377 } } } as Proof;
		// Eight tokens of prompt: the head at position 12 chose the sixth of the output.
		const way = walk(dispute({ ruling: { type: 'Refuted' } }), [opened], undefined, proof, [1, 2, 3, 4, 5, 1378], 8);
		expect(way.levels.map(({ name }) => name)).toEqual(['head', 'the one step']);
		expect([way.claimed, way.instead]).toEqual(['token 1378', 'token 1377']);
	});

	test('does not say which group it was where that cannot be known', () => {
		const moves = [TRACE, told('DisputeMoved', { stage: { type: 'OpenGroup', value: { group: { row: 1, index: 1 } } } })];
		const record = { hash: HASH, groups: GROUPS } as unknown as DisputeRecord;
		expect(walk(dispute(), moves, record, undefined, [1, 2, 3], 14).levels[0]).toMatchObject({ chosen: undefined, detail: 'group 1 of layer 1 differs' });
	});
});

describe('a proof', () => {
	const proof = { place: PLACE, step: { type: 'Element', value: { op: 0, index: 0 } } };

	test('is found in a transaction of a challenger, and in that of the node of an auditor', () => {
		expect(proofIn({ pallet: 'Disputes', call: 'prove', arguments: { dispute: 1n, proof } })).toMatchObject({ dispute: 1n });
		const signed = { signed: { act: { type: 'Prove', value: { dispute: 2n, proof } } } };
		expect(proofIn({ pallet: 'Disputes', call: 'move_as_operator', arguments: signed })).toMatchObject({ dispute: 2n });
	});

	test('is in no other', () => {
		expect(proofIn({ pallet: 'Jobs', call: 'prove', arguments: {} })).toBeUndefined();
		expect(proofIn({ pallet: 'Disputes', call: 'expire', arguments: { dispute: 1n } })).toBeUndefined();
		expect(proofIn({ pallet: 'Disputes', call: 'move_as_operator', arguments: { signed: { act: { type: 'PointAtGroup', value: {} } } } })).toBeUndefined();
	});
});
