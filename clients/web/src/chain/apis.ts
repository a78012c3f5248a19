// What the chain tells the page beside what the SDK reads: runtime APIs, typed by descriptors of our own.

import { assay as descriptors } from '#descriptors';
import type { Assay } from 'assay-sdk';
import type { ApisFromDef } from 'polkadot-api';

type Apis = ApisFromDef<(typeof descriptors)['descriptors']['apis']>;

/** The audit of a job's last claim. */
export type Audit = NonNullable<Apis['AuditsApi']['audit']['Value']>;
/** A channel. */
export type Channel = NonNullable<Apis['ChannelsApi']['channel']['Value']>;
/** A dispute. */
export type Dispute = NonNullable<Apis['DisputesApi']['dispute']['Value']>;
/** What a worker has shown in one. */
export type DisputeRecord = NonNullable<Apis['DisputesApi']['record']['Value']>;
/** A validator, or an operator that wants to be one. */
export type Validator = Apis['StakingApi']['validators']['Value'][number];
/** A cell of an execution. */
export type CellPlace = NonNullable<Audit['values_of']>;
/** A place where a rule can be broken. */
export type Step = NonNullable<NonNullable<Audit['spot_check']>['step']>;

const known = new WeakMap<Assay, ReturnType<typeof typed>>();

function typed(assay: Assay) {
	return assay.client.getTypedApi(descriptors).apis;
}

/** The runtime APIs of a chain. They are asked at its best block: pass `BEST` last. */
export function apis(assay: Assay) {
	let found = known.get(assay);
	if (!found) {
		found = typed(assay);
		known.set(assay, found);
	}
	return found;
}

/** Where the page reads. */
export const BEST = { at: 'best' } as const;
