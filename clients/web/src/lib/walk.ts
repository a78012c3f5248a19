// A dispute as what it is: a walk from a claim to one step. Groups, then cells, then what is inside, then the step, and the verdict.

import type { CellPlace, Dispute, DisputeRecord, Step } from '../chain/apis';
import type { Told } from './timeline';
import { words } from './words';

/** Of values: one with 16 fraction bits. */
const ONE = 65_536;

/** One level of the walk. */
export interface Level {
	/** What is looked at. */
	name: string;
	/** How many there are to choose from; 0 where that is not known. */
	count: number;
	/** Which one was pointed at, counted from 0. */
	chosen: number | undefined;
	/** What is to be said of it. */
	detail: string;
	/** Whether the worker has shown it. */
	shown: boolean;
}

/** A dispute, as far as it has come. */
export interface Walk {
	/** What the challenger says is wrong. */
	accusation: string;
	/** From the largest to the smallest. */
	levels: Level[];
	/** The value that the worker claims at the step, if it can be read. */
	claimed: string | undefined;
	/** What the challenger says instead, if that can be read: what the referee computes is on no chain. */
	instead: string | undefined;
	/** How it ended. */
	ruling: string | undefined;
}

/** What the challenger proved with, in the block that ended it. */
export interface Proof {
	/** The cell. */
	place: CellPlace;
	/** The step in it. */
	step: Step;
}

/** The proof that a transaction brings to a dispute, if it brings one: a challenger's, or that of the node of an auditor. */
export function proofIn({ pallet, call, arguments: given }: { pallet: string; call: string; arguments: unknown }): { dispute: bigint; proof: Proof } | undefined {
	type Prove = { dispute: bigint; proof: Proof };
	if (pallet !== 'Disputes') {
		return undefined;
	}
	if (call === 'prove') {
		return given as Prove;
	}
	const act = call === 'move_as_operator' ? (given as { signed: { act: { type: string; value: unknown } } }).signed.act : undefined;
	return act?.type === 'Prove' ? (act.value as Prove) : undefined;
}

/**
 * The walk of a dispute.
 *
 * @param dispute - As it is now.
 * @param told - What blocks told of it.
 * @param record - What the worker has shown, while the chain keeps it.
 * @param proof - What the challenger proved with.
 * @param output - The tokens that are claimed.
 * @param prompt - Tokens of the input.
 */
export function walk(
	dispute: Dispute,
	told: readonly Told[],
	record: DisputeRecord | undefined,
	proof: Proof | undefined,
	output: readonly number[] = [],
	prompt = 0,
): Walk {
	const stages = stagesOf(dispute, told);
	const opened = told.find(({ name }) => name === 'DisputeOpened')?.fields as { accusation?: { type: string; value?: { position: number } } } | undefined;
	const { group, head, show, step: asked } = stages;
	const cells = record?.cells?.type === 'Group' ? record.cells.value.cells.length : 0;
	const place = proof?.place ?? asked?.place ?? show?.place ?? (head === undefined ? undefined : headAt(head));
	const step = proof?.step ?? asked?.step;
	const levels: Level[] = [];
	if (opened?.accusation?.type !== 'Head') {
		const count = record?.groups?.length ?? 0;
		levels.push({
			name: 'groups',
			count,
			chosen: group && chosenGroup(group, count, cells, prompt + output.length - 1),
			detail: group ? `group ${group.index} of ${rowInWords(group.row)} differs` : 'all groups of the trace, row after row',
			shown: record?.groups !== undefined || group !== undefined,
		});
		levels.push({
			name: 'cells',
			count: cells,
			chosen: place?.type === 'Cell' && group && cells > 0 ? place.value.position - group.index * cells : undefined,
			detail: place ? placeInWords(place) : 'the cells of the group that differs',
			shown: cells > 0 || place !== undefined,
		});
	} else {
		const position = opened.accusation.value?.position ?? head ?? 0;
		levels.push({ name: 'head', count: 1, chosen: 0, detail: `the head at position ${position}`, shown: record?.cells !== undefined || proof !== undefined });
	}
	const target = show?.target;
	if (target) {
		levels.push({ name: 'inside the cell', count: 0, chosen: undefined, detail: targetInWords(target), shown: record?.shown !== undefined || step !== undefined });
	}
	levels.push({ name: 'the one step', count: 1, chosen: step ? 0 : undefined, detail: step ? stepInWords(step) : 'not reached yet', shown: step !== undefined });
	return {
		accusation: opened?.accusation ? (opened.accusation.type === 'Head' ? `the head at position ${opened.accusation.value?.position}` : 'the trace') : 'the claim',
		levels,
		...valuesOf(place, step, record, output, prompt),
		ruling: dispute.ruling?.type,
	};
}

interface Stages {
	group: { row: number; index: number } | undefined;
	head: number | undefined;
	show: { place: CellPlace; target: { type: string; value?: number } } | undefined;
	step: { place: CellPlace; step: Step } | undefined;
}

function stagesOf(dispute: Dispute, told: readonly Told[]): Stages {
	const moved = told
		.filter(({ name }) => name === 'DisputeMoved')
		.map(({ fields }) => (fields as { stage: { type: string; value?: unknown } }).stage);
	const all = dispute.stage ? [...moved, dispute.stage as { type: string; value?: unknown }] : moved;
	const last = <T>(type: string) => all.findLast((stage) => stage.type === type)?.value as T | undefined;
	return {
		group: last<{ group: { row: number; index: number } }>('OpenGroup')?.group,
		head: last<{ position: number }>('OpenHead')?.position,
		show: last('Show'),
		step: last('OpenStep'),
	};
}

/**
 * Where a group is in the list, if that can be told: not of the last group of a row, which may have fewer cells than the others.
 *
 * @param count - Groups in all.
 * @param cells - Of the group.
 * @param positions - Of a row.
 */
function chosenGroup({ row, index }: { row: number; index: number }, count: number, cells: number, positions: number): number | undefined {
	const perRow = cells > 0 ? Math.ceil(positions / cells) : 0;
	return perRow > 0 && count % perRow === 0 && index + 1 < perRow ? row * perRow + index : undefined;
}

function headAt(position: number): CellPlace {
	return { type: 'Head', value: { position } } as CellPlace;
}

/** What the two say of the step, where that can be read without running the model. */
function valuesOf(
	place: CellPlace | undefined,
	step: Step | undefined,
	record: DisputeRecord | undefined,
	output: readonly number[],
	prompt: number,
): Pick<Walk, 'claimed' | 'instead'> {
	if (step?.type === 'Choice' && place?.type === 'Head') {
		const token = output[place.value.position - prompt + 1];
		return { claimed: token === undefined ? undefined : `token ${token}`, instead: `token ${step.value.rival}` };
	}
	const exhibit = record?.shown?.[2];
	const index = step?.type === 'Element' || step?.type === 'Mean' ? step.value.index : undefined;
	const value = exhibit?.type === 'Values' && index !== undefined ? exhibit.value[index] : undefined;
	return {
		claimed: value === undefined ? undefined : String(value / ONE),
		instead: undefined,
	};
}

/** A cell in words. */
export function placeInWords(place: CellPlace): string {
	if (place.type === 'Head') {
		return `the head at position ${place.value.position}`;
	}
	return `${rowInWords(place.value.row)} at position ${place.value.position}`;
}

function rowInWords(row: number): string {
	return row === 0 ? 'the entry' : `layer ${row}`;
}

/** A step in words. */
export function stepInWords(step: Step): string {
	switch (step.type) {
		case 'Element':
			return `element ${step.value.index} of what operation ${step.value.op} writes`;
		case 'Cache':
			return `the cache rows of key/value head ${step.value.head}`;
		case 'Attend':
			return `the attention of query head ${step.value.head} after group ${step.value.group}`;
		case 'Pool':
			return `the pooling of chunk ${step.value.chunk} after group ${step.value.group}`;
		case 'Mean':
			return `element ${step.value.index} of the mean`;
		case 'Choice':
			return `the chosen token against token ${step.value.rival}`;
		case 'Output':
			return `element ${step.value.index} of the output`;
	}
}

function targetInWords({ type, value }: { type: string; value?: number }): string {
	switch (type) {
		case 'Vector':
			return `what operation ${value} writes`;
		case 'Cache':
			return 'the cache rows';
		case 'Work':
			return 'the work of attention';
		case 'Pooled':
			return 'the mean';
		default:
			return words(type);
	}
}
