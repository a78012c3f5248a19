// Programs that ask what was asked in the playground, for copying.

/** What is asked. */
export interface Asked {
	/** The gateway. */
	gateway: string;
	/** The model. */
	model: string;
	/** The text. */
	text: string;
	/** Tokens at most. */
	maxTokens: number;
	/** How tokens are drawn; 0 takes the likeliest. */
	temperature: number;
}

/** Programs by the language they are in. Keys are read from the environment: none is ever written into code. */
export function snippets({ gateway, model, text, maxTokens, temperature }: Asked): Record<string, string> {
	const say = JSON.stringify(text);
	const named = JSON.stringify(model);
	const base = JSON.stringify(`${gateway}/v1`);
	const body = JSON.stringify({ model, messages: [{ role: 'user', content: text }], max_tokens: maxTokens, temperature });
	// Within single quotes a shell takes everything but the quote itself.
	const quoted = `'${body.replace(/'/g, `'\\''`)}'`;
	return {
		Python: [
			'import os',
			'from openai import OpenAI',
			'',
			`client = OpenAI(base_url=${base}, api_key=os.environ["OPENAI_API_KEY"])`,
			'answer = client.chat.completions.create(',
			`    model=${named}, messages=[{"role": "user", "content": ${say}}],`,
			`    max_tokens=${maxTokens}, temperature=${temperature},`,
			')',
			'print(answer.choices[0].message.content)',
			'print(answer.verification)',
		].join('\n'),
		TypeScript: [
			"import OpenAI from 'openai';",
			'',
			`const client = new OpenAI({ baseURL: ${base}, apiKey: process.env.OPENAI_API_KEY });`,
			'const stream = await client.chat.completions.create({',
			`	model: ${named}, messages: [{ role: 'user', content: ${say} }],`,
			`	max_tokens: ${maxTokens}, temperature: ${temperature}, stream: true,`,
			'});',
			'for await (const part of stream) {',
			"	process.stdout.write(part.choices[0]?.delta?.content ?? '');",
			'}',
		].join('\n'),
		curl: [
			`curl -N ${gateway}/v1/chat/completions \\`,
			'	-H "Authorization: Bearer $OPENAI_API_KEY" -H \'Content-Type: application/json\' \\',
			`	-d ${quoted}`,
		].join('\n'),
	};
}
