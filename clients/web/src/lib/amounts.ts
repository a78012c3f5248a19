// Amounts, shares and times as people read them. Amounts are whole numbers of smallest units; nothing here rounds money that is moved.

/** Decimal places of one ASY. */
const DECIMALS = 12;
const UNIT = 10n ** BigInt(DECIMALS);
/** Of shares: what the chain calls one. */
const MILLION = 1_000_000;
const YEAR_MS = 365 * 24 * 3_600_000;

/** An amount, exact: `1,234.5`. */
export function exact(amount: bigint): string {
	const part = String(amount % UNIT)
		.padStart(DECIMALS, '0')
		.replace(/0+$/, '');
	return `${grouped(amount / UNIT)}${part && `.${part}`}`;
}

/** An amount for a table: exact where it is short, otherwise cut to four digits that say something. */
export function brief(amount: bigint): string {
	const whole = amount / UNIT;
	const part = String(amount % UNIT).padStart(DECIMALS, '0');
	if (amount === 0n) {
		return '0';
	}
	const zeros = whole === 0n ? (/^0*/.exec(part)?.[0].length ?? 0) : 0;
	const kept = part.slice(0, whole === 0n ? zeros + 4 : whole >= 1_000n ? 2 : 4).replace(/0+$/, '');
	return `${grouped(whole)}${kept && `.${kept}`}`;
}

/** A whole number with its thousands apart. */
export function grouped(number: bigint | number): string {
	return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A share in millionths as per cent: `1.5 %`. */
export function percent(millionths: number): string {
	return `${(millionths / (MILLION / 100)).toFixed(4).replace(/\.?0+$/, '')} %`;
}

/** How large a part of a whole is, in millionths, rounded down; 0 of nothing. */
export function shareOf(part: bigint, whole: bigint): number {
	return whole === 0n ? 0 : Number((part * BigInt(MILLION)) / whole);
}

/** A time in the largest two units that say something: `3 h 20 min`. */
export function duration(ms: number): string {
	const seconds = Math.round(ms / 1_000);
	const parts: [number, string][] = [
		[Math.floor(seconds / 86_400), 'd'],
		[Math.floor(seconds / 3_600) % 24, 'h'],
		[Math.floor(seconds / 60) % 60, 'min'],
		[seconds % 60, 's'],
	];
	const first = parts.findIndex(([count]) => count > 0);
	if (first < 0) {
		return '0 s';
	}
	return parts
		.slice(first, first + 2)
		.filter(([count]) => count > 0)
		.map(([count, unit]) => `${count} ${unit}`)
		.join(' ');
}

/** What a period brought to the members of a pool. */
export interface Return {
	/** Its first block. */
	from: number;
	/** What was shared out among them. */
	shared: bigint;
	/** The stake among which it was. */
	stake: bigint;
}

/**
 * What the periods that brought something would come to in a year, with those in between that did not, in millionths of the stake and
 * without compounding; nothing where none is known. The past promises nothing.
 *
 * @param returns - Oldest first.
 * @param now - The present block.
 * @param blockMs - Milliseconds between two blocks.
 */
export function yearly(returns: readonly Return[], now: number, blockMs: number): number | undefined {
	const first = returns[0];
	const time = first ? (now - first.from) * blockMs : 0;
	if (time <= 0) {
		return undefined;
	}
	const sum = returns.reduce((sum, { shared, stake }) => sum + shareOf(shared, stake), 0);
	return Math.round(sum * (YEAR_MS / time));
}
