// A node that goes away and comes back.

import { rmSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { browser, open, shoot } from './browser';
import { folder, Node } from './programs';

test('a node that goes away is told of, what it said stays, and it is followed again when it comes back', async () => {
	const base = folder();
	const node = await new Node(base).start();
	const chromium = await browser();
	try {
		const { page, errors, go } = await open(chromium, inject('page'), node.url);
		await go('explorer');
		const best = page.locator('[data-best]');
		const height = async () => Number(await best.getAttribute('data-best'));
		await expect.poll(height).toBeGreaterThan(3);

		await node.kill();
		await page.locator('[data-condition=lost]').waitFor();
		const before = await height();
		expect(await page.getByRole('heading', { name: 'Latest blocks' }).isVisible()).toBe(true);
		expect(await page.locator('main td a').count()).toBeGreaterThan(3);
		await shoot(page, 'away');

		await node.start();
		await page.locator('[data-condition=live]').waitFor();
		await expect.poll(height).toBeGreaterThan(before + 2);
		// What is read is new as well.
		const read = async () => Number((await page.locator('main td a').first().innerText()).replace(/,/g, ''));
		await expect.poll(read).toBeGreaterThan(before + 2);

		// One that is away for longer than connections are kept is connected to anew.
		await node.kill();
		await page.locator('[data-condition=lost]').getByText('no node answers').waitFor();
		const then = await height();
		await node.start();
		await page.locator('[data-condition=live]').waitFor();
		await expect.poll(read).toBeGreaterThan(then + 2);
		expect(errors).toEqual([]);
	} finally {
		await chromium.close();
		await node.kill();
		rmSync(base, { recursive: true, force: true });
	}
});

test('a page that comes before its node waits for it', async () => {
	const base = folder();
	const node = new Node(base);
	// A port that is free now.
	await node.start();
	await node.kill();
	const chromium = await browser();
	try {
		const { page } = await open(chromium, inject('page'), node.url);
		await page.goto(`${inject('page')}?node=${encodeURIComponent(node.url)}`);
		await page.locator('[data-condition=connecting]').getByText('no node answers').waitFor();
		await node.start();
		await page.locator('[data-condition=live]').waitFor();
	} finally {
		await chromium.close();
		await node.kill();
		rmSync(base, { recursive: true, force: true });
	}
});
