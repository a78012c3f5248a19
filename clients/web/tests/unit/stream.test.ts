import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { snippets } from '../../src/lib/snippets';
import { Events, partOf } from '../../src/lib/sse';

describe('a stream', () => {
	const STREAM = ': ping\n\ndata: {"choices":[{"delta":{"content":"a ☂"}}]}\r\n\r\ndata: [DONE]\n\n';

	test('is the same wherever its pieces end', () => {
		for (let cut = 0; cut <= STREAM.length; cut += 1) {
			const events = new Events();
			const data = [...events.push(STREAM.slice(0, cut)), ...events.push(STREAM.slice(cut))];
			// A piece that ends between carriage return and line feed is put together again by the next.
			expect(data.filter((one) => one !== '').length, `cut at ${cut}`).toBe(2);
		}
	});

	test('has text, then where it came from, then an end', () => {
		expect(partOf('{"choices":[{"delta":{"content":"a"}}]}')).toEqual({ text: 'a', verification: undefined, error: undefined });
		expect(partOf('{"choices":[{"delta":{}}],"verification":{"job":7}}')).toEqual({ text: '', verification: { job: 7 }, error: undefined });
		expect(partOf('{"error":{"message":"no operator"}}')?.error).toBe('no operator');
		expect(partOf('[DONE]')).toBeUndefined();
	});
});

describe('programs for copying', () => {
	const asked = { gateway: 'http://127.0.0.1:8080', model: 'glossary-2m', text: `it's "quoted" $(touch x) \\ \n`, maxTokens: 8, temperature: 0.5 };

	test('say exactly what was asked, whatever it is', () => {
		const { curl = '' } = snippets(asked);
		// The shell itself says what it would send.
		const sent = execFileSync('sh', ['-c', `curl() { shift 6; printf %s "$2"; }; ${curl}`], { encoding: 'utf8', env: { OPENAI_API_KEY: 'key' } });
		expect(JSON.parse(sent)).toEqual({ model: 'glossary-2m', messages: [{ role: 'user', content: asked.text }], max_tokens: 8, temperature: 0.5 });
	});

	test('have no key in them', () => {
		for (const program of Object.values(snippets(asked))) {
			expect(program).toContain('OPENAI_API_KEY');
		}
	});
});
