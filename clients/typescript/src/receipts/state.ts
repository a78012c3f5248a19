// What a storage proof proves.

import { Binary, Blake2256, Bytes, trieNodeDec, Twox128, Twox64Concat, u32, u64 } from '@polkadot-api/substrate-bindings';
import type { Nibble, TrieNode } from '@polkadot-api/substrate-bindings';
import { concat } from './codecs.js';
import { FlawError } from './flaw.js';

/** Where FRAME stores the form of a pallet's records. */
const STORAGE_VERSION = ':__STORAGE_VERSION__:';
/** Hexadecimal digits of a hash with what stands before them: shorter children of a node are nodes themselves. */
const HASH_DIGITS = 2 + 64;

/** Something that a receipt proves. */
export interface Item {
	/** In errors. */
	name: string;
	/** Where it is stored. */
	key: string;
}

/** The hash of the chain's first block, which is kept when those of other blocks go. */
export const genesisItem = (): Item => ofMap('the hash of the first block', 'System', 'BlockHash', u32.enc(0));
/** The form of a pallet's records. */
export const layoutItem = (pallet: string): Item => ({
	name: 'the form of its records',
	key: Binary.toHex(prefix(pallet, STORAGE_VERSION)),
});
/** A job. */
export const jobItem = (job: bigint): Item => ofMap('the job', 'Jobs', 'Jobs', u64.enc(job));
/** Its input. */
export const inputItem = (job: bigint): Item => ofMap('the input', 'Jobs', 'Inputs', u64.enc(job));
/** Its claim. */
export const claimItem = (job: bigint): Item => ofMap('the claim', 'Jobs', 'Claims', u64.enc(job));
/** The audit of that. */
export const auditItem = (job: bigint): Item => ofMap('the audit', 'Audits', 'Audits', u64.enc(job));

/** What a node has to prove for the receipt of a job: the storage keys. */
export function keys(job: bigint): string[] {
	const items = [
		genesisItem(),
		layoutItem('Jobs'),
		layoutItem('Audits'),
		jobItem(job),
		inputItem(job),
		claimItem(job),
		auditItem(job),
	];
	return items.map(({ key }) => key);
}

/** An entry of a map whose keys are hashed by `Twox64Concat`. */
function ofMap(name: string, pallet: string, map: string, key: Uint8Array): Item {
	return { name, key: Binary.toHex(concat(prefix(pallet, map), Twox64Concat(key))) };
}

function prefix(pallet: string, item: string): Uint8Array {
	return concat(Twox128(Binary.fromText(pallet)), Twox128(Binary.fromText(item)));
}

/** The part of a block's state that a proof shows. */
export class State {
	private readonly nodes: Map<string, Uint8Array>;
	private readonly used = new Set<string>();

	/**
	 * @param root - Of the state.
	 * @param block - Whose state it is.
	 * @param proof - Nodes of its trie.
	 */
	constructor(
		private readonly root: string,
		private readonly block: number,
		private readonly proof: Uint8Array[],
	) {
		this.nodes = new Map(proof.map((node) => [Binary.toHex(Blake2256(node)), node]));
	}

	/**
	 * What is stored; nothing if it is proved that there is nothing.
	 *
	 * @throws {@link FlawError} if neither is proved.
	 */
	read({ name, key }: Item): Uint8Array | undefined {
		try {
			return this.walk(key.slice(2));
		} catch {
			throw new FlawError({ type: 'Unproven', block: this.block, what: name });
		}
	}

	/**
	 * Everything that was to be read was read: what is left proves nothing.
	 *
	 * @throws {@link FlawError} if something is left.
	 */
	finish(): void {
		const nodes = this.proof.length - this.used.size;
		if (nodes > 0) {
			throw new FlawError({ type: 'Superfluous', nodes });
		}
	}

	/** Follows the digits of a key from the root. */
	private walk(digits: string): Uint8Array | undefined {
		let node = trieNodeDec(this.node(this.root));
		for (;;) {
			if (!('value' in node || 'children' in node)) {
				if (node.type === 'Empty') {
					return undefined;
				}
				throw new Error('bytes that are no node');
			}
			if (!digits.startsWith(node.partialKey)) {
				return undefined;
			}
			digits = digits.slice(node.partialKey.length);
			if (digits === '') {
				return this.value(node);
			}
			const child = 'children' in node ? node.children[digits[0] as Nibble] : undefined;
			if (child === undefined) {
				return undefined;
			}
			digits = digits.slice(1);
			node = trieNodeDec(child.length === HASH_DIGITS ? this.node(child) : Binary.fromHex(child));
		}
	}

	/** What a node stores. */
	private value(node: TrieNode): Uint8Array | undefined {
		if (!('value' in node)) {
			return undefined;
		}
		switch (node.type) {
			case 'LeafWithHash':
			case 'BranchWithHash':
				return this.node(node.value);
			case 'Leaf':
				// Of a leaf the decoder returns the value with its length before it.
				return Bytes().dec(node.value);
			default:
				return Binary.fromHex(node.value);
		}
	}

	/** The node, or the value, with this hash. */
	private node(hash: string): Uint8Array {
		const node = this.nodes.get(hash);
		if (!node) {
			throw new Error(`no node ${hash}`);
		}
		this.used.add(hash);
		return node;
	}
}
