// Transactions as blocks hold them and events as states do, read by the metadata of the chain.

import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders';
import { Binary, Blake2256, compact, decAnyMetadata, u8, unifyMetadata } from '@polkadot-api/substrate-bindings';
import type { Codec } from '@polkadot-api/substrate-bindings';

/** A transaction. */
export interface Extrinsic {
	/** Its hash. */
	hash: string;
	/** Who signed it; nobody for what the chain or a worker brings. */
	signer: string | undefined;
	/** The pallet of its call. */
	pallet: string;
	/** Its call. */
	call: string;
	/** The arguments. */
	arguments: unknown;
	/** Its bytes. */
	bytes: number;
}

/** What a block brought about. */
export interface ChainEvent {
	/** The pallet. */
	pallet: string;
	/** What happened. */
	name: string;
	/** The fields of it. */
	fields: unknown;
	/** The transaction that brought it about; none for what the chain does by itself. */
	extrinsic: number | undefined;
}

/** An event as it is stored. */
interface Entry {
	phase: { type: string; value?: number };
	event: { type: string; value: { type: string; value: unknown } };
}

/** What the first byte says: the form and its version. */
const SIGNED = 0b1000_0000;
const GENERAL = 0b0100_0000;

/** Reads transactions and events of one runtime. */
export class Reader {
	private readonly call: Codec<{ type: string; value: { type: string; value: unknown } }>;
	private readonly happened: Codec<Entry[]>;
	private readonly signed: { address: Codec<unknown>; signature: Codec<unknown>; extra: Codec<unknown>[] };

	/** @param metadata - Of the runtime. */
	constructor(metadata: Uint8Array) {
		const unified = unifyMetadata(decAnyMetadata(metadata));
		const { buildDefinition, buildStorage } = getDynamicBuilder(getLookupFn(unified));
		this.happened = buildStorage('System', 'Events').value as unknown as Codec<Entry[]>;
		const { extrinsic } = unified;
		if (!('call' in extrinsic)) {
			throw new Error('the metadata of the chain are too old to read its transactions');
		}
		this.call = buildDefinition(extrinsic.call) as typeof this.call;
		const [extensions = []] = Object.values(extrinsic.signedExtensions);
		this.signed = {
			address: buildDefinition(extrinsic.address),
			signature: buildDefinition(extrinsic.signature),
			extra: extensions.map(({ type }) => buildDefinition(type)),
		};
	}

	/** One transaction. What cannot be read is shown as what it is: bytes. */
	read(bytes: Uint8Array): Extrinsic {
		const hash = Binary.toHex(Blake2256(bytes));
		const rest = { hash, signer: undefined, bytes: bytes.length };
		try {
			return { ...rest, ...this.decode(bytes) };
		} catch {
			return { ...rest, pallet: 'unknown', call: 'unreadable', arguments: Binary.toHex(bytes) };
		}
	}

	/** The events of a block, as its state stores them. */
	events(stored: Uint8Array): ChainEvent[] {
		return this.happened.dec(stored).map(({ phase, event }) => ({
			pallet: event.type,
			name: event.value.type,
			fields: event.value.value,
			extrinsic: phase.type === 'ApplyExtrinsic' ? phase.value : undefined,
		}));
	}

	private decode(bytes: Uint8Array): Omit<Extrinsic, 'hash' | 'bytes'> {
		let at = 0;
		// Decoders tell what they read and not how much: it is as long as what they write.
		const next = <T>(codec: Codec<T>): T => {
			const value = codec.dec(bytes.slice(at));
			at += codec.enc(value).length;
			return value;
		};
		next(compact as Codec<number | bigint>);
		const form = next(u8);
		let signer: string | undefined;
		if (form & SIGNED) {
			signer = addressOf(next(this.signed.address));
			next(this.signed.signature);
			this.signed.extra.forEach(next);
		} else if (form & GENERAL) {
			next(u8);
			this.signed.extra.forEach(next);
		}
		const { type: pallet, value } = this.call.dec(bytes.slice(at));
		return { signer, pallet, call: value.type, arguments: value.value };
	}
}

function addressOf(address: unknown): string | undefined {
	if (typeof address === 'string') {
		return address;
	}
	const { value } = address as { value?: unknown };
	return typeof value === 'string' ? value : undefined;
}
