// Amounts of ASY, read and written exactly. Everywhere else money is a `bigint` of smallest units.

import { Unreadable } from './errors.js';

/** Decimal places of one ASY. */
const DECIMALS = 12;
/** Smallest units in one ASY. */
const UNIT = 10n ** BigInt(DECIMALS);
/** Of what the chain counts. */
const MOST = 2n ** 128n - 1n;

/**
 * Reads an amount such as `0.25`, in smallest units.
 *
 * @throws {@link Unreadable} if the text is none.
 */
export function asy(text: string): bigint {
	const wrong = (reason: string) => new Unreadable('amount', `\`${text}\` is not an amount of ASY: ${reason}`);
	if (text.startsWith('-')) {
		throw wrong('it is negative');
	}
	const [, whole, part = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
	if (whole === undefined) {
		throw wrong('write digits with at most one point, such as 12.5');
	}
	if (part.length > DECIMALS) {
		throw wrong(`it has ${part.length} decimal places, at most ${DECIMALS} count`);
	}
	const amount = BigInt(whole) * UNIT + BigInt(part.padEnd(DECIMALS, '0'));
	if (amount > MOST) {
		throw wrong('it is too large');
	}
	return amount;
}

/** Writes an amount of smallest units as people read it: `0.25 ASY`. */
export function formatAsy(amount: bigint): string {
	const part = String(amount % UNIT).padStart(DECIMALS, '0').replace(/0+$/, '');
	return `${amount / UNIT}${part && `.${part}`} ASY`;
}
