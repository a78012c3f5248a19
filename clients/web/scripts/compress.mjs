// Puts the compressed form of each file of the page beside it, for servers that send it to browsers that take it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const FOLDER = 'dist';
/** What is compressed already, or too small to gain. */
const LEAST = 512;

for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
	const file = join(entry.parentPath, entry.name);
	if (entry.isFile() && !/\.(gz|png|woff2)$/.test(file)) {
		const plain = readFileSync(file);
		if (plain.length >= LEAST) {
			writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
		}
	}
}
