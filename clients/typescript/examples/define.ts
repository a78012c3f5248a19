// Has a model continue texts, all at the same time, shows each when it is claimed, and keeps a receipt of it:
// `node define.js ws://127.0.0.1:9944 //Bob 0.0 tokenizer.json "lighthouse (noun):" "ocean (noun):"`.

import { readFile, writeFile } from 'node:fs/promises';
import { Assay, modelVersion, Receipt, signer, Text, tokens } from 'assay-sdk';
import { WebSocket } from 'ws';

const [url = '', secret = '', version = '', tokenizer = '', ...prompts] = process.argv.slice(2);
// Browsers, and Node.js from 22 on, have WebSockets: `Assay.connect(url)` is enough there.
const assay = await Assay.connect(url, { websocketClass: WebSocket });
const runs = modelVersion(version);
const text = new Text(await assay.models.version(runs), await readFile(tokenizer));
// Whoever verifies the receipts later trusts this, and has it from a node of its own.
const checkpoint = await assay.receipts.checkpoint();

// One key signs for all: each transaction gets a nonce of its own.
const bob = signer(secret);
await Promise.all(
	prompts.map(async (prompt) => {
		const input = tokens(text.tokens(prompt));
		const submission = await assay.jobs.prepare(runs, input, { maxTokens: 24 });
		const { job } = await assay.jobs.submit(bob, submission);
		// The output can still be struck down until the job is final.
		const { output } = await assay.jobs.claimed(job);
		if (output?.type === 'Tokens') {
			console.log(`job ${job}: ${prompt}${text.of(output.value)}`);
		}
		const { state } = await assay.jobs.wait(job);
		const receipt = await assay.receipts.get(job, checkpoint);
		await writeFile(`job-${job}.receipt`, receipt.toBytes());
		// Nobody is asked any more:
		const { claim } = Receipt.fromBytes(receipt.toBytes()).verify(checkpoint.set, checkpoint.genesis);
		console.log(`job ${job}: ${state.type}, claim ${claim?.root}`);
	}),
);
assay.close();
