// A light client in the browser, with the node as its only peer: nothing that the node says is believed unproved.

import { readFileSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { browser, open } from './browser';
import { specification, theNode } from './programs';

test('a light client in the browser is loaded when it is wanted, and shows the chain', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	const loaded: string[] = [];
	page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
	await go('jobs');
	expect(loaded.filter((path) => path.includes('light'))).toEqual([]);

	const chain = JSON.parse(readFileSync(await specification(), 'utf8')) as { bootNodes: string[] };
	const addresses = await theNode(inject('base'), inject('node')).ask<string[]>('system_localListenAddresses');
	chain.bootNodes = addresses.filter((address) => address.includes('/127.0.0.1/') && address.includes('/ws'));
	expect(chain.bootNodes.length).toBeGreaterThan(0);
	await page.locator('[aria-controls=connect]').click();
	await page.getByLabel(/or a light client/).setInputFiles({ name: 'chain.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(chain)) });
	await page.getByRole('button', { name: 'Connect', exact: true }).click();
	await page.getByRole('button', { name: 'light client' }).waitFor();
	await page.locator('[data-condition=live]').waitFor();
	expect(loaded.filter((path) => path.includes('light')).length).toBe(1);

	await go('jobs/0');
	await expect.poll(() => page.locator('main').innerText()).toMatch(/glossary-2m[\s\S]*to the operator/);
	await go('staking');
	await expect.poll(() => page.locator('main').innerText()).toMatch(/Operators[\s\S]*10,000/);
	expect(errors).toEqual([]);
	await chromium.close();
});
