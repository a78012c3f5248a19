import { describe, expect, test } from 'vitest';
import { alerts, type Watched } from '../../src/lib/alerts';

const OPERATOR: Watched['operators'][number] = {
	stake: { account: 'A', chilled: false, active: true, committed: 0n, commitment_limit: 100n },
	serving: { listed: true, offers: [1], last_heartbeat: 90 },
	duties: [],
	validator: { validates: true, barred: false, silence: 0 },
	validation: { silence_limit: 100 },
};

function watched(more: Partial<Watched> = {}, operator: Partial<Watched['operators'][number]> = {}): Watched {
	return {
		status: { running: true, worker_keys: [], artifacts: [], endpoint: null },
		health: { peers: 2, isSyncing: false, shouldHavePeers: true },
		now: 100,
		final: 98,
		operators: [{ ...OPERATOR, ...operator }],
		...more,
	};
}

const texts = (of: Watched) => alerts(of).map(({ text }) => text);

describe('alerts', () => {
	test('are none where all is well, or where nobody tells', () => {
		expect(alerts(watched())).toEqual([]);
		expect(alerts(watched({ status: undefined, operators: [] }))).toEqual([]);
	});

	test('tell of what will be missed', () => {
		const duties = [{ job: 5n, deadline: 105 }, { job: 6n, deadline: 140 }];
		expect(texts(watched({}, { duties }))).toEqual(['A result is due within 10 blocks: job 5.']);
		const offer = { version: { model: 1, version: 0 }, name: '', artifact: '', present: false };
		const status = { running: true, worker_keys: [{ worker_key: 'K', signs: false, operator: 'A', offers: [offer] }], artifacts: [], endpoint: null };
		expect(alerts(watched({ status }))).toEqual([
			{ bad: true, text: expect.stringContaining('K cannot sign') as string },
			{ bad: true, text: expect.stringContaining('1.0 is offered') as string },
		]);
	});

	test('tell of the chain and of the node', () => {
		expect(texts(watched({ now: 200 }))).toEqual([expect.stringContaining('102 blocks behind')]);
		expect(texts(watched({ health: { peers: 0, isSyncing: true, shouldHavePeers: true } }))).toHaveLength(2);
		expect(texts(watched({ health: { peers: 0, isSyncing: false, shouldHavePeers: false } }))).toEqual([]);
	});

	test('tell of the operator, what costs something first', () => {
		const stake = { ...OPERATOR.stake, committed: 95n };
		const found = alerts(watched({}, { stake, validator: { validates: true, barred: false, silence: 60 } }));
		expect(found.map(({ bad }) => bad)).toEqual([true, false]);
		expect(texts(watched({}, { stake: { ...OPERATOR.stake, chilled: true } }))).toEqual([expect.stringContaining('chilled')]);
		expect(texts(watched({}, { serving: { listed: false, offers: [1] } }))).toEqual([expect.stringContaining('not listed')]);
	});
});
