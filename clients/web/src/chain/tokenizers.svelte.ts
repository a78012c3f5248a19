// Tokenizers that the reader has, kept by the browser: by them tokens become text. The chain has only their hashes.

import type { Text, Version } from 'assay-sdk';

const STORE = 'tokenizers';
/** Bytes of one at most. */
const MOST = 64 << 20;

const made = new Map<string, Promise<Text | undefined>>();

class Kept {
	/** Counts the tokenizers that were given: what is shown as tokens may be text now. */
	given = $state(0);
}

/** What the reader has given. */
export const kept = new Kept();

/** The text of a version's tokens, if the reader has its tokenizer. */
export function textOf(version: Version): Promise<Text | undefined> {
	const { tokenizer } = version;
	if (tokenizer === undefined) {
		return Promise.resolve(undefined);
	}
	let found = made.get(tokenizer);
	if (!found) {
		found = load(tokenizer).then((file) => (file ? make(version, file) : undefined));
		made.set(tokenizer, found);
		found.catch(() => made.delete(tokenizer));
	}
	return found;
}

/**
 * Keeps a `tokenizer.json` for a version.
 *
 * @throws If it is not the one that the version's publisher has registered.
 */
export async function give(version: Version, file: File): Promise<void> {
	if (file.size > MOST) {
		throw new Error(`the file has ${file.size} bytes, a tokenizer at most ${MOST}`);
	}
	const bytes = new Uint8Array(await file.arrayBuffer());
	const text = await make(version, bytes);
	if (version.tokenizer !== undefined) {
		made.set(version.tokenizer, Promise.resolve(text));
		kept.given += 1;
		await store(version.tokenizer, bytes).catch(() => undefined);
	}
}

async function make(version: Version, bytes: Uint8Array): Promise<Text> {
	const { Text } = await import('assay-sdk/text');
	return new Text(version, bytes);
}

function open(): Promise<IDBDatabase> {
	return new Promise((resolve, reject) => {
		const asked = indexedDB.open('assay', 1);
		asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
		asked.onsuccess = () => resolve(asked.result);
		asked.onerror = () => reject(asked.error ?? new Error('the browser keeps nothing'));
	});
}

async function load(key: string): Promise<Uint8Array | undefined> {
	const database = await open().catch(() => undefined);
	return new Promise((resolve) => {
		const asked = database?.transaction(STORE).objectStore(STORE).get(key);
		if (!asked) {
			resolve(undefined);
			return;
		}
		asked.onsuccess = () => resolve(asked.result as Uint8Array | undefined);
		asked.onerror = () => resolve(undefined);
	});
}

async function store(key: string, bytes: Uint8Array): Promise<void> {
	const database = await open();
	await new Promise<void>((resolve, reject) => {
		const written = database.transaction(STORE, 'readwrite');
		written.objectStore(STORE).put(bytes, key);
		written.oncomplete = () => resolve();
		written.onerror = () => reject(written.error ?? new Error('the browser keeps nothing'));
	});
}
