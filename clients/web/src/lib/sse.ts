// Server-sent events of a streamed answer.

/** What an answer came from, as the gateway tells it. */
export interface Verification {
	/** The job, where it is one. */
	job?: number;
	/** The channel, where it came through one. */
	channel?: string;
	/** The request in the channel. */
	request?: string;
	/** The version that ran. */
	model?: string;
	/** Who ran it. */
	operator?: string | null;
	/** How far the chain has judged it. */
	state?: string;
	/** What it did cost, in smallest units. */
	fee?: string;
	/** The commitment to the execution. */
	trace?: string;
	/** The claim. */
	claim?: string | null;
	/** Where the gateway tells more. */
	url?: string;
}

/** A part of a streamed chat. */
export interface Part {
	/** Text to be added. */
	text: string;
	/** What it came from, once that is known. */
	verification: Verification | undefined;
	/** What went wrong. */
	error: string | undefined;
}

/** Takes a stream apart. Parts may end anywhere. */
export class Events {
	private rest = '';

	/** The data of the events that are complete with this piece of the stream. */
	push(piece: string): string[] {
		const blocks = (this.rest + piece).replace(/\r\n/g, '\n').split('\n\n');
		this.rest = blocks.pop() ?? '';
		return blocks.flatMap((block) => {
			const lines = block.split('\n').filter((line) => line.startsWith('data:'));
			return lines.length > 0 ? [lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')] : [];
		});
	}
}

/** What an event of a streamed chat says; nothing for its end. */
export function partOf(data: string): Part | undefined {
	if (data === '[DONE]') {
		return undefined;
	}
	type Document = {
		choices?: { delta?: { content?: string | null } }[];
		verification?: Verification;
		error?: { message?: string };
	};
	const { choices, verification, error } = JSON.parse(data) as Document;
	return {
		text: choices?.map(({ delta }) => delta?.content ?? '').join('') ?? '',
		verification,
		error: error && (error.message ?? 'the gateway failed'),
	};
}
