// The programs under test: the node, the command line, the gateway. They are started here, and ended when the tests are.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Milliseconds between two looks at something that is waited for. */
const PAUSE = 100;
/** Seconds that anything may take on a busy machine. */
const PATIENCE = 240;
/** The chain on which tests wait: slots of half a second, and stake that leaves after a few periods. */
const TIMING = { slotDurationMs: 500, epochSlots: 20, stakingPeriod: 5 };

/** Where caches are. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'assay');
/** The clone. */
export const CLONE = process.env['ASSAY_ROOT'] ?? join(import.meta.dirname, '../../../..');

/** Where a program is. */
export function program(name: string): string {
	const folder = process.env['ASSAY_BIN_DIR'] ?? join(process.env['CARGO_TARGET_DIR'] ?? join(CACHE, 'target'), 'debug');
	const path = join(folder, name);
	if (!existsSync(path)) {
		throw new Error(`${path} is missing: build the programs, or say in ASSAY_BIN_DIR where they are`);
	}
	return path;
}

/** Waits until there is something. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
	const end = Date.now() + PATIENCE * 1_000;
	for (;;) {
		const found = await look();
		if (found !== undefined) {
			return found;
		}
		if (Date.now() > end) {
			throw new Error(`waited ${PATIENCE} s in vain for ${what}`);
		}
		await new Promise((resolve) => setTimeout(resolve, PAUSE));
	}
}

/** A folder of its own. */
export function folder(): string {
	return mkdtempSync(join(tmpdir(), 'assay-web-'));
}

/** Processes that run, for tests that are stopped before their time. */
const all = new Set<ChildProcess>();
process.once('exit', () => all.forEach((running) => running.kill('SIGKILL')));

/** A process that ends with the tests. */
export class Running {
	private constructor(
		private readonly process: ChildProcess,
		/** What it has written. */
		readonly log: string,
	) {}

	/** Starts a program, which writes to a file. */
	static start(name: string, parameters: string[], log: string, environment: Record<string, string> = {}): Running {
		const out = openSync(log, 'a');
		const child = spawn(program(name), parameters, { stdio: ['ignore', out, out], env: { ...process.env, ...environment } });
		all.add(child);
		child.once('exit', () => all.delete(child));
		return new Running(child, log);
	}

	/** Whether it runs. */
	get runs(): boolean {
		return this.process.exitCode === null && this.process.signalCode === null;
	}

	/** What it wrote after some words, up to others, from a place in its log on. */
	said(after: string, end: string, from = 0): string | undefined {
		const text = readFileSync(this.log, 'utf8').slice(from);
		const [, rest] = text.split(after, 2);
		return rest?.includes(end) ? rest.split(end, 1)[0] : undefined;
	}

	/** Waits until it has. */
	async says(after: string, end: string, from = 0): Promise<string> {
		return until(`\`${after}\` in ${this.log}`, () => {
			if (!this.runs) {
				throw new Error(`it ended:\n${readFileSync(this.log, 'utf8').slice(-2_000)}`);
			}
			return this.said(after, end, from);
		});
	}

	/** Ends it at once. */
	async kill(): Promise<void> {
		if (this.runs) {
			const gone = new Promise((resolve) => this.process.once('exit', resolve));
			this.process.kill('SIGKILL');
			await gone;
		}
	}
}

/** What the node's programs share, made by the first that needs it: those of another build have another. */
function made(): string {
	const { mtimeMs, size } = statSync(program('assay-node'));
	const all = join(CACHE, 'web-chains');
	const own = join(all, `${Math.round(mtimeMs)}-${size}`);
	if (!existsSync(own)) {
		for (const other of existsSync(all) ? readdirSync(all) : []) {
			rmSync(join(all, other), { recursive: true, force: true });
		}
		mkdirSync(own, { recursive: true });
	}
	return own;
}

/** The specification of the development chain with short times, its first state ready-made. */
export async function specification(): Promise<string> {
	const file = join(made(), 'short.json');
	if (!existsSync(file)) {
		const spawned = { maxBuffer: 64 << 20 };
		const { stdout } = await run(program('assay-node'), ['export-chain-spec', '--chain', 'dev'], spawned);
		const chain = JSON.parse(stdout) as { genesis: { runtimeGenesis: { patch: { timing: object } } } };
		Object.assign(chain.genesis.runtimeGenesis.patch.timing, TIMING);
		const [source, whole] = [`${file}.${process.pid}.source`, `${file}.${process.pid}`];
		writeFileSync(source, JSON.stringify(chain));
		const { stdout: raw } = await run(program('assay-node'), ['export-chain-spec', '--raw', '--chain', source], spawned);
		writeFileSync(whole, raw);
		renameSync(whole, file);
		rmSync(source);
	}
	return file;
}

/** A node of the development chain, with its worker. */
export class Node {
	private running: Running | undefined;
	/** Where it listens. */
	port = 0;

	/** @param base - Its folder; it stays when the node is killed. */
	constructor(readonly base: string) {
		mkdirSync(join(base, 'models'), { recursive: true });
	}

	/** Starts it, at the same address as before, and waits until it answers. */
	async start(): Promise<this> {
		const log = join(this.base, 'node.log');
		const from = existsSync(log) ? readFileSync(log, 'utf8').length : 0;
		const options = ['--dev', '--chain', await specification(), '--base-path', join(this.base, 'data'), '--models-dir', this.models];
		options.push('--rpc-port', String(this.port), '--listen-addr', '/ip4/127.0.0.1/tcp/0/ws', '--endpoint-addr', '127.0.0.1:0');
		// However long the tests take, what happened before can be read.
		options.push('--state-pruning', 'archive');
		options.push('--no-mdns', '--no-prometheus', '--no-telemetry', '--runtime-cache', join(made(), 'runtime'));
		this.running = Running.start('assay-node', options, log);
		this.port = Number(/:(\d+)/.exec(await this.running.says('Running JSON-RPC server: addr=', '\n', from))?.[1]);
		return this;
	}

	/** Where clients connect. */
	get url(): string {
		return `ws://127.0.0.1:${this.port}`;
	}

	/** The folder of its artifacts. */
	get models(): string {
		return join(this.base, 'models');
	}

	/** Where its worker answers in real time. */
	async endpoint(): Promise<string> {
		return (await this.running?.says('requests are answered at ', ',')) ?? '';
	}

	/** Ends it at once. */
	async kill(): Promise<void> {
		await this.running?.kill();
	}

	/** Runs the command line as somebody and returns its document. */
	async assay(who: string, ...parameters: string[]): Promise<Record<string, unknown>> {
		const environment = { ...process.env, ASSAY_URL: this.url, ASSAY_MODELS_DIR: this.models, ASSAY_SURI: who };
		const { stdout } = await run(program('assay'), [...parameters, '--json', '--wait', '120'], { env: environment }).catch((error: { stdout?: string; stderr?: string }) => {
			throw new Error(`assay ${parameters.join(' ')}: ${error.stdout} ${error.stderr}`);
		});
		return JSON.parse(stdout) as Record<string, unknown>;
	}

	/** Asks the node itself. */
	async ask<T>(method: string, params: unknown[] = []): Promise<T> {
		const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
		const answer = await fetch(this.url.replace('ws:', 'http:'), { method: 'POST', body, headers: { 'content-type': 'application/json' } });
		const { result, error } = (await answer.json()) as { result: T; error?: { message: string } };
		if (error) {
			throw new Error(`${method}: ${error.message}`);
		}
		return result;
	}
}

/** The node that all tests share, for what is done beside the page. */
export function theNode(base: string, url: string): Node {
	const node = new Node(base);
	node.port = Number(new URL(url).port);
	return node;
}
