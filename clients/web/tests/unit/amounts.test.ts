import { describe, expect, test } from 'vitest';
import { brief, duration, exact, grouped, percent, shareOf, yearly } from '../../src/lib/amounts';

const ASY = 10n ** 12n;

describe('amounts', () => {
	test('are exact where they are exact', () => {
		expect(exact(1_234_567n * ASY + 1n)).toBe('1,234,567.000000000001');
		expect(exact(ASY / 4n)).toBe('0.25');
		expect(exact(0n)).toBe('0');
		expect(exact(2n ** 128n - 1n)).toBe('340,282,366,920,938,463,463,374,607.431768211455');
	});

	test('are cut in tables, never rounded up, and never to nothing', () => {
		expect(brief(0n)).toBe('0');
		expect(brief(1n)).toBe('0.000000000001');
		expect(brief(1_259_335_000n)).toBe('0.001259');
		expect(brief(ASY - 1n)).toBe('0.9999');
		expect(brief(12n * ASY + 345_678_900_000n)).toBe('12.3456');
		expect(brief(999_999n * ASY + 999_999_999_999n)).toBe('999,999.99');
		expect(brief(500n * ASY)).toBe('500');
	});

	test('have their thousands apart', () => {
		expect([0, 12, 999, 1_000, 1_234_567].map(grouped)).toEqual(['0', '12', '999', '1,000', '1,234,567']);
	});
});

describe('shares', () => {
	test('are per cent of millionths', () => {
		expect([0, 15_000, 714_285, 1_000_000].map(percent)).toEqual(['0 %', '1.5 %', '71.4285 %', '100 %']);
	});

	test('of nothing are nothing', () => {
		expect(shareOf(5n, 0n)).toBe(0);
		expect(shareOf(1n, 3n)).toBe(333_333);
	});
});

describe('times', () => {
	test('have two units at most', () => {
		expect([0, 400, 1_000, 61_000, 3_600_000, 90_061_000].map(duration)).toEqual(['0 s', '0 s', '1 s', '1 min 1 s', '1 h', '1 d 1 h']);
	});
});

describe('returns', () => {
	const YEAR_BLOCKS = 365 * 24 * 1_200;

	test('of a whole year are what they were', () => {
		const returns = [
			{ from: 0, shared: 5n * ASY, stake: 100n * ASY },
			{ from: YEAR_BLOCKS / 2, shared: 5n * ASY, stake: 100n * ASY },
		];
		expect(yearly(returns, YEAR_BLOCKS, 3_000)).toBe(100_000);
	});

	test('count the periods that brought nothing', () => {
		const returns = [{ from: 0, shared: ASY, stake: 100n * ASY }];
		expect(yearly(returns, YEAR_BLOCKS / 10, 3_000)).toBe(100_000);
		expect(yearly(returns, YEAR_BLOCKS / 5, 3_000)).toBe(50_000);
	});

	test('are unknown where there were none', () => {
		expect(yearly([], 100, 3_000)).toBeUndefined();
		expect(yearly([{ from: 100, shared: ASY, stake: ASY }], 100, 3_000)).toBeUndefined();
	});
});
