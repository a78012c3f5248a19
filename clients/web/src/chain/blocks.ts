// Blocks: what is in one, and what it brought about.

import type { Assay } from 'assay-sdk';
import { Binary } from '@polkadot-api/substrate-bindings';
import { Reader, type ChainEvent, type Extrinsic } from './extrinsics';

export type { ChainEvent };

/** Where the events of a block are in its state: the hashes of `System` and `Events`. */
const EVENTS = '0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7';

/** A block. */
export interface Block {
	/** Its height. */
	number: number;
	/** Its hash. */
	hash: string;
	/** The one before. */
	parent: string;
	/** What is in it. */
	extrinsics: Extrinsic[];
	/** What it brought about; nothing where its state is no longer kept. */
	events: ChainEvent[] | undefined;
}

/** Blocks that are kept in memory at most. */
const KEPT = 400;

interface Known {
	hashes: Map<string, Promise<string | undefined>>;
	blocks: Map<string, Promise<Block>>;
	events: Map<string, Promise<ChainEvent[]>>;
	reader: Promise<Reader> | undefined;
}

const known = new WeakMap<Assay, Known>();

function of(assay: Assay): Known {
	let found = known.get(assay);
	if (!found) {
		found = { hashes: new Map(), blocks: new Map(), events: new Map(), reader: undefined };
		known.set(assay, found);
	}
	return found;
}

function once<T>(kept: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
	let found = kept.get(key);
	if (!found) {
		found = make();
		kept.set(key, found);
		found.catch(() => kept.delete(key));
		for (const oldest of [...kept.keys()].slice(0, -KEPT)) {
			kept.delete(oldest);
		}
	}
	return found;
}

/** The hash of the block at a height, if the chain is as high. Of what is final it is asked once. */
export async function hashAt(assay: Assay, height: number): Promise<string | undefined> {
	const ask = async () => (await assay.ask<string | null>('chain_getBlockHash', [height])) ?? undefined;
	const { finalized } = await assay.heads();
	return height <= finalized.number ? once(of(assay).hashes, String(height), ask) : ask();
}

/** A block by its hash. */
export function block(assay: Assay, hash: string): Promise<Block> {
	return once(of(assay).blocks, hash, () => read(assay, hash));
}

/** What a block brought about, by its hash. */
export function events(assay: Assay, hash: string): Promise<ChainEvent[]> {
	return once(of(assay).events, hash, () => readEvents(assay, hash));
}

async function read(assay: Assay, hash: string): Promise<Block> {
	type Answer = { block: { header: { number: string; parentHash: string }; extrinsics: string[] } } | null;
	const answer = await assay.ask<Answer>('chain_getBlock', [hash]);
	if (!answer) {
		throw new Error(`the node does not have block ${hash}`);
	}
	const { header, extrinsics } = answer.block;
	const reader = await readerOf(assay);
	return {
		number: Number(header.number),
		hash,
		parent: header.parentHash,
		extrinsics: extrinsics.map((extrinsic) => reader.read(Binary.fromHex(extrinsic))),
		events: await events(assay, hash).catch(() => undefined),
	};
}

async function readEvents(assay: Assay, hash: string): Promise<ChainEvent[]> {
	const stored = await assay.ask<string | null>('state_getStorage', [EVENTS, hash]);
	return stored === null ? [] : (await readerOf(assay)).events(Binary.fromHex(stored));
}

function readerOf(assay: Assay): Promise<Reader> {
	const kept = of(assay);
	kept.reader ??= assay.heads().then(async ({ best }) => new Reader(await assay.client.getMetadata(best.hash)));
	kept.reader.catch(() => (kept.reader = undefined));
	return kept.reader;
}
