// What the reader has chosen, kept by the browser.

/** Where a node listens on the reader's own machine. */
const NODE = 'ws://127.0.0.1:9944';

function kept(name: string, otherwise: string): string {
	// An address with the page's own wins: links can name a node.
	const named = new URLSearchParams(location.search).get(name);
	return named ?? read(name) ?? otherwise;
}

function read(name: string): string | undefined {
	try {
		return localStorage.getItem(`assay.${name}`) ?? undefined;
	} catch {
		return undefined;
	}
}

/** Keeps something, if the browser lets us. */
export function keep(name: string, value: string): void {
	try {
		localStorage.setItem(`assay.${name}`, value);
	} catch {
		// A browser that keeps nothing is asked again next time.
	}
}

/** Of the gateway: this very server, if a server there is. */
const GATEWAY = location.protocol.startsWith('http') ? location.origin : 'http://127.0.0.1:8080';

class Choice {
	/** The node. */
	node = $state(kept('node', NODE));
	/** The gateway. */
	gateway = $state(kept('gateway', GATEWAY));
	/** The specification of the chain, where a light client is wanted instead of the node. */
	specification = $state('');
}

/** What the reader has chosen. */
export const choice = new Choice();
