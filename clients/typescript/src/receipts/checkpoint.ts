// Checkpoints, and the files that they are kept in.

import type { AuthoritySet } from './finality.js';

/** What a verifier trusts: which chain, and who signs finality there from some block on. */
export interface Checkpoint {
	/** The hash of the chain's first block. */
	genesis: string;
	/** The set signs the block after this one. */
	after: number;
	/** Who signs. */
	set: AuthoritySet;
}

/** A number that JSON can hold. */
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** 32 bytes in hexadecimal. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value);

/**
 * Reads a checkpoint as `assay receipt checkpoint` writes it.
 *
 * @throws SyntaxError if the text is none; it names the field.
 */
export function parseCheckpoint(text: string): Checkpoint {
	const file = JSON.parse(text) as Record<string, unknown> | null;
	const field = <T>(name: string, is: (value: unknown) => value is T, what: string): T => {
		const value = file?.[name];
		if (!is(value)) {
			throw new SyntaxError(`a checkpoint has ${what} in \`${name}\`, and not ${JSON.stringify(value)}`);
		}
		return value;
	};
	const isAuthorities = (value: unknown): value is { key: string; weight: number }[] =>
		Array.isArray(value) && value.every((authority) => isHash(authority?.key) && isCount(authority?.weight));
	const authorities = field('authorities', isAuthorities, 'a list of `key` and `weight`');
	return {
		genesis: field('genesis', isHash, '32 bytes in hexadecimal').toLowerCase(),
		after: field('after', isCount, 'a block number'),
		set: {
			id: BigInt(field('set', isCount, 'the number of a set')),
			authorities: authorities.map(({ key, weight }) => ({ key: key.toLowerCase(), weight: BigInt(weight) })),
		},
	};
}

/** Writes a checkpoint as {@link parseCheckpoint} and `assay receipt verify --checkpoint` read it. */
export function formatCheckpoint({ genesis, after, set }: Checkpoint): string {
	const authorities = set.authorities.map(({ key, weight }) => ({ key, weight: Number(weight) }));
	return JSON.stringify({ genesis, after, set: Number(set.id), authorities });
}
