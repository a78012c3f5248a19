// Errors of the chain in words: those of its metadata.

import { decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings';
import type { UnifiedMetadata } from '@polkadot-api/substrate-bindings';
import type { Failure } from './errors.js';

/** An enumeration as polkadot-api decodes it. */
export interface Decoded {
	/** The name of the variant. */
	type: string;
	/** Its content. */
	value?: unknown;
}

/** What metadata say of the variant of an enumeration. */
interface Variant {
	name: string;
	index: number;
	docs: string[];
}

/** The errors that a chain's metadata describe. */
export class Failures {
	private readonly metadata: UnifiedMetadata;

	/** @param metadata - As the chain encodes them. */
	constructor(metadata: Uint8Array) {
		this.metadata = unifyMetadata(decAnyMetadata(metadata));
	}

	/** A `DispatchError`, as events and trials have it. */
	ofDispatch({ type, value }: Decoded): Failure {
		const inner = value as Decoded | undefined;
		if (type === 'Module' && inner?.type !== undefined) {
			const error = (inner.value as Decoded | undefined)?.type ?? '';
			const variant = this.ofPallet(inner.type).find(({ name }) => name === error);
			return { pallet: inner.type, error, explanation: variant ? words(variant) : '' };
		}
		if (inner?.type === undefined) {
			return { pallet: undefined, error: type, explanation: '' };
		}
		// Of the runtime itself: `Token` and `Arithmetic` say in a type of their own what they mean.
		const variant = this.ofType('sp_runtime', `${type}Error`).find(({ name }) => name === inner.type);
		return { pallet: undefined, error: `${type}.${inner.type}`, explanation: variant ? words(variant) : '' };
	}

	/** The error of a pallet with this number, by which pallets say why a transaction is invalid. */
	ofNumber(pallet: string, number: number): Failure | undefined {
		const variant = this.ofPallet(pallet).find(({ index }) => index === number);
		return variant && { pallet, error: variant.name, explanation: words(variant) };
	}

	private ofPallet(pallet: string): Variant[] {
		const errors = this.metadata.pallets.find(({ name }) => name === pallet)?.errors;
		return errors ? this.variants(this.metadata.lookup[errors.type]) : [];
	}

	private ofType(crate: string, name: string): Variant[] {
		return this.variants(this.metadata.lookup.find(({ path }) => path[0] === crate && path.at(-1) === name));
	}

	private variants(type: UnifiedMetadata['lookup'][number] | undefined): Variant[] {
		return type?.def.tag === 'variant' ? type.def.value : [];
	}
}

function words({ docs }: Variant): string {
	return docs.join(' ').trim();
}
