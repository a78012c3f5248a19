// Wallets that are extensions of the browser, by their standard interface.

import { expect, inject, test } from 'vitest';
import { browser, open } from './browser';

const BOB = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

test('an account of an extension signs, and what its user declines is told and costs nothing', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	// An extension as pages see it, whose user declines everything. Its name and its account's are a stranger's text.
	await page.addInitScript((address) => {
		const asked: unknown[] = [];
		const accounts = [{ address, name: '<i>mine</i>', type: 'sr25519' }];
		const subscribe = (tell: (all: unknown[]) => void) => {
			queueMicrotask(() => tell(accounts));
			return () => undefined;
		};
		Object.assign(window, {
			asked,
			injectedWeb3: {
				'<b>wallet</b>': {
					enable: async (name: string) => {
						asked.push(name);
						return {
							accounts: { get: async () => accounts, subscribe },
							signer: {
								signRaw: async () => Promise.reject(new Error('Cancelled')),
								signPayload: async (payload: { address: string; method: string }) => {
									asked.push(payload);
									throw new Error('Cancelled');
								},
							},
						};
					},
				},
			},
		});
	}, BOB);
	await go('staking');
	await page.getByRole('button', { name: 'use <b>wallet</b>' }).click();
	const wallet = page.getByLabel('account that signs');
	await expect.poll(() => wallet.inputValue()).toBe(BOB);
	expect(await wallet.innerText()).toContain('<i>mine</i>');
	const before = await page.locator('[data-transferable]').getAttribute('data-transferable');
	await page.getByLabel('amount in ASY').fill('30');
	await page.getByRole('button', { name: 'Sign and send' }).click();
	await page.locator('[data-failed=delegate]').getByText('Cancelled').waitFor();
	const asked = await page.evaluate(() => (window as unknown as { asked: [string, { address: string; method: string }] }).asked);
	expect(asked[0]).toBe('Assay');
	expect(asked[1].address).toBe(BOB);
	expect(await page.locator('[data-transferable]').getAttribute('data-transferable')).toBe(before);
	expect(await page.locator('main b, main i').count()).toBe(0);
	expect(errors).toEqual([]);
	await chromium.close();
});
