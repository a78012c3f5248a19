// The page as the gateway serves it, and a chat through it.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { browser, expectAccessible, open, shoot } from './browser';
import { program, Running } from './programs';

const PAGE = join(import.meta.dirname, '../../dist');

let gateway: Running;
let address: string;
let key: string;

beforeAll(async () => {
	const data = join(inject('base'), 'gateway');
	mkdirSync(data);
	key = execFileSync(program('assay-gateway'), ['--data', data, 'key', 'create', 'page', '--limit', '20'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	const models = join(inject('base'), 'models');
	const options = ['--data', data, 'serve', '--listen', '127.0.0.1:0', '--url', inject('node'), '--suri', '//Dave', '--models-dir', models, '--page', PAGE, '--channels', '2'];
	gateway = Running.start('assay-gateway', options, join(inject('base'), 'gateway.log'));
	address = await gateway.says('listening at ', '/v1');
});
afterAll(() => gateway?.kill());

test('the gateway sends the policy that the page has of itself, and nothing may be framed', async () => {
	const answer = await fetch(address);
	const html = await answer.text();
	const own = /http-equiv="content-security-policy" content="([^"]+)"/.exec(html)?.[1]?.replaceAll('&#39;', "'");
	expect(own).toMatch(/^default-src 'none'; script-src 'self'/);
	expect(answer.headers.get('content-security-policy')).toBe(`${own}; frame-ancestors 'none'`);
	expect(own).not.toContain('unsafe-inline');
});

test('a chat is streamed, tells what it came from and costs, and its job is checked here when it is final', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, `${address}/`, inject('node'));
	await go('playground/0.0');
	const connect = page.getByRole('button', { name: 'Connect' });
	await page.getByLabel(/API key/).fill('sk-assay-wrong');
	await connect.click();
	await page.getByRole('alert').getByText('there is no such API key').waitFor();
	await page.getByLabel(/API key/).fill(key);
	await connect.click();
	await expect.poll(() => page.getByRole('combobox', { name: /^model/ }).inputValue()).toBe('glossary-2m');
	await page.getByLabel('tokens at most').fill('24');

	const talk = page.getByRole('log');
	const ask = async (text: string) => {
		await page.getByLabel('your message').fill(text);
		await page.getByRole('button', { name: 'Ask' }).click();
	};
	// The first is a job if the channel is not open yet, and comes through the channel otherwise.
	await ask('ocean (noun):');
	const origins = talk.locator('[data-origin]');
	await origins.nth(0).waitFor();
	expect((await talk.locator('article.assistant .text').innerText()).length).toBeGreaterThan(3);
	await page.getByRole('button', { name: 'curl' }).click();
	expect(await page.getByRole('region', { name: 'the program' }).innerText()).toContain('ocean (noun):');
	expect(await page.locator('main').innerText()).not.toContain(key);

	const job = talk.locator('[data-origin=job]').first();
	await job.locator('summary').click();
	await job.getByText('final', { exact: true }).waitFor();
	await job.getByRole('button', { name: 'Check the receipt' }).click();
	await job.locator('[data-verified=true]').waitFor();
	await shoot(page, 'playground-chat');
	await expectAccessible(page, 'the playground');

	// When the channel is open, answers come through it, piece by piece.
	for (let turn = 1; ; turn += 1) {
		await page.getByRole('button', { name: 'begin anew' }).click();
		await ask(`lighthouse ${turn} (noun):`);
		await origins.first().waitFor();
		if ((await origins.first().getAttribute('data-origin')) === 'channel') {
			break;
		}
		expect(turn, 'the channel never opened').toBeLessThan(30);
	}
	await origins.first().locator('summary').click();
	expect(await origins.first().innerText()).toMatch(/cost [\d.]+ ASY[\s\S]*channel/);
	await origins.first().getByRole('button', { name: 'what the gateway says of it now' }).click();
	await origins.first().getByText('"revealed"').waitFor();
	expect(errors.filter((error) => !error.includes('401'))).toEqual([]);
	await chromium.close();
});
