// The first block of a chain, by its specification.

import { Binary, Blake2256, Bytes, compact, Twox128, u16 } from '@polkadot-api/substrate-bindings';
import type { Checkpoint } from './checkpoint.js';
import { authorities, concat, exactly, type Header } from './codecs.js';
import { hashOf } from './finality.js';

/** Values that are longer stand in a trie by their hashes. */
const MAX_INLINE = 32;
/** Where the chain keeps who signs finality. */
const AUTHORITIES = Binary.toHex(concat(Twox128(Binary.fromText('Grandpa')), Twox128(Binary.fromText('Authorities'))));
const NO_HASH = `0x${'00'.repeat(32)}`;
const EMPTY_TRIE = Uint8Array.of(0);

/** Hexadecimal. */
const isHex = (text: unknown): text is string => typeof text === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(text);

/**
 * Who signs first on a chain, by its specification: whoever trusts that needs no node for a checkpoint. The hash of the first
 * block follows from the state at genesis, which is hashed here.
 *
 * @param specification - As `assay-node export-chain-spec --raw` writes it.
 * @throws SyntaxError if the text is none.
 */
export function checkpointOfGenesis(specification: string): Checkpoint {
	const { genesis } = JSON.parse(specification) as { genesis?: { raw?: { top?: Record<string, unknown> } } };
	const top = genesis?.raw?.top;
	if (!top) {
		throw new SyntaxError('the specification does not hold the state at genesis: export it with --raw');
	}
	const state = new Map<string, Uint8Array>();
	for (const [key, value] of Object.entries(top)) {
		if (!isHex(key) || !isHex(value)) {
			throw new SyntaxError(`the state at genesis is not hexadecimal at ${key}`);
		}
		state.set(key.toLowerCase(), Binary.fromHex(value));
	}
	const stored = state.get(AUTHORITIES);
	let members;
	try {
		members = exactly(authorities, stored ?? Uint8Array.of());
	} catch {
		throw new SyntaxError('the state at genesis names no authorities');
	}
	const first: Header = {
		parentHash: NO_HASH,
		number: 0,
		stateRoot: trieRoot(state),
		extrinsicRoot: Binary.toHex(Blake2256(EMPTY_TRIE)),
		digests: [],
	};
	return {
		genesis: hashOf(first),
		after: 0,
		set: { id: 0n, authorities: members.map(([key, weight]) => ({ key, weight })) },
	};
}

/**
 * The root of the trie that holds these values by their keys in hexadecimal, as the chain lays its state out (version 1 of the
 * layout).
 */
export function trieRoot(state: ReadonlyMap<string, Uint8Array>): string {
	const entries = [...state].map(([key, value]): Entry => ({ digits: key.slice(2), value }));
	entries.sort((one, other) => (one.digits < other.digits ? -1 : 1));
	return Binary.toHex(Blake2256(entries.length > 0 ? node(entries, 0) : EMPTY_TRIE));
}

/** A value, by the digits of its key. */
interface Entry {
	digits: string;
	value: Uint8Array;
}

/** The node that holds entries, which are in order and have the first `depth` digits in common. */
function node(entries: readonly Entry[], depth: number): Uint8Array {
	const [first, last] = [entries[0], entries.at(-1)];
	if (!first || !last) {
		throw new Error('unreachable: a node holds something');
	}
	// In order, what the first and the last have in common all have.
	let end = depth;
	while (end < first.digits.length && first.digits[end] === last.digits[end]) {
		end += 1;
	}
	const partial = first.digits.slice(depth, end);
	const own = first.digits.length === end ? first.value : undefined;
	const below = own ? entries.slice(1) : entries;
	if (own && below.length === 0) {
		const isHashed = own.length > MAX_INLINE;
		return concat(isHashed ? head(0b0010_0000, 5, partial) : head(0b0100_0000, 6, partial), stored(own));
	}
	const children = new Map<number, Entry[]>();
	for (const entry of below) {
		const digit = Number.parseInt(entry.digits[end] ?? '', 16);
		const siblings = children.get(digit);
		if (siblings) {
			siblings.push(entry);
		} else {
			children.set(digit, [entry]);
		}
	}
	const digits = [...children.keys()].sort((one, other) => one - other);
	const begin = !own
		? head(0b1000_0000, 6, partial)
		: own.length > MAX_INLINE
			? head(0b0001_0000, 4, partial)
			: head(0b1100_0000, 6, partial);
	const bitmap = digits.reduce((map, digit) => map | (1 << digit), 0);
	const nodes = digits.map((digit) => {
		const child = node(children.get(digit) ?? [], end + 1);
		return Bytes().enc(child.length < 32 ? child : Blake2256(child));
	});
	return concat(begin, u16.enc(bitmap), own ? stored(own) : Uint8Array.of(), ...nodes);
}

/** A value as it stands in its node. */
function stored(value: Uint8Array): Uint8Array {
	return value.length > MAX_INLINE ? Blake2256(value) : concat(compact.enc(value.length), value);
}

/** What a node begins with: its kind, how many digits it adds to the key, in the `bits` that are left and as many bytes as it takes, and those. */
function head(kind: number, bits: number, partial: string): Uint8Array {
	const most = 2 ** bits - 1;
	const sizes = [kind | Math.min(partial.length, most)];
	for (let rest = partial.length - most; rest >= 0; rest -= 255) {
		sizes.push(Math.min(rest, 255));
	}
	return concat(Uint8Array.from(sizes), Binary.fromHex(`0x${partial.length % 2 ? '0' : ''}${partial}`));
}
