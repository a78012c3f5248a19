// Values of the chain as text that people read.

/** Elements of a list that are shown at most. */
const MOST = 64;
/** Bytes that are shown at most. */
const BYTES = 64;

/** A value as indented text: amounts in full, bytes in hexadecimal, long lists cut. It is text, and shown as such. */
export function readable(value: unknown): string {
	return JSON.stringify(value, replace, 2) ?? '';
}

function replace(_: string, value: unknown): unknown {
	if (typeof value === 'bigint') {
		return String(value);
	}
	if (value instanceof Uint8Array) {
		const head = [...value.subarray(0, BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
		return `0x${head}${value.length > BYTES ? `… ${value.length} bytes` : ''}`;
	}
	if (Array.isArray(value) && value.length > MOST) {
		return [...value.slice(0, MOST), `… ${value.length} elements`];
	}
	return value;
}
