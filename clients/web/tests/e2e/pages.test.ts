// Every page, in light and dark, on a desk and on a phone.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { browser, expectAccessible, expectFits, open, shoot, violations } from './browser';

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const BOB = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

/** Places, what a picture of each is called, and what has to be seen there. */
const PLACES: [place: string, picture: string, seen: RegExp][] = [
	['explorer', 'explorer', /Latest blocks[\s\S]*Latest jobs[\s\S]*final/i],
	['blocks/3', 'block', /Transactions[\s\S]*Timestamp\.set/],
	[`accounts/${BOB}`, 'account', /can be transferred[\s\S]*Channels[\s\S]*open/],
	['jobs', 'jobs', /held at most[\s\S]*glossary-2m/],
	['jobs/0', 'job', /submitted[\s\S]*assigned[\s\S]*claimed[\s\S]*final/],
	['disputes', 'disputes', /There is none/],
	['audits', 'audits', /How likely the next claim is audited[\s\S]*%/],
	['models', 'models', /glossary-2m[\s\S]*1\.5 %/],
	['models/0.0', 'model', /Who serves it[\s\S]*listed/],
	['channels', 'channels', /Of the operators with the most stake[\s\S]*open/],
	['receipts', 'receipts', /Whom you trust/],
	['staking', 'staking', /Operators[\s\S]*10,000/],
	[`staking/${ALICE}`, 'operator', /jobs without a fault[\s\S]*What it serves/],
	['playground', 'playground', /The same from a program/],
	['operators', 'operators', /Your node[\s\S]*verified[\s\S]*Duties due/],
];

let chromium: Browser;
beforeAll(async () => {
	chromium = await browser();
});
afterAll(() => chromium?.close());

const DESK = { viewport: { width: 1_180, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

for (const [name, options] of [
	['in light on a desk', { ...DESK, colorScheme: 'light' }],
	['in dark on a phone', { ...PHONE, colorScheme: 'dark' }],
] as const) {
	test(`every page is there ${name}, fits, is accessible and says nothing to the console`, async () => {
		const { page, errors, go } = await open(chromium, inject('page'), inject('node'), options);
		for (const [place, picture, seen] of PLACES) {
			await go(place);
			await expect.poll(() => page.locator('main').innerText(), { message: place }).toMatch(seen);
			await expectFits(page, place);
			await expectAccessible(page, place);
			await shoot(page, name.includes('phone') ? `phone-${picture}` : picture);
		}
		expect(errors).toEqual([]);
		await page.context().close();
	});
}

test('the rules of accessibility are looked at: what breaks one is found', async () => {
	const { page, go } = await open(chromium, inject('page'), inject('node'));
	await go('jobs');
	await page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')));
	expect(await violations(page)).toEqual([expect.stringMatching(/^button-name: <button>/)]);
	await page.context().close();
});

test('everything can be reached with the keyboard', async () => {
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	await go('explorer');
	await page.keyboard.press('Tab');
	expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('to the content');
	await page.keyboard.press('Enter');
	expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
	await page.getByRole('searchbox').focus();
	await page.keyboard.type('job 0');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Job 0', level: 1 }).waitFor();
	// A reader of screens is taken to what is new.
	expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
	await page.getByRole('link', { name: 'Staking' }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Staking', level: 1 }).waitFor();
	expect(await page.title()).toBe('Staking · Assay');
	expect(errors).toEqual([]);
	await page.context().close();
});

test('what is sought and is nothing is said to be so', async () => {
	const { page, go } = await open(chromium, inject('page'), inject('node'));
	await go('explorer');
	await page.getByRole('searchbox').fill('what is this');
	await page.keyboard.press('Enter');
	await page.getByRole('alert').getByText('That is no block number').waitFor();
	await page.evaluate(() => {
		location.hash = '#/jobs/999999';
	});
	await page.getByText('There is no such job').waitFor();
	await page.evaluate(() => {
		location.hash = '#/nowhere';
	});
	await page.getByText('There is no page called nowhere').waitFor();
	await page.context().close();
});
