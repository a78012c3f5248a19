// Jobs: what one costs, its submission, its life and its result.

import type { assay } from '#descriptors';
import type { ApisFromDef, TxFromPalletsDef } from 'polkadot-api';
import type { Assay } from './assay.js';
import { CannotRun, InputTooLong, Missing, Unreadable } from './errors.js';
import type { Signer } from './keys.js';
import { Models, type ModelVersion } from './models.js';
import { read } from './reading.js';
import type { Elements } from './receipts/record.js';
import type { Call, Included, Sending } from './transactions.js';

/** Elements of an input or output at most, in a transaction or a result. */
export const MAX_ELEMENTS = 1_024;
/** Of values: one with 16 fraction bits. */
const ONE = 65_536;
/** Jobs that the chain tells of at a time. */
const PAGE = 100;

type Apis = ApisFromDef<(typeof assay)['descriptors']['apis']>['JobsApi'];
type Calls = TxFromPalletsDef<(typeof assay)['descriptors']['pallets']>['Jobs'];

/** A job as the chain describes it; its fields are called as there. */
export type Job = NonNullable<Apis['job']['Value']>;
/** Where a job is in its life. */
export type State = Job['state'];
/** What a job costs at most, and what listed operators ask. */
export type Quote = Extract<Apis['quote']['Value'], { success: true }>['value'];
/** The periods, the window and the penalties of jobs. */
export type JobRules = Apis['parameters']['Value'];
/** What a job runs on: token ids, or values with 16 fraction bits. */
export type Input = Elements;
/** What came out of a job. */
export type Output = Elements;

/** How far and how to generate. */
export interface Generation {
	/** Tokens at most; 0 for models that make vectors. */
	maxTokens: number;
	/** Whether to go on after the model's stop tokens. `false` unless given. */
	ignoreStop?: boolean;
	/** Draws tokens with this temperature. Without it, or with 0, the likeliest one is taken. */
	temperature?: number;
	/** 32 bytes in hexadecimal: the same seed gives the same tokens on every machine. Zeros unless given. */
	seed?: string;
}

/** What is asked of the chain with a job. */
export interface Submission {
	/** What runs. */
	version: ModelVersion;
	/** On what. */
	input: Input;
	/** How far and how to generate. */
	generation: Generation;
	/** Held from the consumer until the job is over; what is not used comes back. In smallest units. */
	maxFee: bigint;
	/** The highest price of a unit, whatever is asked when the job is assigned. */
	maxPrice: bigint;
	/** The operator to insist on. */
	operator?: string;
}

/** A job that is on the chain. */
export interface Submitted {
	/** The job. */
	job: bigint;
	/** What the room in blocks that its audit may take has cost, beside the fee. */
	room: bigint;
	/** The transaction that brought it there. */
	included: Included;
}

/** An input of token ids. */
export function tokens(ids: readonly number[]): Input {
	return { type: 'Tokens', value: [...ids] };
}

/**
 * An input of numbers, each rounded to 16 fraction bits.
 *
 * @throws {@link Unreadable} if one is outside of what values can be.
 */
export function vector(numbers: readonly number[]): Input {
	return { type: 'Vector', value: numbers.map(valueOf) };
}

function valueOf(number: number): number {
	const value = Math.round(number * ONE);
	if (!(value >= -(2 ** 31) && value < 2 ** 31)) {
		throw new Unreadable('number', `${number} is outside what a value can be: -32,768 to just below 32,768`);
	}
	return value;
}

/** The numbers of a vector. */
export function numbers(values: readonly number[]): number[] {
	return values.map((value) => value / ONE);
}

/** Whether nothing happens to a job any more. */
export function isOver({ state }: Job): boolean {
	return state.type === 'Final' || state.type === 'Refunded';
}

/** Jobs: what one costs, its submission, its life and its result. */
export class Jobs {
	/**
	 * @param assay - The connection.
	 * @param block - The hash of the block that is read, or `best` or `finalized`.
	 */
	constructor(
		private readonly assay: Assay,
		private readonly block = 'best',
	) {}

	/** The same as of another block: its hash, or `finalized`. */
	at(block: string): Jobs {
		return new Jobs(this.assay, block);
	}

	/** A job, if there is one. */
	find(job: bigint): Promise<Job | undefined> {
		return read(`job ${job}`, this.assay.api.apis.JobsApi.job(job, { at: this.block }));
	}

	/**
	 * A job.
	 *
	 * @throws {@link Missing} if there is none.
	 */
	async get(job: bigint): Promise<Job> {
		const found = await this.find(job);
		if (!found) {
			throw Missing.job(job);
		}
		return found;
	}

	/** Jobs, newest first: of one consumer or of all, older than `before`, at most so many. */
	async list({ consumer, before, limit = PAGE }: { consumer?: string; before?: bigint; limit?: number } = {}): Promise<Job[]> {
		const jobs: Job[] = [];
		let older = before;
		while (jobs.length < limit) {
			const most = Math.min(limit - jobs.length, PAGE);
			const page = await read('jobs', this.assay.api.apis.JobsApi.jobs(consumer, older, most, { at: this.block }));
			jobs.push(...page);
			older = page.at(-1)?.id;
			if (page.length < most) {
				break;
			}
		}
		return jobs;
	}

	/** Periods, the window and penalties. */
	rules(): Promise<JobRules> {
		return read('the rules of jobs', this.assay.api.apis.JobsApi.parameters({ at: this.block }));
	}

	/**
	 * What a job costs at most: units for so many elements of input and generated tokens, and what listed operators ask.
	 *
	 * @throws {@link CannotRun} if the version cannot run it.
	 */
	async quote(version: ModelVersion, elements: number, maxTokens: number): Promise<Quote> {
		const asked = this.assay.api.apis.JobsApi.quote(version, elements, maxTokens, { at: this.block });
		const quote = await read('a quote', asked);
		if (quote.success) {
			return quote.value;
		}
		throw await this.refusal(version, quote.value.type, elements, maxTokens);
	}

	/** Why a version cannot run something, with the limit. */
	private async refusal(version: ModelVersion, reason: string, elements: number, maxTokens: number): Promise<CannotRun> {
		const name = `${version.model}.${version.version}`;
		const known = await new Models(this.assay, this.block).version(version).catch(() => undefined);
		const words: Record<string, string> = {
			UnknownVersion: `there is no model version ${name}`,
			EmptyInput: 'the input is empty',
			InputTooLong: `the input has ${elements} elements, at most ${MAX_ELEMENTS} fit into a transaction`,
			OutputTooLong: `${maxTokens} tokens are asked for, at most ${MAX_ELEMENTS} fit into a result`,
			WrongInputKind: `${name} runs on ${known?.vocabulary === undefined ? 'a vector' : 'tokens'}, or on another number of elements than ${elements}`,
			TokenOutOfVocabulary: `a token is outside the vocabulary of ${name}, which has ${known?.vocabulary} tokens`,
			TooManyPositions: `${elements} tokens of input and ${maxTokens} to generate are too many: ${name} has ${known?.positions} positions`,
			BadGeneration: `${name} is asked for ${maxTokens} tokens, and generates at least one`,
		};
		return new CannotRun(version, reason, words[reason] ?? `${name} cannot run it: ${reason}`);
	}

	/**
	 * A job as the dearest listed operator runs it for what it asks now.
	 *
	 * @throws {@link Missing} if nobody is listed, {@link CannotRun} if the version cannot run it, {@link InputTooLong}.
	 */
	async prepare(version: ModelVersion, input: Input, generation: Generation): Promise<Submission> {
		checkLength(input);
		const quote = await this.quote(version, input.value.length, generation.maxTokens);
		if (quote.highest_price === undefined) {
			throw Missing.offer(version);
		}
		const maxPrice = quote.highest_price;
		return { version, input, generation, maxFee: maxPrice * quote.units, maxPrice };
	}

	/**
	 * A submission as a call.
	 *
	 * @throws {@link InputTooLong}, for such a transaction would not decode; {@link Unreadable} for a temperature that cannot be
	 * expressed.
	 */
	call(submission: Submission): Call {
		return this.assay.api.tx.Jobs.submit(argumentsOf(submission));
	}

	/** Submits a job and returns it once a block holds it. What the chain would refuse is not sent and costs nothing. */
	async submit(signer: Signer, submission: Submission, sending: Sending = {}): Promise<Submitted> {
		const included = await this.assay.submit(this.call(submission), signer, sending);
		const { job, room } = included.event('Jobs', 'JobSubmitted');
		return { job, room, included };
	}

	/** Takes back a job that waits for an operator; the whole fee comes back. */
	cancel(signer: Signer, job: bigint): Promise<Included> {
		return this.assay.submit(this.assay.api.tx.Jobs.cancel({ job }), signer);
	}

	/**
	 * The claimed output of a job. It can still be struck down until the job is final.
	 *
	 * @throws {@link Missing} if it has none, or none yet.
	 */
	async result(job: bigint): Promise<Output> {
		const { output } = await this.get(job);
		if (!output) {
			throw Missing.result(job);
		}
		return output;
	}

	/** A job as it is now, and again each time its state or its attempt changes, until it is over. */
	async *follow(job: bigint): AsyncGenerator<Job, void> {
		// A job that never was does not come.
		let last = await this.at('best').get(job);
		yield last;
		if (isOver(last)) {
			return;
		}
		for await (const _heads of this.assay.follow()) {
			// A reorganisation can take a job away for some blocks.
			const now = await this.at('best').find(job);
			if (now && (now.state.type !== last.state.type || now.attempt !== last.attempt)) {
				last = now;
				yield last;
				if (isOver(last)) {
					return;
				}
			}
		}
	}

	/**
	 * Waits until a job is as a condition says in a best block.
	 *
	 * @throws {@link Missing} if it is over before.
	 */
	async waitUntil(job: bigint, condition: (job: Job) => boolean): Promise<Job> {
		for await (const now of this.follow(job)) {
			if (condition(now)) {
				return now;
			}
		}
		throw Missing.result(job);
	}

	/** Waits until a job has a result: preliminary while it is `Claimed`, for good when it is `Final`. */
	claimed(job: bigint): Promise<Job> {
		return this.waitUntil(job, ({ output }) => output !== undefined);
	}

	/** Waits until a job is over, final or refunded. */
	wait(job: bigint): Promise<Job> {
		return this.waitUntil(job, isOver);
	}
}

/** How the next token is chosen. */
function samplerOf({ temperature = 0, seed = `0x${'00'.repeat(32)}` }: Generation): Calls['submit']['generation']['sampler'] {
	if (temperature === 0) {
		return { type: 'Greedy', value: undefined };
	}
	const inverse_temperature = Math.round(ONE / temperature);
	if (!(inverse_temperature >= 1 && inverse_temperature < 2 ** 32)) {
		const range = '0, and about 0.00002 to 131,072';
		throw new Unreadable('number', `a temperature of ${temperature} is outside what can be expressed: ${range}`);
	}
	return { type: 'Gumbel', value: { inverse_temperature, seed } };
}

/**
 * The arguments of the call `Jobs.submit`.
 *
 * @internal
 */
export function argumentsOf({ version, input, generation, maxFee, maxPrice, operator }: Submission): Calls['submit'] {
	checkLength(input);
	const { maxTokens, ignoreStop = false } = generation;
	return {
		version,
		input,
		generation: { sampler: samplerOf(generation), max_tokens: maxTokens, ignore_stop: ignoreStop },
		max_fee: maxFee,
		max_price: maxPrice,
		operator,
	};
}

function checkLength(input: Input): void {
	if (input.value.length > MAX_ELEMENTS) {
		throw new InputTooLong(input.value.length, MAX_ELEMENTS);
	}
}
