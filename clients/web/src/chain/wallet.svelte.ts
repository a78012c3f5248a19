// Who signs: an account of a browser's extension, or on a development chain one that everybody has the key of.

import { accountOf, signer, type Signer } from 'assay-sdk';
import type { InjectedPolkadotAccount } from 'polkadot-api/pjs-signer';
import { network } from './network.svelte';

/** Names that everybody has the keys of. */
const DEVELOPERS = ['//Alice', '//Bob', '//Charlie', '//Dave', '//Eve', '//Ferdie'];
/** What extensions are told who asks. */
const NAME = 'Assay';

/** An account that can sign. */
export interface Account {
	/** Its address. */
	address: string;
	/** What its keeper calls it: a stranger's text. */
	name: string;
	/** Who keeps its key. */
	keeper: string;
	/** Signs. */
	signer: Signer;
}

class Wallet {
	/** The account that signs. */
	account = $state.raw<Account>();
	/** Those of the extension that was asked. */
	private injected = $state.raw<Account[]>([]);
	/** Ends what the last extension tells. */
	private disconnect: () => void = () => undefined;

	/** All accounts there are to choose from: the reader's own before those of everybody, each once. */
	get accounts(): Account[] {
		const all = [...this.injected, ...(network.kind?.development ? developers() : [])];
		return all.filter(({ address }, index) => all.findIndex((other) => other.address === address) === index);
	}

	/** Extensions in this browser. */
	async extensions(): Promise<string[]> {
		const { getInjectedExtensions } = await import('polkadot-api/pjs-signer');
		return getInjectedExtensions();
	}

	/** Asks an extension for its accounts; its user is asked whether the page may know them. */
	async connect(extension: string): Promise<void> {
		const { connectInjectedExtension } = await import('polkadot-api/pjs-signer');
		const connected = await connectInjectedExtension(extension, NAME);
		const take = (accounts: InjectedPolkadotAccount[]) => {
			this.injected = accounts.map(({ address, name = '', polkadotSigner }) => ({
				address,
				name,
				keeper: extension,
				signer: polkadotSigner,
			}));
			// An account that its user has hidden signs no more.
			this.account = this.injected.find(({ address }) => address === this.account?.address) ?? this.injected[0];
		};
		take(connected.getAccounts());
		this.disconnect();
		this.disconnect = connected.subscribe(take);
	}

	/** Chooses who signs. */
	choose(address: string): void {
		this.account = this.accounts.find((account) => account.address === address);
	}
}

let made: Account[] | undefined;

function developers(): Account[] {
	made ??= DEVELOPERS.map((secret) => {
		const own = signer(secret);
		return { address: accountOf(own), name: secret.slice(2), keeper: 'development', signer: own };
	});
	return made;
}

/** The wallet of the reader. */
export const wallet = new Wallet();
