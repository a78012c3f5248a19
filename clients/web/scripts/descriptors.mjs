// Generates the descriptors from the committed metadata, unless they are there, and makes them fit for every way of resolving
// modules: polkadot-api leaves the extensions out, and TypeScript takes what it does not find for `any`.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = '.papi/descriptors/dist';

execFileSync('papi', ['generate'], { stdio: 'inherit', shell: process.platform === 'win32' });
for (const name of readdirSync(FOLDER).filter((name) => name.endsWith('.d.ts'))) {
	const file = `${FOLDER}/${name}`;
	const text = readFileSync(file, 'utf8');
	const whole = text.replace(/from (["'])(\.\/[\w-]+)\1/g, 'from $1$2.js$1');
	if (whole !== text) {
		writeFileSync(file, whole);
	}
}
