// What strangers call themselves is text and stays text.

import { expect, inject, test } from 'vitest';
import { browser, expectFits, open, shoot } from './browser';
import { LONG } from './setup';

test('names that are markup, turn around or are very long are shown as text and break nothing', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'), { viewport: { width: 390, height: 844 } });
	for (const place of ['explorer', 'models', 'models/1.0', 'models/2.0', 'staking', 'staking/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', 'audits']) {
		await go(place);
		expect(await page.evaluate(() => (window as { hit?: number }).hit), place).toBeUndefined();
		expect(await page.locator('main img, main script, main b').count(), place).toBe(0);
		await expectFits(page, place);
		// Nothing that turns writing around is left in the page.
		expect(await page.locator('main').innerText(), place).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
	}
	await go('models/1.0');
	expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('<img src=x onerror="window.hit=1">');
	expect(await page.locator('main').innerText()).toContain('<script>window.hit=2</script><b>bold</b>');
	await shoot(page, 'phone-hostile');
	await go('models/2.0');
	expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain(LONG);
	await go('staking');
	expect(await page.locator('main').innerText()).toContain('<script>');
	expect(errors).toEqual([]);
	await chromium.close();
});
