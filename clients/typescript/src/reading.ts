// Reading from the chain.

import { unanswered } from './errors.js';

/**
 * What the chain answers.
 *
 * @param what - What is read, for the error.
 * @throws {@link Unanswered} if it does not.
 */
export async function read<T>(what: string, answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (error) {
		throw unanswered(what, error);
	}
}
