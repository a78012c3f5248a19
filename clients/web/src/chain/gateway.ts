// The gateway, which speaks the interface of OpenAI.

import { Events, partOf, type Part, type Verification } from '../lib/sse';

/** A model that the gateway lists. */
export interface Listed {
	/** What it is called there. */
	id: string;
	/** The version. */
	version: string;
	/** What it makes. */
	kind: string;
}

/** What is said in a chat. */
export interface Message {
	/** Who says it. */
	role: 'user' | 'assistant';
	/** What. */
	content: string;
}

/** How to ask. */
export interface Ask {
	/** The model. */
	model: string;
	/** The conversation. */
	messages: Message[];
	/** Tokens at most. */
	maxTokens: number;
	/** How tokens are drawn; 0 takes the likeliest. */
	temperature: number;
}

/** A gateway at an address, asked with a key. */
export class Gateway {
	constructor(
		private readonly address: string,
		private readonly key: string,
	) {}

	/** The models that text can be asked of. */
	async models(): Promise<Listed[]> {
		const { data } = (await (await this.fetch('/v1/models')).json()) as { data: Listed[] };
		return data.filter(({ kind }) => kind === 'generation');
	}

	/** What became of an answer. */
	async verification(url: string): Promise<Verification> {
		return (await (await this.fetch(url)).json()) as Verification;
	}

	/** Asks, and gives the answer as it comes. */
	async *chat({ model, messages, maxTokens, temperature }: Ask, signal: AbortSignal): AsyncGenerator<Part, void> {
		const body = JSON.stringify({ model, messages, max_tokens: maxTokens, temperature, stream: true });
		const answer = await this.fetch('/v1/chat/completions', { method: 'POST', body, signal });
		const events = new Events();
		const decoder = new TextDecoder();
		const reader = answer.body?.getReader();
		for (let read = await reader?.read(); reader && read && !read.done; read = await reader.read()) {
			for (const data of events.push(decoder.decode(read.value, { stream: true }))) {
				const part = partOf(data);
				if (part?.error) {
					throw new Error(part.error);
				}
				if (part) {
					yield part;
				}
			}
		}
	}

	private async fetch(path: string, options: RequestInit = {}): Promise<Response> {
		const headers: Record<string, string> = { 'content-type': 'application/json' };
		if (this.key) {
			headers['authorization'] = `Bearer ${this.key}`;
		}
		const answer = await fetch(new URL(path, this.address), { ...options, headers, credentials: 'omit' }).catch((error: unknown) => {
			if (options.signal?.aborted) {
				throw error;
			}
			const elsewhere = new URL(this.address).origin !== location.origin;
			throw new Error(
				`no gateway answers at ${this.address}${elsewhere ? '. Browsers let this page ask a gateway at another address only if a server between them allows it: open the page that the gateway serves itself' : ''}`,
			);
		});
		if (!answer.ok) {
			const { error } = (await answer.json().catch(() => ({}))) as { error?: { message?: string } };
			throw new Error(error?.message ?? `the gateway answers with ${answer.status}`);
		}
		return answer;
	}
}
