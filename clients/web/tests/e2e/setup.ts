// What all tests look at: a chain on which something has happened, and a server that has nothing but the page's files.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { CLONE, folder, Node, until } from './programs';
import { serve } from './server';

/** Names that try to be more than names: markup, another direction of writing, and as long as the chain allows. */
export const HOSTILE = '<img src=x onerror="window.hit=1">\u202eoknep\u202c';
export const LONG = 'M'.repeat(64);
export const SCRIPT = '<script>window.hit=2</script><b>bold</b>';

declare module 'vitest' {
	interface ProvidedContext {
		/** Where the node listens. */
		node: string;
		/** Its folder. */
		base: string;
		/** Where the page is. */
		page: string;
	}
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const base = folder();
	const node = await new Node(base).start();
	const server = await serve(join(import.meta.dirname, '../../dist'));
	const close = async () => {
		await node.kill();
		server.close();
		rmSync(base, { recursive: true, force: true });
	};
	try {
		await history(node);
	} catch (error) {
		await close();
		throw error;
	}
	project.provide('node', node.url);
	project.provide('base', base);
	project.provide('page', server.url);
	return close;
}

/** A model that is served, jobs of it, stake behind its operator, another operator, a channel, and strangers who call themselves things. */
async function history(node: Node): Promise<void> {
	const model = join(CLONE, 'scripts/models/glossary-2m');
	const { artifact } = await node.assay('//Alice', 'model', 'import', model, '--as', 'glossary-2m');
	const file = String(artifact);
	const register = ['model', 'register', file, '--licence', 'CC0-1.0', '--name'];
	await node.assay('//Alice', ...register, 'glossary-2m', '--royalty', '1.5%');
	await node.assay('//Alice', 'model', 'serve', '0.0', '--price', '0.001', '--capacity', '8');
	await node.assay('//Charlie', ...register, HOSTILE, '--description', SCRIPT);
	await node.assay('//Charlie', ...register, LONG);
	await node.assay('//Alice', 'operator', 'identity', SCRIPT);
	await node.assay('//Alice', 'operator', 'endpoint', `https://${await node.endpoint()}`);
	await node.assay('//Charlie', 'stake', 'delegate', '//Alice', '500');
	await node.assay('//Eve', 'operator', 'register', '--worker-suri', '//Eve', '--bond', '5000');
	await node.assay('//Eve', 'operator', 'identity', 'Eve & daughters');
	await until('the offer to be listed', async () => {
		const shown = (await node.assay('//Alice', 'model', 'show', '0.0')) as { versions: { offers: { listed: boolean }[] }[] };
		return shown.versions[0]?.offers.some(({ listed }) => listed) || undefined;
	});
	await node.assay('//Bob', 'channel', 'open', '//Alice', '0.0', '--deposit', '5', '--channel-key', join(node.base, 'channel.key'));
	await node.assay('//Bob', 'job', 'submit', '--model', '0.0', '--text', 'lighthouse (noun):', '--max-tokens', '24', '--watch');
	await node.assay('//Bob', 'job', 'submit', '--model', '0.0', '--text', 'ocean (noun):', '--max-tokens', '24');
}
