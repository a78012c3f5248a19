// Whether a chain's runtime is one that this package was made for.

import { CompatibilityLevel } from 'polkadot-api';
import type { TypedApi } from 'polkadot-api';
import { assay } from '#descriptors';

/** What polkadot-api says of one thing: of calls and events as a whole, of functions and storage of both directions. */
interface Compatibility {
	isCompatible(level?: CompatibilityLevel): boolean;
}

/** The kinds of things that there are descriptors of: as they are called there, and in the typed API. */
const KINDS = [
	['tx', 'tx'],
	['apis', 'apis'],
	['storage', 'query'],
	['events', 'event'],
] as const;

/**
 * What of the runtime cannot be used as the descriptors have it. What was added to a runtime does not count, nor does what
 * moved: polkadot-api finds it.
 */
export async function misfits(api: TypedApi<typeof assay>): Promise<string[]> {
	const [{ compat }, descriptors] = await Promise.all([api.getStaticApis(), assay.descriptors]);
	const named = descriptors as unknown as Record<string, Record<string, Record<string, unknown>>>;
	const answers = compat as unknown as Record<string, Record<string, Record<string, Compatibility>>>;
	const found: string[] = [];
	for (const [kind, name] of KINDS) {
		for (const [pallet, entries] of Object.entries(named[kind] ?? {})) {
			for (const entry of Object.keys(entries)) {
				if (!answers[name]?.[pallet]?.[entry]?.isCompatible(CompatibilityLevel.BackwardsCompatible)) {
					found.push(`${name}.${pallet}.${entry}`);
				}
			}
		}
	}
	return found;
}
