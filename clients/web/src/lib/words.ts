// Text of strangers, and names for what the chain has numbers for. Nothing here makes markup: whatever is returned is shown as text.

/** Characters that change the direction of what surrounds them, or that cannot be seen. */
const TRICKS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** What a stranger wrote, fit to be shown among our own words: without tricks, and no longer than a limit. */
export function stranger(text: string, most = 80): string {
	const clean = text.replace(TRICKS, '\ufffd').replace(/\s+/g, ' ').trim();
	const letters = [...clean];
	return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : clean;
}

/** An address or hash, short enough for a line. */
export function short(text: string): string {
	const [head, tail] = text.startsWith('0x') ? [8, 6] : [6, 6];
	return text.length > head + tail + 1 ? `${text.slice(0, head)}…${text.slice(-tail)}` : text;
}

/** `JobSubmitted` as words: `job submitted`. */
export function words(name: string): string {
	return name
		.replace(/_/g, ' ')
		.replace(/([a-z])([A-Z])/g, '$1 $2')
		.toLowerCase();
}

/** `1 job`, `2 jobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
	return `${count} ${count === 1 ? one : many}`;
}
