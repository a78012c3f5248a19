// How receipts are encoded: SCALE, as the chain's own.

import { blockHeader, Hex, Struct, Tuple, Vector, Bytes, u32, u64, Variant } from '@polkadot-api/substrate-bindings';
import type { Codec, CodecType } from '@polkadot-api/substrate-bindings';

/** A hash. */
export const hash = Hex(32);

/** A list of authorities with their weights. */
export const authorities = Vector(Tuple(hash, u64));

/** A vote for a block and whatever follows it, with its signature. */
const signedPrecommit = Struct({
	precommit: Struct({ target_hash: hash, target_number: u32 }),
	signature: Bytes(64),
	id: hash,
});

/** The votes that made a block final. */
export const justification = Struct({
	round: u64,
	commit: Struct({
		target_hash: hash,
		target_number: u32,
		precommits: Vector(signedPrecommit),
	}),
	votes_ancestries: Vector(blockHeader),
});

/** A block with the votes that made it final. */
export const finalised = Struct({ header: blockHeader, justification });

/** What proves how a job ended, after the magic bytes. */
export const body = Struct({
	job: u64,
	set: u64,
	handovers: Vector(finalised),
	block: finalised,
	proof: Vector(Bytes()),
});

const scheduledChange = Struct({ next_authorities: authorities, delay: u32 });

/** What a header says to those who vote on finality. */
export const consensusLog = Variant(
	{
		ScheduledChange: scheduledChange,
		ForcedChange: Tuple(u32, scheduledChange),
		OnDisabled: u64,
		Pause: u32,
		Resume: u32,
	},
	[1, 2, 3, 4, 5],
);

/** A vote as it is signed: its kind, the vote, the round and the set. */
export const signedVote = Tuple(Bytes(1), hash, u32, u64, u64);

/** A block with the votes that made it final. */
export type Finalised = CodecType<typeof finalised>;
/** A block's header. */
export type Header = CodecType<typeof blockHeader>;

/**
 * Reads all of the bytes, which have to be the one way to write what they say: the codecs themselves are lenient with what
 * is cut off, follows, or could be written shorter.
 *
 * @throws Whatever is wrong.
 */
export function exactly<T>(codec: Codec<T>, bytes: Uint8Array): T {
	const value = codec.dec(bytes);
	if (!equal(codec.enc(value), bytes)) {
		throw new Error('the bytes are not what they say, written again');
	}
	return value;
}

/** Whether these are the same bytes. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
	return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** One after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

export { blockHeader as header };
