import type { Job } from 'assay-sdk';
import { describe, expect, test } from 'vitest';
import type { Audit, Dispute } from '../../src/chain/apis';
import { timeline, type Told } from '../../src/lib/timeline';

const [ALICE, BOB] = ['5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty'];
const ASY = 10n ** 12n;

function job(state: unknown): Job {
	return { id: 3n, consumer: BOB, submitted_at: 10, state } as Job;
}

function told(block: number, pallet: string, name: string, fields: object): Told {
	return { block, pallet, name, fields: { job: 3n, ...fields } };
}

const SUBMITTED = told(10, 'Jobs', 'JobSubmitted', { consumer: BOB, max_fee: ASY });
const CLAIMED = told(12, 'Jobs', 'ResultClaimed', { operator: ALICE, fee: ASY / 2n, final_at: 22 });

describe('the life of a job', () => {
	test('begins with its submission even where blocks are forgotten', () => {
		const [first] = timeline(job({ type: 'Open', value: { expires: 110 } }), [], undefined, []);
		expect(first).toMatchObject({ block: 10, title: 'submitted', tone: 'done' });
		expect(timeline(job({ type: 'Open', value: { expires: 110 } }), [SUBMITTED], undefined, []).filter(({ title }) => title === 'submitted')).toHaveLength(1);
	});

	test('says what it waits for, and until when', () => {
		const open = timeline(job({ type: 'Open', value: { expires: 110 } }), [SUBMITTED], undefined, []);
		expect(open.map(({ block, tone }) => [block, tone])).toEqual([[10, 'done'], [undefined, 'now'], [110, 'ahead']]);
		const assigned = timeline(job({ type: 'Assigned', value: { operator: ALICE, price: ASY, deadline: 50 } }), [SUBMITTED], undefined, []);
		expect(assigned.at(-1)).toMatchObject({ block: 50, title: 'the result is due' });
	});

	test('has every clock of a claim', () => {
		const audit = { phase: { type: 'Show', value: { deadline: 40 } } } as unknown as Audit;
		const dispute = { id: 7n, stage: { type: 'OpenGroup' }, deadline: 33 } as unknown as Dispute;
		const line = timeline(job({ type: 'Claimed', value: { operator: ALICE, price: ASY, final_at: 22 } }), [SUBMITTED, CLAIMED], audit, [dispute]);
		expect(line.filter(({ tone }) => tone === 'ahead').map(({ block }) => block)).toEqual([40, 33, 22]);
		expect(line.filter(({ tone }) => tone === 'now')).toHaveLength(1);
	});

	test('ends: nothing is ahead of what is over', () => {
		const paid = told(23, 'Jobs', 'JobFinalised', { operator: ALICE, paid: ASY / 2n, refunded: ASY / 2n });
		const line = timeline(job({ type: 'Final', value: {} }), [SUBMITTED, CLAIMED, paid], undefined, []);
		expect(line.map(({ title }) => title)).toEqual(['submitted', 'claimed', 'final']);
		expect(line.at(-1)?.detail).toBe('0.5 ASY to 5Grwva…GKutQY, 0.5 ASY back to the consumer');
	});

	test('shows what went wrong as such', () => {
		const struck = told(15, 'Jobs', 'ClaimStruckDown', { operator: ALICE, penalty: 200n * ASY });
		const opened = { ...told(13, 'Disputes', 'DisputeOpened', { dispute: 7n, challenger: BOB, accusation: { type: 'Head', value: { position: 12 } } }) };
		const ended = told(15, 'Disputes', 'DisputeEnded', { dispute: 7n, ruling: { type: 'Refuted' } });
		const line = timeline(job({ type: 'Open', value: { expires: 110 } }), [SUBMITTED, CLAIMED, opened, ended, struck], undefined, []);
		expect(line.filter(({ tone }) => tone === 'bad').map(({ detail }) => detail)).toEqual([
			'5FHneW…M694ty says that the head at position 12 is wrong',
			'a step is refuted: the claim is wrong',
			'5Grwva…GKutQY loses 200 ASY of its stake',
		]);
	});

	test('passes over what is not about it in a way that people read', () => {
		const dust = told(23, 'Jobs', 'DustBurned', { amount: 1n });
		expect(timeline(job({ type: 'Final', value: {} }), [SUBMITTED, dust], undefined, [])).toHaveLength(1);
	});
});
