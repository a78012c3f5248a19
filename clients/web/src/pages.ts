// The pages. Each is loaded when it is first looked at.

import type { Component } from 'svelte';

/** A page. */
interface Page {
	/** What the browser calls it. */
	title: string;
	/** What the menu calls it, if it is there. */
	menu?: string;
	/** The page of the menu that it belongs to. */
	under?: string;
	/** Loads it. */
	load: () => Promise<{ default: Component<{ about: string }> }>;
}

/** All pages by the name in their address. */
export const PAGES: Record<string, Page> = {
	explorer: { title: 'Explorer', menu: 'Explorer', load: () => import('./pages/Explorer.svelte') },
	blocks: { title: 'Block', under: 'explorer', load: () => import('./pages/Block.svelte') },
	hashes: { title: 'Search', under: 'explorer', load: () => import('./pages/Hash.svelte') },
	accounts: { title: 'Account', under: 'explorer', load: () => import('./pages/Account.svelte') },
	jobs: { title: 'Jobs', menu: 'Jobs', load: () => import('./pages/Jobs.svelte') },
	disputes: { title: 'Disputes', menu: 'Disputes', load: () => import('./pages/Disputes.svelte') },
	audits: { title: 'Audits', menu: 'Audits', load: () => import('./pages/Audits.svelte') },
	models: { title: 'Models', menu: 'Models', load: () => import('./pages/Models.svelte') },
	channels: { title: 'Channels', menu: 'Channels', load: () => import('./pages/Channels.svelte') },
	receipts: { title: 'Receipts', menu: 'Receipts', load: () => import('./pages/Receipts.svelte') },
	staking: { title: 'Staking', menu: 'Staking', load: () => import('./pages/Staking.svelte') },
	playground: { title: 'Playground', menu: 'Playground', load: () => import('./pages/Playground.svelte') },
	operators: { title: 'Operators', menu: 'Operators', load: () => import('./pages/Operators.svelte') },
};
