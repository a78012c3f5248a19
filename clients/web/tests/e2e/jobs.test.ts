// A job from its submission to its receipt.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { browser, expectAccessible, open, shoot } from './browser';
import { CLONE, theNode } from './programs';

test('a job is watched to its end, read as text, and its receipt verifies unless it is tampered with', async () => {
	const chromium = await browser();
	const { page, errors, go } = await open(chromium, inject('page'), inject('node'));
	const { job } = await theNode(inject('base'), inject('node')).assay('//Bob', 'job', 'submit', '--model', '0.0', '--text', 'harbour (noun):', '--max-tokens', '24');
	await go(`jobs/${String(job)}`);
	const line = page.getByRole('list', { name: 'the life of the job' });
	for (const state of ['submitted', 'assigned', 'claimed', 'final']) {
		await line.getByText(state, { exact: true }).waitFor();
	}
	await expect.poll(() => page.locator('main').innerText()).toMatch(/to the operator[\s\S]*to the treasury[\s\S]*back to the consumer/);
	expect(await line.locator('[aria-current=step]').count(), 'nothing is going on any more').toBe(0);

	// Another file is not taken for the model's tokenizer.
	const tokenizer = page.getByLabel(/tokenizer\.json/);
	await tokenizer.setInputFiles({ name: 'tokenizer.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
	await page.getByText('the file is not the tokenizer of the version').waitFor();
	await tokenizer.setInputFiles(join(CLONE, 'scripts/models/glossary-2m/tokenizer.json'));
	await expect.poll(() => page.getByRole('region', { name: 'the input as text' }).innerText()).toBe('harbour (noun):');
	const output = await page.getByRole('region', { name: 'the output as text' }).innerText();
	const shown = await theNode(inject('base'), inject('node')).assay('//Bob', 'job', 'show', String(job));
	expect(output.trim()).toBe(String(shown['text']).trim());
	await shoot(page, 'job-as-text');

	// The receipt, checked here.
	await page.getByRole('button', { name: 'Check the receipt' }).click();
	await page.locator('[data-verified=true]').waitFor();
	await expectAccessible(page, 'a verified receipt');
	const keep = async (link: string, name: string) => {
		const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
		const file = join(inject('base'), name);
		await download.saveAs(file);
		return file;
	};
	const receipt = await keep('keep the receipt', 'job.receipt');
	const checkpoint = await keep('and whom it trusts', 'checkpoint.json');

	// From the files, and then with one bit changed.
	await go('receipts');
	await page.getByLabel(/a checkpoint/).setInputFiles(checkpoint);
	await page.getByLabel('file', { exact: true }).setInputFiles(receipt);
	const verify = page.getByRole('button', { name: 'Verify', exact: true });
	await verify.click();
	await page.locator('[data-verified=true]').waitFor();
	const bytes = readFileSync(receipt);
	const tampered = Buffer.from(bytes);
	const middle = tampered.length - 40;
	tampered[middle] = (tampered[middle] ?? 0) ^ 1;
	await page.getByLabel('file', { exact: true }).setInputFiles({ name: 'tampered.receipt', mimeType: 'application/octet-stream', buffer: tampered });
	await verify.click();
	await page.locator('[data-refused=true]').getByText('It proves nothing').waitFor();
	expect(await page.locator('[data-verified=true]').count()).toBe(0);
	await shoot(page, 'receipt-tampered');
	// What this page has kept the command line believes too, and not what was tampered with.
	const verified = await theNode(inject('base'), inject('node')).assay('//Bob', 'receipt', 'verify', receipt, '--checkpoint', checkpoint);
	expect(String((verified['job'] as { id: number }).id)).toBe(String(job));
	expect(errors).toEqual([]);
	await chromium.close();
});
