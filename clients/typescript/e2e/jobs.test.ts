// Jobs on a real node: listing models, twenty submissions at once, texts, receipts, and what is refused.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
	account,
	asy,
	Assay,
	accountOf,
	CannotRun,
	checkpointOfGenesis,
	CallError,
	Failed,
	isOver,
	Missing,
	modelVersion,
	nameOf,
	NotConnected,
	NotOver,
	parseCheckpoint,
	Receipt,
	signer,
	Text,
	tokens,
	Unpayable,
	WouldFail,
	type Job,
} from 'assay-sdk';
import { connected, given, websocketClass } from './node.js';

const AT_ONCE = 20;
/** Of each of two programs that sign with the same key. */
const COLLIDING = 4;
const VERSION = modelVersion(given('ASSAY_MODEL'));
const PROMPT = 'lighthouse (noun):';

const [bob, charlie, eve] = [signer('//Bob'), signer('//Charlie'), signer('//Eve')];
let assay: Assay;
let text: Text;

before(async () => {
	assay = await connected();
	text = new Text(await assay.models.version(VERSION), await readFile(given('ASSAY_TOKENIZER')));
});
after(() => assay?.close());

/** A short job. */
const aJob = () => assay.jobs.prepare(VERSION, tokens(text.tokens(PROMPT)), { maxTokens: 8 });

test('the descriptors fit the runtime', async () => {
	assert.deepEqual(await assay.misfits(), [], 'generate them anew: clients/typescript/README.md says how');
});

test('models are listed, with who serves them', async () => {
	const models = await assay.models.list();
	const served = models.find(({ id }) => id === VERSION.model);
	assert.ok(served);
	assert.equal(nameOf(served), 'test');
	const [offer] = await assay.models.offers(VERSION);
	assert.deepEqual([offer?.offer.operator, offer?.listed], [account('//Alice'), true]);
	assert.equal((await assay.staking.operator(account('//Alice'))).active, true);
});

test('twenty submissions at once with one key are twenty jobs, with results, texts and receipts', async () => {
	const checkpoint = parseCheckpoint(await readFile(given('ASSAY_CHECKPOINT'), 'utf8'));
	const submission = await aJob();
	const submitted = await Promise.all(Array.from({ length: AT_ONCE }, () => assay.jobs.submit(eve, submission)));
	const jobs = submitted.map(({ job }) => job);
	assert.equal(new Set(jobs).size, AT_ONCE);
	assert.equal(new Set(submitted.map(({ included }) => included.transaction)).size, AT_ONCE);
	for (const { included, room } of submitted) {
		assert.ok(included.fee > 0n && room > 0n && included.block > 0);
	}
	const listed = await assay.jobs.list({ consumer: accountOf(eve), limit: 1_000 });
	assert.deepEqual(new Set(listed.map(({ id }) => id)), new Set(jobs));
	assert.equal((await assay.accounts.balances(accountOf(eve))).held, submission.maxFee * BigInt(AT_ONCE));

	const claimed = await Promise.all(jobs.map((job) => assay.jobs.claimed(job)));
	const outputs = new Set(claimed.map(({ output }) => JSON.stringify(output)));
	assert.equal(outputs.size, 1, 'the same job has the same output');
	const output = await assay.jobs.result(jobs[0] ?? 0n);
	assert.ok(output.type === 'Tokens' && output.value.length > 0 && output.value.length <= 8);
	assert.ok(text.of(output.value).trim().length > 0);
	assert.deepEqual(text.tokens(PROMPT), submission.input.value);

	const states: string[][] = await Promise.all(
		jobs.map(async (job) => {
			const seen: Job[] = [];
			for await (const now of assay.jobs.follow(job)) {
				seen.push(now);
			}
			return seen.map(({ state }) => state.type);
		}),
	);
	for (const seen of states) {
		assert.equal(seen.at(-1), 'Final', seen.join());
	}
	assert.equal((await assay.accounts.balances(accountOf(eve))).held, 0n);

	// One receipt is left for the command line to verify.
	const [first, last] = [jobs[0] ?? 0n, jobs.at(-1) ?? 0n];
	const receipts = await Promise.all([first, last].map((job) => assay.receipts.get(job, checkpoint)));
	for (const receipt of receipts) {
		const settlement = Receipt.fromBytes(receipt.toBytes()).verify(checkpoint.set, checkpoint.genesis);
		const job = await assay.jobs.get(settlement.job);
		assert.deepEqual(settlement.record.state, job.state);
		assert.deepEqual(settlement.claim, { output: job.output, trace: job.trace, root: job.claim });
		assert.deepEqual(settlement.input, job.input);
	}
	await writeFile(given('ASSAY_RECEIPT'), receipts[0]?.toBytes() ?? '');
});

test('whoever trusts the specification of the chain needs no checkpoint of a node', async () => {
	const checkpoint = checkpointOfGenesis(await readFile(given('ASSAY_SPECIFICATION'), 'utf8'));
	assert.equal(checkpoint.genesis, await assay.genesis());
	const [over] = (await assay.jobs.list()).filter(isOver);
	assert.ok(over);
	const receipt = await assay.receipts.get(over.id, checkpoint);
	assert.equal(receipt.firstSet, 0n);
	assert.deepEqual(receipt.verify(checkpoint.set, checkpoint.genesis).claim?.root, over.claim);
});

test('two programs with the same key do not take the place of each other for good', async () => {
	const other = await connected();
	try {
		const submission = await aJob();
		const both = Array.from({ length: 2 * COLLIDING }, (_, index) => (index % 2 ? other : assay));
		const submitted = await Promise.all(both.map((program) => program.jobs.submit(charlie, submission)));
		assert.equal(new Set(submitted.map(({ job }) => job)).size, 2 * COLLIDING);
	} finally {
		other.close();
	}
});

test('what the chain would refuse is told with its error, and costs nothing', async () => {
	const submission = await aJob();
	const { job } = await assay.jobs.submit(bob, submission, { finalized: true });
	assert.ok(await assay.jobs.at('finalized').find(job));
	await assert.rejects(assay.receipts.get(job), NotOver);
	await assay.jobs.claimed(job);
	const before = await assay.accounts.balances(accountOf(bob));
	const refused = (act: Promise<unknown>, is: (error: unknown) => boolean) => assert.rejects(act, (error) => is(error));
	await refused(
		assay.jobs.cancel(bob, job),
		(error) =>
			error instanceof WouldFail &&
			error.is('Jobs', 'NotOpen') &&
			error.message.startsWith('Jobs.NotOpen: The job is not waiting for an operator.'),
	);
	await refused(
		assay.jobs.submit(bob, { ...submission, maxFee: asy('1000000000') }),
		(error) => error instanceof CallError && error.failure.error === 'Token.FundsUnavailable' && /ASY free/.test(error.message),
	);
	await refused(
		assay.jobs.prepare(VERSION, tokens([1]), { maxTokens: 5_000 }),
		(error) => error instanceof CannotRun && error.message.includes('5000') && error.message.includes('1024'),
	);
	await refused(
		assay.jobs.prepare({ model: 9, version: 0 }, tokens([1]), { maxTokens: 1 }),
		(error) => error instanceof CannotRun && error.reason === 'UnknownVersion',
	);
	await refused(assay.jobs.submit(signer('//Nobody'), submission), (error) => error instanceof Unpayable && error.free === 0n);
	await refused(assay.jobs.get(1_000_000n), (error) => error instanceof Missing && error.what === 'Job');
	assert.deepEqual(await assay.accounts.balances(accountOf(bob)), before);

	// Sent all the same, it fails in a block and is paid for.
	const call = assay.api.tx.Jobs.cancel({ job });
	await refused(
		assay.submit(call, bob, { tried: false }),
		(error) => error instanceof Failed && error.is('Jobs', 'NotOpen') && error.fee > 0n,
	);
});

test('an address at which no node answers is told with it', async () => {
	const url = 'ws://127.0.0.1:9';
	await assert.rejects(
		Assay.connect(url, { wait: 1, websocketClass }),
		(error) => error instanceof NotConnected && error.message.includes(`no node answers at ${url} within 1 s`),
	);
});
