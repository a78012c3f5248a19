import { describe, expect, test } from 'vitest';
import { freeFrom, preview, withdrawable, type Situation } from '../../src/lib/preview';

const ASY = 10n ** 12n;

function at(more: Partial<Situation> = {}): Situation {
	return {
		now: 45,
		period: 20,
		unbondingPeriod: 140,
		minDelegation: 10n * ASY,
		transferable: 100n * ASY,
		stake: 50n * ASY,
		unbonding: [],
		rewards: 0n,
		exposed: 0n,
		...more,
	};
}

describe('what asks to leave', () => {
	test('is free when its period is over and the unbonding period after it', () => {
		expect(freeFrom(at())).toBe(60 + 140);
		expect(freeFrom(at({ now: 59 }))).toBe(60 + 140);
		expect(freeFrom(at({ now: 60 }))).toBe(80 + 140);
	});

	test('stays held and can be lost until then', () => {
		const told = preview('unbond', 20n * ASY, at());
		expect(told).toMatchObject({ held: 50n * ASY, freed: 0n, freeFrom: 200, atRisk: 50n * ASY, refusal: undefined });
	});

	test('leaves enough behind, or nothing', () => {
		expect(preview('unbond', 45n * ASY, at()).refusal).toContain('what would remain');
		expect(preview('unbond', 40n * ASY, at()).refusal).toBeUndefined();
		// More than there is means everything.
		expect(preview('unbond', 500n * ASY, at()).refusal).toBeUndefined();
	});

	test('cannot be what still answers for another operator', () => {
		expect(preview('unbond', 20n * ASY, at({ exposed: 40n * ASY })).refusal).toContain('another operator');
		expect(preview('unbond', 10n * ASY, at({ exposed: 40n * ASY })).refusal).toBeUndefined();
	});
});

describe('what is put behind an operator', () => {
	test('is held with what is there and with what is leaving', () => {
		const told = preview('delegate', 30n * ASY, at({ unbonding: [{ amount: 5n * ASY, free_from: 90 }] }));
		expect(told).toMatchObject({ held: 85n * ASY, atRisk: 85n * ASY, refusal: undefined });
	});

	test('is neither more than there is nor less than the least', () => {
		expect(preview('delegate', 101n * ASY, at()).refusal).toContain('more than the account can spend');
		expect(preview('delegate', 9n * ASY, at({ stake: 0n })).refusal).toContain('less than the least');
		expect(preview('delegate', 0n, at()).refusal).toContain('zero');
	});
});

describe('what is taken', () => {
	const unbonding = [
		{ amount: 3n * ASY, free_from: 40 },
		{ amount: 4n * ASY, free_from: 45 },
		{ amount: 5n * ASY, free_from: 46 },
	];

	test('is what is free at the block', () => {
		expect(withdrawable(at({ unbonding }))).toBe(7n * ASY);
		expect(preview('withdraw', 0n, at({ unbonding }))).toMatchObject({ freed: 7n * ASY, held: 55n * ASY, refusal: undefined });
	});

	test('is refused where there is nothing', () => {
		expect(preview('withdraw', 0n, at()).refusal).toContain('free yet');
		expect(preview('claim', 0n, at()).refusal).toContain('nothing was earned');
		expect(preview('claim', 0n, at({ rewards: ASY }))).toMatchObject({ freed: ASY, refusal: undefined });
		expect(preview('rebond', ASY, at()).refusal).toContain('nothing is leaving');
	});
});

describe('what moves to another operator', () => {
	test('answers for both as long as leaving would have taken', () => {
		expect(preview('redelegate', 50n * ASY, at())).toMatchObject({ exposedUntil: 200, freeFrom: undefined, refusal: undefined });
		expect(preview('redelegate', 50n * ASY, at({ stake: 0n })).refusal).toContain('no stake of yours');
	});
});
