// The past of a job: what blocks told of it and of its disputes, read block by block as far as states are kept.

import type { Assay } from 'assay-sdk';
import { events, hashAt, type ChainEvent } from './blocks';

/** Blocks that are looked at for one job at most. */
const MOST = 240;
/** Blocks whose states nodes keep at least, unless they are told otherwise. */
const KEPT = 240;
/** Blocks that are asked for at the same time. */
const AT_ONCE = 12;

/** What happened, and where. */
export interface Happening extends ChainEvent {
	/** The height of the block. */
	block: number;
}

/** What is known of a stretch of blocks. */
export interface History {
	/** What happened, oldest first. */
	happenings: Happening[];
	/** Whether some blocks could not be read, or were too many. */
	partial: boolean;
}

/** Whether something is about a job, or about one of its disputes. */
export function isAbout({ pallet, fields }: ChainEvent, job: bigint, disputes: ReadonlySet<bigint>): boolean {
	if (!['Jobs', 'Audits', 'Disputes', 'Channels'].includes(pallet) || typeof fields !== 'object' || fields === null) {
		return false;
	}
	const { job: of, dispute } = fields as { job?: bigint; dispute?: bigint };
	return of === job || (of === undefined && dispute !== undefined && disputes.has(dispute));
}

/** What ends a job. */
const ENDS = ['JobFinalised', 'JobRefunded'];

/** What happened to a job from its submission on, up to its end or the present. */
export async function history(assay: Assay, job: bigint, disputes: readonly bigint[], submitted: number): Promise<History> {
	const about = new Set(disputes);
	const best = (await assay.heads()).best.number;
	const whole = (await eventsAt(assay, submitted)) !== undefined;
	const from = whole ? submitted : Math.max(submitted, best - KEPT);
	const last = Math.min(best, from + MOST - 1);
	const happenings: Happening[] = [];
	let partial = !whole || last < best;
	for (let start = from; start <= last; start += AT_ONCE) {
		const heights = Array.from({ length: Math.min(AT_ONCE, last - start + 1) }, (_, index) => start + index);
		const found = await Promise.all(heights.map(async (block) => ({ block, told: await eventsAt(assay, block) })));
		for (const { block, told } of found) {
			partial ||= told === undefined;
			happenings.push(...(told ?? []).filter((event) => isAbout(event, job, about)).map((event) => ({ ...event, block })));
		}
		if (happenings.some(({ name }) => ENDS.includes(name))) {
			partial = !whole;
			break;
		}
	}
	return { happenings, partial };
}

/** What the block at a height brought about; nothing where its state is no longer kept. */
async function eventsAt(assay: Assay, height: number): Promise<ChainEvent[] | undefined> {
	const hash = await hashAt(assay, height);
	return hash === undefined ? undefined : events(assay, hash).catch(() => undefined);
}
