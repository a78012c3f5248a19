// The life of a job as a line of time: what has happened, where it is, and every clock that runs.

import type { Job } from 'assay-sdk';
import type { Audit, Dispute } from '../chain/apis';
import { brief } from './amounts';
import { short, words } from './words';

/** How an entry is drawn. */
export type Tone = 'done' | 'now' | 'ahead' | 'bad';

/** Something that happened, happens or is to happen. */
export interface Entry {
	/** The block, if it is known. */
	block: number | undefined;
	/** What it is. */
	title: string;
	/** What there is to say of it. */
	detail: string;
	/** How it is drawn. */
	tone: Tone;
}

/** What happened to a job in a block. */
export interface Told {
	/** The block. */
	block: number;
	/** The pallet whose event it is. */
	pallet: string;
	/** The event. */
	name: string;
	/** Its fields. */
	fields: unknown;
}

type Fields = Record<string, unknown>;

/** The whole line, oldest first. */
export function timeline(job: Job, told: readonly Told[], audit: Audit | undefined, disputes: readonly Dispute[]): Entry[] {
	const past = told.map(entryOf).filter((entry) => entry !== undefined);
	const seen = past.some(({ title }) => title === 'submitted');
	const first: Entry[] = seen ? [] : [{ block: job.submitted_at, title: 'submitted', detail: `by ${short(job.consumer)}`, tone: 'done' }];
	return [...first, ...past, ...present(job, audit, disputes)];
}

/** What is now and ahead: the state of the job, and the clocks. */
function present(job: Job, audit: Audit | undefined, disputes: readonly Dispute[]): Entry[] {
	const entries: Entry[] = [];
	const { state } = job;
	switch (state.type) {
		case 'Open':
			entries.push(now('waits for an operator', ''));
			entries.push(ahead(state.value.expires, 'refunded unless somebody has taken it', 'the whole escrow comes back'));
			break;
		case 'Assigned':
			entries.push(now('is run', `by ${short(state.value.operator)} at ${brief(state.value.price)} ASY a unit`));
			entries.push(ahead(state.value.deadline, 'the result is due', 'after that the operator loses stake and another is asked'));
			break;
		case 'Claimed':
			entries.push(now('can be challenged', 'the answer is preliminary: anybody can prove it wrong'));
			entries.push(...clocks(audit, disputes));
			entries.push(ahead(state.value.final_at, 'final at the earliest', 'when nothing more is asked about the claim'));
			break;
		default:
			break;
	}
	return entries;
}

function clocks(audit: Audit | undefined, disputes: readonly Dispute[]): Entry[] {
	const entries: Entry[] = [];
	const phase = audit?.phase;
	if (phase?.type === 'Commit' || phase?.type === 'Show') {
		const what = phase.type === 'Commit' ? 'worker and auditors commit' : 'worker and auditors show what was drawn';
		entries.push(ahead(phase.value.deadline, 'audit: a reply is due', what));
	} else if (phase?.type === 'Unaudited') {
		entries.push(ahead(phase.value.until, 'audit: waits for a challenge', 'all auditors that were drawn were silent'));
	} else if (phase?.type === 'Claimed' || phase?.type === 'Committed') {
		entries.push({ block: undefined, title: 'audit: waits for the draw', detail: 'of random numbers from after the claim', tone: 'ahead' });
	}
	for (const { id, stage, deadline } of disputes) {
		if (stage) {
			entries.push(ahead(deadline, `dispute ${id}: a move is due`, words(stage.type)));
		}
	}
	return entries;
}

function now(title: string, detail: string): Entry {
	return { block: undefined, title, detail, tone: 'now' };
}

function ahead(block: number, title: string, detail: string): Entry {
	return { block, title, detail, tone: 'ahead' };
}

/** An event as an entry; nothing for what says nothing new. */
function entryOf({ block, pallet, name, fields }: Told): Entry | undefined {
	const of = fields as Fields;
	const make = (title: string, detail: string, tone: Tone = 'done'): Entry => ({ block, title, detail, tone });
	const who = (field: string) => short(String(of[field]));
	const amount = (field: string) => `${brief(of[field] as bigint)} ASY`;
	switch (`${pallet}.${name}`) {
		case 'Jobs.JobSubmitted':
			return make('submitted', `by ${who('consumer')}, with ${amount('max_fee')} held at most`);
		case 'Jobs.JobAssigned':
			return make('assigned', `to ${who('operator')} at ${amount('price')} a unit, due by block ${String(of['deadline'])}`);
		case 'Jobs.ResultClaimed':
			return make('claimed', `by ${who('operator')} for ${amount('fee')}, final at block ${String(of['final_at'])}`);
		case 'Jobs.ClaimStruckDown':
			return make('struck down', `${who('operator')} loses ${amount('penalty')} of its stake`, 'bad');
		case 'Jobs.DeadlineMissed':
			return make('deadline missed', `${who('operator')} loses ${amount('penalty')} of its stake`, 'bad');
		case 'Jobs.JobFinalised':
			return make('final', `${amount('paid')} to ${who('operator')}, ${amount('refunded')} back to the consumer`);
		case 'Jobs.JobRefunded':
			return make('refunded', `${variant(of['reason'])}: ${amount('refunded')} back to the consumer`, 'bad');
		case 'Audits.Asked':
			return make('audit: asked', `${who('who')} for ${question(of['question'])}, by block ${String(of['deadline'])}`);
		case 'Audits.Replied':
			return make('audit: replied', `${who('who')} has shown ${question(of['question'])}`);
		case 'Audits.AuditEnded':
			return make('audit: over', variant(of['outcome']), ['WorkerSilent', 'Refuted'].includes(typeOf(of['outcome'])) ? 'bad' : 'done');
		case 'Audits.AuditorPenalised':
			return make('audit: an auditor is punished', `${who('auditor')} loses ${amount('penalty')}`, 'bad');
		case 'Disputes.DisputeOpened':
			return make(`dispute ${String(of['dispute'])}: opened`, `${who('challenger')} says that the ${accusation(of['accusation'])} is wrong`, 'bad');
		case 'Disputes.DisputeMoved':
			return make(`dispute ${String(of['dispute'])}: moved`, `next: ${variant(of['stage'])}, by block ${String(of['deadline'])}`);
		case 'Disputes.DisputeEnded':
			return make(`dispute ${String(of['dispute'])}: over`, ruling(typeOf(of['ruling'])), 'bad');
		case 'Disputes.WorkerLate':
			return make(`dispute ${String(of['dispute'])}: the worker is late`, `it loses after block ${String(of['until'])}`, 'bad');
		case 'Channels.BatchSettled':
			return make('settled from a channel', `${String(of['count'])} answers for ${amount('fee')}`);
		default:
			return undefined;
	}
}

/** How a dispute ended, in words. */
export function ruling(name: string): string {
	const known: Record<string, string> = {
		Refuted: 'a step is refuted: the claim is wrong',
		WorkerSilent: 'the worker had no answer in time: the claim is struck down',
		Upheld: 'the step holds: the challenge is lost',
		ChallengerSilent: 'the challenger did not move in time: the challenge is lost',
		Moot: 'another dispute struck the claim down first',
	};
	return known[name] ?? words(name);
}

/** What is asked in an audit, in words. */
function question(value: unknown): string {
	const known: Record<string, string> = {
		Cell: 'the inside of a cell',
		Step: 'a step',
		Digest: 'a digest of all values',
		Values: 'the values of a cell',
		Receipt: 'a receipt of the batch',
	};
	return known[typeOf(value)] ?? variant(value);
}

/** What a challenge is about, in words. */
function accusation(value: unknown): string {
	const { type, value: inner } = value as { type: string; value?: { position?: number } };
	return type === 'Head' ? `head at position ${inner?.position}` : 'trace';
}

function typeOf(value: unknown): string {
	return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : String(value);
}

function variant(value: unknown): string {
	return words(typeOf(value));
}
