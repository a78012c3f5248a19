// How soon the page shows something, and how much of it is sent.

import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { browser, open } from './browser';
import { serve } from './server';

/** Milliseconds to the first data of the chain, from a local server and node. */
const MOST_MS = 2_000;
/** Compressed bytes of all that the page needs to show its first page. */
const MOST_BYTES = 500 << 10;
/** A busy machine may be slow once; the page may not be slow always. */
const TRIES = 5;

test('the first data are there within two seconds, and half a megabyte is sent at most', async () => {
	const chromium = await browser();
	const times: number[] = [];
	let bytes = 0;
	for (let run = 0; run < TRIES && !times.some((time) => time <= MOST_MS); run += 1) {
		const server = await serve(join(import.meta.dirname, '../../dist'));
		// A new context has nothing in its cache.
		const { page, errors } = await open(chromium, server.url, inject('node'));
		const start = performance.now();
		await page.goto(`${server.url}?node=${encodeURIComponent(inject('node'))}#/explorer`);
		await page.locator('main td a').first().waitFor();
		times.push(performance.now() - start);
		await page.locator('[data-condition=live]').waitFor();
		await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
		bytes = server.sent();
		expect(errors).toEqual([]);
		await page.context().close();
		server.close();
	}
	await chromium.close();
	console.log(`first data after ${times.map((time) => Math.round(time)).join(', ')} ms; ${bytes} bytes sent`);
	expect(Math.min(...times)).toBeLessThanOrEqual(MOST_MS);
	expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});
