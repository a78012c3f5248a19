// Bundles the package for browsers, where there is nothing of Node.js, and says how large it is: whatever needs more than a
// browser has is an error here.

import { build } from 'esbuild';

const { outputFiles } = await build({
	entryPoints: ['dist/index.js', 'dist/light.js'],
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'browser',
	target: 'es2022',
	minify: true,
	write: false,
	outdir: 'bundle',
	logLevel: 'warning',
});
for (const { path, contents } of outputFiles) {
	if (/\b(node:[a-z_/]+|require\("(fs|net|path|crypto)"\))/.test(new TextDecoder().decode(contents))) {
		throw new Error(`${path} asks for a module of Node.js`);
	}
}
const sizes = outputFiles.map(({ contents }) => contents.length);
console.log(`bundled for browsers: ${sizes.length} files, ${sizes.reduce((sum, size) => sum + size)} bytes, the light client included`);
