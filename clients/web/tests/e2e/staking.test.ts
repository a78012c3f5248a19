// Stake with the development keyring: from a delegation to its return.

import { expect, inject, test } from 'vitest';
import { browser, expectAccessible, open, shoot } from './browser';

test('stake is delegated, asked to leave, and taken back when it is free', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	await go('staking');
	const wallet = page.getByLabel('account that signs');
	await wallet.selectOption({ label: await wallet.locator('option', { hasText: 'Ferdie' }).innerText() });
	const staked = page.locator('[data-staked]');
	await expect.poll(() => staked.getAttribute('data-staked')).toBe('0');

	// Too much and too little are told before anything is signed.
	const amount = page.getByLabel('amount in ASY');
	const send = page.getByRole('button', { name: 'Sign and send' });
	await amount.fill('99999999');
	await page.getByText('more than the account can spend').waitFor();
	expect(await send.isDisabled()).toBe(true);
	await amount.fill('1');
	await page.getByText('less than the least').waitFor();
	await amount.fill('12,5');
	await page.getByText('That is no amount of ASY').waitFor();
	await amount.fill('40');
	await expect.poll(() => page.locator('[data-preview=delegate]').innerText()).toMatch(/held afterwards\s+40 ASY[\s\S]*at the very worst 40 ASY/);
	await shoot(page, 'staking-preview');
	await expectAccessible(page, 'the form of stake');
	await send.click();
	await page.locator('[data-done=delegate]').waitFor();
	await expect.poll(() => staked.getAttribute('data-staked')).toBe(String(40n * 10n ** 12n));

	await page.getByLabel('what to do').selectOption('unbond');
	await amount.fill('40');
	await page.locator('[data-preview=unbond]').getByText('from block').waitFor();
	await send.click();
	const told = await page.locator('[data-done=unbond]').innerText();
	expect(told).toMatch(/40 ASY leave, and are free from block \d+/);
	await expect.poll(() => page.locator('[data-unbonding]').getAttribute('data-unbonding')).toBe(String(40n * 10n ** 12n));

	await page.getByLabel('what to do').selectOption('withdraw');
	await page.getByText('nothing that has asked to leave is free yet').waitFor();
	await expect.poll(() => page.locator('[data-withdrawable]').getAttribute('data-withdrawable')).toBe(String(40n * 10n ** 12n));
	await send.click();
	expect(await page.locator('[data-done=withdraw]').innerText()).toContain('40 ASY are free');
	await expect.poll(() => page.locator('[data-unbonding]').getAttribute('data-unbonding')).toBe('0');
	expect(errors).toEqual([]);
	await chromium.close();
});

test('what was earned is claimed, and stake that moves to another operator answers for both', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	await go('staking');
	const wallet = page.getByLabel('account that signs');
	await wallet.selectOption({ label: await wallet.locator('option', { hasText: 'Charlie' }).innerText() });
	const action = page.getByLabel('what to do');
	const send = page.getByRole('button', { name: 'Sign and send' });
	await action.selectOption('claim');
	// Sessions pay their validators when they end.
	await expect.poll(() => page.locator('[data-preview=claim]').innerText()).toMatch(/free at once\s+[\d.]+ ASY/);
	await send.click();
	expect(await page.locator('[data-done=claim]').innerText()).toMatch(/[\d.]+ ASY were earned and are yours/);

	await action.selectOption('redelegate');
	await page.locator('select[name=to]').selectOption({ label: await page.locator('select[name=to]').locator('option', { hasText: 'Eve & daughters' }).innerText() });
	await page.getByLabel('amount in ASY').fill('100');
	await page.locator('[data-preview=redelegate]').getByText('faults of the old operator can cost it too').waitFor();
	await send.click();
	expect(await page.locator('[data-done=redelegate]').innerText()).toContain('The stake moved to');
	await expect.poll(() => page.locator('main').innerText()).toMatch(/100 ASY for 5Grwva…GKutQY\s+until/);
	await expectAccessible(page, 'positions');

	// Until then it cannot leave: that is told before anything is signed.
	await action.selectOption('unbond');
	const operator = page.locator('select[name=operator]');
	await operator.selectOption({ label: await operator.locator('option', { hasText: 'Eve & daughters' }).innerText() });
	await page.getByLabel('amount in ASY').fill('100');
	await page.locator('[data-refusal]').getByText('still answers for that one').waitFor();
	expect(await send.isDisabled()).toBe(true);
	expect(errors).toEqual([]);
	await chromium.close();
});

test('what the chain refuses is told with its reason', async () => {
	const chromium = await browser();
	const { page, go } = await open(chromium, inject('page'), inject('node'));
	await go('staking');
	const wallet = page.getByLabel('account that signs');
	await wallet.selectOption({ label: await wallet.locator('option', { hasText: 'Alice' }).innerText() });
	await page.getByLabel('what to do').selectOption('delegate');
	await page.getByLabel('amount in ASY').fill('20');
	await page.getByRole('button', { name: 'Sign and send' }).click();
	await expect.poll(() => page.locator('[data-failed=delegate]').innerText()).toMatch(/Staking\.OwnBond/);
	await chromium.close();
});
