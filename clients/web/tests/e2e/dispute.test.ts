// A cheat on three real nodes, watched to the verdict.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { browser, expectAccessible, open, shoot } from './browser';
import { folder, Running, until } from './programs';

/** The worker leaves a layer out: the walk leads through groups and cells to one element. */
const ATTACK = 'skipped-layer';

test('a dispute is drawn as it goes: groups, cells, the one step, both values, the verdict', async () => {
	const base = folder();
	const temporary = join(base, 'attack');
	mkdirSync(temporary);
	const attack = Running.start('assay-attacks', [ATTACK], join(base, 'attack.log'), { TMPDIR: temporary });
	const chromium = await browser();
	try {
		const url = await until('a node of the attack', () => {
			const log = readdirSync(temporary)
				.map((scene) => join(temporary, scene, 'alice', 'node.log'))
				.find((log) => existsSync(log));
			const port = log && /Running JSON-RPC server: addr=127\.0\.0\.1:(\d+)/.exec(readFileSync(log, 'utf8'))?.[1];
			return port ? `ws://127.0.0.1:${port}` : undefined;
		});
		const { page, errors, go } = await open(chromium, inject('page'), url, { viewport: { width: 1_180, height: 1_080 } });
		await go('disputes/0');
		await page.locator('[data-ruling=Refuted]').waitFor();
		const walk = page.getByRole('list', { name: 'from the claim to one step' });
		await expect.poll(() => walk.innerText()).toMatch(/the trace is wrong[\s\S]*groups[\s\S]*differs[\s\S]*cells[\s\S]*layer \d+ at position \d+[\s\S]*the one step[\s\S]*operation \d+ writes/);
		expect(await walk.innerText()).toMatch(/both values[\s\S]*the worker claims\s+-?\d[\s\S]*verdict\s+refuted/);
		await expect.poll(() => page.getByRole('list', { name: 'moves of the dispute' }).innerText()).toMatch(/opened[\s\S]*moved[\s\S]*over/);
		await shoot(page, 'dispute');
		await expectAccessible(page, 'a dispute');
		expect(errors).toEqual([]);
	} finally {
		await chromium.close();
		// It ends its nodes itself when it is done.
		await until('the attack to end', () => (attack.runs ? undefined : true));
		rmSync(base, { recursive: true, force: true });
	}
});
