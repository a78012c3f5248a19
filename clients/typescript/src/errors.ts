// What can go wrong, told apart by what a caller can do about it.

import { formatAsy } from './amount.js';
import type { ModelVersion } from './models.js';

/** All errors of this package but {@link FlawError}: `error instanceof AssayError`, then by class. */
export abstract class AssayError extends Error {
	/** @param message - What was wrong, with the value and the limit. */
	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = new.target.name;
	}
}

/** Nobody answers at the address. Trying again later may help. */
export class NotConnected extends AssayError {
	/**
	 * @param url - The address.
	 * @param seconds - For how long a node was waited for.
	 * @param reason - What the system says.
	 */
	constructor(
		readonly url: string,
		readonly seconds: number,
		readonly reason: string,
	) {
		super(`no node answers at ${url} within ${seconds} s: is it running, and is the address right? (${reason})`);
	}
}

/** Somebody answers, but no node of this chain, or one whose runtime this package does not know. */
export class OtherChain extends AssayError {
	/** @param lacks - What it lacks, or has in another form, as `tx.Jobs.submit`. */
	constructor(readonly lacks: readonly string[]) {
		super(`what answers is no node of this chain, or its runtime is of another version: it does not fit in ${lacks.join(', ')}`);
	}
}

/** The node did not answer a question, or answered with an error. */
export class Unanswered extends AssayError {
	/**
	 * @param what - What it was asked.
	 * @param code - The code of its error, if it has one.
	 * @param reason - The words of its error.
	 */
	constructor(
		readonly what: string,
		readonly code: number | undefined,
		readonly reason: string,
	) {
		super(`${what}: ${reason}`);
	}
}

/** There is no such thing on the chain. */
export class Missing extends AssayError {
	/**
	 * @param what - What is not there.
	 * @param message - The same in words.
	 */
	constructor(
		readonly what: 'Model' | 'Version' | 'Offer' | 'Job' | 'Result' | 'Operator' | 'Tokenizer' | 'Block' | 'Event',
		message: string,
	) {
		super(message);
	}

	/** No model. */
	static model(model: number): Missing {
		return new Missing('Model', `there is no model ${model}`);
	}

	/** No such version of a model that has others. */
	static version({ model, version }: ModelVersion, count: number): Missing {
		return new Missing('Version', `model ${model} has no version ${version}: it has ${count}`);
	}

	/** Nobody who serves a version. */
	static offer({ model, version }: ModelVersion): Missing {
		return new Missing('Offer', `no operator serves ${model}.${version} at the moment: wait for one`);
	}

	/** No job. */
	static job(job: bigint): Missing {
		return new Missing('Job', `there is no job ${job}: it was never submitted, or it ended long ago and was removed`);
	}

	/** No result. */
	static result(job: bigint): Missing {
		return new Missing('Result', `job ${job} has no result`);
	}

	/** No operator. */
	static operator(account: string): Missing {
		return new Missing('Operator', `${account} is not an operator`);
	}
}

/** An input has more elements than a transaction may have. */
export class InputTooLong extends AssayError {
	/**
	 * @param elements - Its elements.
	 * @param most - How many fit.
	 */
	constructor(
		readonly elements: number,
		readonly most: number,
	) {
		super(`the input has ${elements} elements, at most ${most} fit into a transaction`);
	}
}

/** A version cannot run what is asked of it. */
export class CannotRun extends AssayError {
	/**
	 * @param version - The version.
	 * @param reason - The chain's error: `UnknownVersion`, `TooManyPositions`…
	 * @param message - The same in words.
	 */
	constructor(
		readonly version: ModelVersion,
		readonly reason: string,
		message: string,
	) {
		super(message);
	}
}

/** Why the call of a transaction fails. */
export interface Failure {
	/** The pallet whose error it is; none where the runtime itself says no. */
	pallet: string | undefined;
	/** The error's name. */
	error: string;
	/** What it means, in the words of the chain's metadata. */
	explanation: string;
}

/** `Jobs.NotOpen: The job is not waiting for an operator.` */
function told({ pallet, error, explanation }: Failure): string {
	return `${pallet === undefined ? '' : `${pallet}.`}${error}${explanation ? `: ${explanation}` : ''}`;
}

/** The error of a pallet, whether the call {@link Failed} or {@link WouldFail | only would have}. */
export abstract class CallError extends AssayError {
	/**
	 * @param failure - Why.
	 * @param message - The same in words.
	 */
	constructor(
		readonly failure: Failure,
		message: string,
	) {
		super(message);
	}

	/** Whether it is this error of this pallet: `is('Jobs', 'NotOpen')`. */
	is(pallet: string, error: string): boolean {
		return this.failure.pallet === pallet && this.failure.error === error;
	}
}

/** The call of a transaction would fail. It was tried out: nothing was sent and nothing is paid. */
export class WouldFail extends CallError {
	/**
	 * @param failure - Why.
	 * @param block - The block on which it was tried out.
	 */
	constructor(
		failure: Failure,
		readonly block: number,
	) {
		super(failure, `${told(failure)} (tried out on block ${block}: nothing was sent and nothing is paid)`);
	}
}

/** The call of a transaction failed in a block. Its fee is paid. */
export class Failed extends CallError {
	/**
	 * @param failure - Why.
	 * @param block - The block.
	 * @param fee - What the signer paid for it, in smallest units.
	 */
	constructor(
		failure: Failure,
		readonly block: number,
		readonly fee: bigint,
	) {
		super(failure, `${told(failure)} (in block ${block}: its fee of ${formatAsy(fee)} is paid)`);
	}
}

/** The account cannot pay for a transaction. Nothing was sent. */
export class Unpayable extends AssayError {
	/**
	 * @param account - Whose transaction.
	 * @param fee - What it costs, in smallest units.
	 * @param free - What the account has.
	 */
	constructor(
		readonly account: string,
		readonly fee: bigint,
		readonly free: bigint,
	) {
		super(`refused: balance too low: the transaction costs ${formatAsy(fee)}, ${account} has ${formatAsy(free)} free`);
	}
}

/** The node did not take a transaction into its pool. Nothing was done and nothing is paid. */
export class Refused extends AssayError {
	/**
	 * @param code - The code of the node's error.
	 * @param reason - The pool's reason.
	 */
	constructor(
		readonly code: number | undefined,
		readonly reason: string,
	) {
		super(`refused: ${reason}`);
	}
}

/** Other programs that sign with the account were faster, again and again. Nothing was done: send it again. */
export class Displaced extends AssayError {
	/**
	 * @param tries - How often it was tried.
	 * @param reason - How the last try ended.
	 */
	constructor(
		readonly tries: number,
		readonly reason: string,
	) {
		super(`${tries} times another transaction of the account was faster: send it again: ${reason}`);
	}
}

/** The life of a transaction ended before a block took it. Nothing was done: send it again. */
export class NotIncluded extends AssayError {
	/**
	 * @param last - The last block that could have held it.
	 * @param reason - What the node said of it last.
	 */
	constructor(
		readonly last: number,
		readonly reason: string,
	) {
		super(`no block up to ${last}, the last that could, holds the transaction (${reason})`);
	}
}

/** A job has no receipt yet. */
export class NotOver extends AssayError {
	/** @param job - The job. */
	constructor(readonly job: bigint) {
		super(`job ${job} is not over: there is a receipt of it when it is`);
	}
}

/** A text is no amount, no address, no secret, no version, or a number cannot be expressed. */
export class Unreadable extends AssayError {
	/**
	 * @param what - What it should be.
	 * @param message - What is wrong with it.
	 */
	constructor(
		readonly what: 'amount' | 'account' | 'secret' | 'version' | 'number',
		message: string,
	) {
		super(message);
	}
}

/** What polkadot-api calls a client that is destroyed. */
const ENDED = 'the connection was closed, or the node did not come back in time';

/** The error of the node, if it is one. */
export function unanswered(what: string, error: unknown): Unanswered {
	const code = (error as { code?: unknown } | undefined)?.code;
	const data = (error as { data?: unknown } | undefined)?.data;
	const ended = error instanceof Error && error.name === 'DestroyedError';
	const words = ended ? ENDED : error instanceof Error ? error.message : String(error);
	const reason = typeof data === 'string' ? `${words}: ${data}` : words;
	return new Unanswered(what, typeof code === 'number' ? code : undefined, reason);
}
