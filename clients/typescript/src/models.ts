// Models, their versions, and who serves them.

import type { assay } from '#descriptors';
import { Binary, type ApisFromDef } from 'polkadot-api';
import type { Assay } from './assay.js';
import { Missing, Unreadable } from './errors.js';
import { read } from './reading.js';

/** Models that the chain tells of at a time. */
const PAGE = 100;
/** A model has no higher number. */
const LAST = 2 ** 32 - 1;

type Apis = ApisFromDef<(typeof assay)['descriptors']['apis']>['ModelsApi'];

/** What a job names: a version of a model. */
export interface ModelVersion {
	/** The model. */
	model: number;
	/** Its version. */
	version: number;
}

/** A model as the chain describes it; its fields are called as there. */
export type Model = NonNullable<Apis['model']['Value']>;
/** A version of one. */
export type Version = Model['versions'][number];
/** An operator's standing promise to run a version at a price for each unit, and whether it is listed. */
export type Offer = Apis['offers']['Value'][number];

/**
 * Reads `0.1`: version 1 of model 0.
 *
 * @throws {@link Unreadable} if the text is no version.
 */
export function modelVersion(text: string): ModelVersion {
	const [, model, version] = /^(\d{1,10})\.(\d{1,5})$/.exec(text) ?? [];
	if (model === undefined || version === undefined || Number(model) > LAST || Number(version) > 65_535) {
		throw new Unreadable('version', `\`${text}\` is not a model version: write model.version, such as 0.0`);
	}
	return { model: Number(model), version: Number(version) };
}

/** The name that a model was registered with. */
export function nameOf({ metadata }: Model): string {
	return Binary.toText(metadata.name);
}

/** Models, their versions, and who serves them. */
export class Models {
	/**
	 * @param assay - The connection.
	 * @param block - The hash of the block that is read, or `best` or `finalized`.
	 */
	constructor(
		private readonly assay: Assay,
		private readonly block = 'best',
	) {}

	/** The same as of another block: its hash, or `finalized`. */
	at(block: string): Models {
		return new Models(this.assay, block);
	}

	/**
	 * A model.
	 *
	 * @throws {@link Missing} if there is none.
	 */
	async get(model: number): Promise<Model> {
		const found = await read(`model ${model}`, this.assay.api.apis.ModelsApi.model(model, { at: this.block }));
		if (!found) {
			throw Missing.model(model);
		}
		return found;
	}

	/**
	 * A version.
	 *
	 * @throws {@link Missing} if there is none.
	 */
	async version(of: ModelVersion): Promise<Version> {
		const { versions } = await this.get(of.model);
		const found = versions.find(({ version }) => version === of.version);
		if (!found) {
			throw Missing.version(of, versions.length);
		}
		return found;
	}

	/** All models. */
	async list(): Promise<Model[]> {
		const models: Model[] = [];
		for (let start = 0; start <= LAST; ) {
			const page = await read('models', this.assay.api.apis.ModelsApi.models(start, PAGE, { at: this.block }));
			models.push(...page);
			const last = page.at(-1);
			if (!last || page.length < PAGE) {
				break;
			}
			start = last.id + 1;
		}
		return models;
	}

	/** The offers for a version, listed or not. */
	offers(of: ModelVersion): Promise<Offer[]> {
		return read('offers', this.assay.api.apis.ModelsApi.offers(of, { at: this.block }));
	}
}
