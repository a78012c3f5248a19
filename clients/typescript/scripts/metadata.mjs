// metadata.mjs URL: takes the metadata of a node's runtime, from which the descriptors are generated. Needed when the runtime
// has changed what this package speaks of: `npm run metadata -- http://127.0.0.1:9944 && npm run build`.

import { writeFileSync } from 'node:fs';
import { Binary, Bytes, Option, u32 } from '@polkadot-api/substrate-bindings';

/** The newest version of metadata that is stable, and that polkadot-api reads. */
const VERSION = 15;

const [url] = process.argv.slice(2);
const call = { jsonrpc: '2.0', id: 1, method: 'state_call' };
const params = ['Metadata_metadata_at_version', Binary.toHex(u32.enc(VERSION))];
const answer = await fetch(url.replace(/^ws/, 'http'), {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify({ ...call, params }),
});
const { result, error } = await answer.json();
if (error) {
	throw new Error(error.message);
}
const metadata = Option(Bytes()).dec(result);
if (!metadata) {
	throw new Error(`the runtime has no metadata of version ${VERSION}`);
}
writeFileSync('.papi/metadata/assay.scale', metadata);
console.log(`${metadata.length} bytes of metadata`);
