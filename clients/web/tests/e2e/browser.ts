// The browser: Debian's Chromium, with nothing of its own going on.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PROGRAM = process.env['ASSAY_CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** Where screenshots go, if they are wanted. */
const SHOTS = process.env['ASSAY_SCREENSHOTS'];
/** What a browser says of a node that is away, which is none of the page's errors. */
const AWAY = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/;

/** Starts it; Playwright gives it a folder of its own. */
export async function browser(): Promise<Browser> {
	if (!existsSync(PROGRAM)) {
		throw new Error(`${PROGRAM} is missing: scripts/setup --tests installs Chromium, or say in ASSAY_CHROMIUM where one is`);
	}
	return chromium.launch({ executablePath: PROGRAM, headless: true, args: FLAGS });
}

/** A page that is watched for errors. */
export interface Watched {
	/** The page. */
	page: Page;
	/** What went wrong in it so far. */
	errors: string[];
	/** Goes to a place of the page and waits until the connection is live and the place is read. */
	go: (place: string) => Promise<void>;
}

/** Opens the page that is served at an address, connected to a node. */
export async function open(of: Browser, address: string, node: string, options: BrowserContextOptions = {}): Promise<Watched> {
	const context = await of.newContext({ viewport: { width: 1_180, height: 800 }, ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(120_000);
	const errors: string[] = [];
	page.on('console', (message) => {
		if (message.type() === 'error' && !AWAY.test(message.text())) {
			errors.push(message.text());
		}
	});
	page.on('pageerror', (error) => errors.push(String(error)));
	const go = async (place: string) => {
		const target = `${address}?node=${encodeURIComponent(node)}#/${place}`;
		if (page.url() === 'about:blank') {
			await page.goto(target);
		} else {
			await page.evaluate((hash) => {
				location.hash = hash;
			}, `#/${place}`);
		}
		await page.locator('[data-condition=live]').waitFor();
		await page.locator('main h1').first().waitFor();
		await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
	};
	return { page, errors, go };
}

/** Keeps a picture of what is seen, if that is wanted. */
export async function shoot(page: Page, name: string): Promise<void> {
	if (SHOTS) {
		mkdirSync(SHOTS, { recursive: true });
		await page.evaluate(() => document.fonts.ready);
		await page.screenshot({ path: join(SHOTS, `${name}.jpg`), type: 'jpeg', quality: 45 });
	}
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What of what is seen breaks the rules of accessibility seriously or critically. */
export async function violations(page: Page): Promise<string[]> {
	type Result = { violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] };
	// In a world of its own: the page's policy keeps strangers' scripts out of the page's.
	const session = await page.context().newCDPSession(page);
	const { frameTree } = await session.send('Page.getFrameTree');
	const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
	await session.send('Runtime.evaluate', { expression: AXE, contextId });
	const answer = await session.send('Runtime.evaluate', { expression: 'axe.run(document).then(JSON.stringify)', contextId, awaitPromise: true });
	await session.detach();
	const result = JSON.parse(answer.result.value as string) as Result;
	const serious = result.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
	return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
}

/** Holds what is seen to the rules of accessibility. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
	expect(await violations(page), name).toEqual([]);
}

/** Holds what is seen to the width of the window. */
export async function expectFits(page: Page, name: string): Promise<void> {
	const width = page.viewportSize()?.width ?? 0;
	const beyond = await page.evaluate((width) => {
		const wide = document.documentElement.scrollWidth > width;
		const reaches = (element: Element) => element.getBoundingClientRect().right > width && !element.closest('nav');
		return wide ? [...document.querySelectorAll('body *')].filter(reaches).map(({ outerHTML }) => outerHTML.slice(0, 120)) : [];
	}, width);
	expect(beyond, `${name} is wider than the window`).toEqual([]);
}
