// What is read again with each block.

import type { Assay } from 'assay-sdk';
import { network } from './network.svelte';

/** Something that is read from the chain. */
export class Live<T> {
	/** What was read last. */
	value = $state.raw<T>();
	/** Why nothing was. */
	error = $state('');
	/** Whether something was read, be it nothing. */
	done = $state(false);
}

/**
 * Reads now, with each block, and whenever what `about` gives changes. What was read before stays until something else was, or until it
 * is about something else.
 *
 * @param about - What it is about; nothing is read while it gives nothing.
 * @param read - Reads it.
 */
export function live<T, About>(about: () => About, read: (assay: Assay, about: NonNullable<About>) => Promise<T>): Live<T> {
	const found = new Live<T>();
	let turn = 0;
	let last: string | undefined;
	let running = false;
	const waiting: (() => void)[] = [];
	$effect(() => {
		const { assay, best } = network;
		const asked = about();
		const key = JSON.stringify(asked, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
		if (key !== last) {
			last = key;
			turn += 1;
			found.value = undefined;
			found.error = '';
			found.done = false;
			running = false;
		}
		if (!assay || !best || asked === undefined || asked === null) {
			return;
		}
		const run = async () => {
			const mine = turn;
			running = true;
			waiting.length = 0;
			try {
				const value = await read(assay, asked);
				if (mine === turn) {
					found.value = value;
					found.error = '';
					found.done = true;
				}
			} catch (error) {
				if (mine === turn) {
					found.error = error instanceof Error ? error.message : String(error);
				}
			} finally {
				if (mine === turn) {
					running = false;
					waiting.pop()?.();
				}
			}
		};
		// A slow answer is waited for: the block after it is read instead of each in between.
		if (running) {
			waiting[0] = () => void run();
		} else {
			void run();
		}
	});
	return found;
}

/** What a page is about, when all of it is the chain. */
export const everything = (): true => true;
