import { describe, expect, test } from 'vitest';
import { readable } from '../../src/lib/json';
import { linkTo, placeOf, search } from '../../src/lib/route';
import { short, stranger, words } from '../../src/lib/words';

describe('strangers', () => {
	test('cannot turn writing around, hide, or go on for ever', () => {
		expect(stranger('abc\u202edef\u202c')).toBe('abc\ufffddef\ufffd');
		expect(stranger('a\u200bb\u0000c\ufeff')).toBe('a\ufffdb\ufffdc\ufffd');
		expect(stranger('  a \n\n b ')).toBe('a b');
		expect(stranger('x'.repeat(100), 10)).toBe(`${'x'.repeat(9)}…`);
		// A letter of two halves is not cut in two.
		expect(stranger('😀'.repeat(20), 5)).toBe(`${'😀'.repeat(4)}…`);
	});

	test('may write what looks like markup, and in any language', () => {
		expect(stranger('<b>bold</b> & שלום')).toBe('<b>bold</b> & שלום');
	});
});

describe('names', () => {
	test('of the chain become words', () => {
		expect(['JobSubmitted', 'missed_deadlines', 'Final'].map(words)).toEqual(['job submitted', 'missed deadlines', 'final']);
	});

	test('that are long become short', () => {
		expect(short('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')).toBe('5Grwva…GKutQY');
		expect(short(`0x${'ab'.repeat(32)}`)).toBe('0xababab…ababab');
		expect(short('short')).toBe('short');
	});
});

describe('values', () => {
	test('are told in full where they are numbers, and cut where they are long', () => {
		expect(readable({ amount: 2n ** 70n })).toContain('1180591620717411303424');
		expect(readable(new Uint8Array([1, 255]))).toBe('"0x01ff"');
		expect(readable(new Uint8Array(100))).toContain('100 bytes');
		expect(readable(Array.from({ length: 100 }, () => 0))).toContain('100 elements');
	});
});

describe('places', () => {
	test('are behind the #', () => {
		expect(placeOf('')).toEqual({ page: 'explorer', about: '' });
		expect(placeOf('#/jobs/12')).toEqual({ page: 'jobs', about: '12' });
		expect(placeOf(linkTo('accounts', '//Alice'))).toEqual({ page: 'accounts', about: '//Alice' });
		expect(placeOf('#/jobs/%E0%A4%A')).toEqual({ page: 'jobs', about: '%E0%A4%A' });
	});

	test('are found by what is sought', () => {
		expect(search('1234')).toBe('#/blocks/1234');
		expect(search(' job 5 ')).toBe('#/jobs/5');
		expect(search('dispute #2')).toBe('#/disputes/2');
		expect(search('0.1')).toBe('#/models/0.1');
		expect(search(`0x${'A1'.repeat(32)}`)).toBe(`#/hashes/0x${'a1'.repeat(32)}`);
		expect(search('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')).toBe('#/accounts/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
		expect(search('what is this')).toBeUndefined();
	});
});
