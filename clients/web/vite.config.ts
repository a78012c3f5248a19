import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** What the page may do, for servers that send no policy of their own; the gateway sends the same. */
const POLICY =
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self' ws: wss: http: https:; worker-src 'self'; base-uri 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

export default defineConfig({
	// Any folder of any server will do.
	base: './',
	plugins: [
		svelte({ configFile: false }),
		{
			name: 'policy',
			apply: 'build',
			transformIndexHtml: () => [
				{ tag: 'meta', attrs: { 'http-equiv': 'content-security-policy', content: POLICY }, injectTo: 'head-prepend' },
			],
		},
	],
	// The SDK lies beside, with packages of its own: each is bundled once.
	resolve: { dedupe: ['@polkadot-api/substrate-bindings', 'polkadot-api', 'rxjs', '@noble/curves', '@noble/hashes'] },
	build: { target: 'es2022', chunkSizeWarningLimit: 4_000, modulePreload: { polyfill: false } },
	test: {
		projects: [
			{ extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
			{
				extends: true,
				test: {
					name: 'e2e',
					include: ['tests/e2e/**/*.test.ts'],
					globalSetup: 'tests/e2e/setup.ts',
					testTimeout: 240_000,
					hookTimeout: 240_000,
					fileParallelism: false,
					expect: { poll: { timeout: 90_000 } },
				},
			},
		],
	},
});
