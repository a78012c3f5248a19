// A light client instead of a node: nobody has to be trusted for what is read.

import { getSmProvider } from 'polkadot-api/sm-provider';
import { start } from 'polkadot-api/smoldot';
import { Assay, type Connecting } from './assay.js';

/** Of what smoldot writes to the console, errors only. */
const ERRORS = 1;

/**
 * Starts a light client of a chain inside this program and connects to it. Its answers are proved by the chain's own headers,
 * which it follows from the specification on. Receipts it cannot make. Node.js goes on for up to a minute after it is closed,
 * unless the program ends by `process.exit`: smoldot leaves timers behind.
 *
 * @param specification - Of the chain, with addresses of nodes in `bootNodes`, as `assay-node export-chain-spec --raw` writes it.
 * @param connecting - How long to be patient.
 */
export async function connectLight(specification: string, connecting: Connecting = {}): Promise<Assay> {
	// It warns of methods that this package asks on purpose.
	const client = start({ maxLogLevel: ERRORS });
	const stop = () => {
		void client.terminate();
	};
	try {
		const provider = getSmProvider(() => client.addChain({ chainSpec: specification }));
		return await Assay.over(provider, connecting, stop);
	} catch (error) {
		stop();
		throw error;
	}
}
