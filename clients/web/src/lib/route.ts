// Where in the page one is: behind the `#` of its address, so that any file server can serve it.

/** A place: the name of a page, and what of it is looked at. */
export interface Place {
	/** The name of the page. */
	page: string;
	/** What it is about; empty for the page itself. */
	about: string;
}

/** Where a browser begins. */
const HOME = 'explorer';

/** The place that an address names behind its `#`. */
export function placeOf(hash: string): Place {
	const [, page = '', about = ''] = /^#?\/?([a-z]*)\/?(.*)$/.exec(hash) ?? [];
	return { page: page || HOME, about: decoded(about) };
}

/** The address of a place, for links. */
export function linkTo(page: string, about: string | number | bigint = ''): string {
	return about === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(String(about))}`;
}

/** Where what somebody typed into the search leads, if anywhere. */
export function search(text: string): string | undefined {
	const words = text.trim();
	const [, kind, number] = /^(job|dispute|audit|block)?\s*#?(\d{1,20})$/i.exec(words) ?? [];
	if (number !== undefined) {
		return linkTo(`${(kind ?? 'block').toLowerCase()}s`, number);
	}
	if (/^0x[0-9a-f]{64}$/i.test(words)) {
		return linkTo('hashes', words.toLowerCase());
	}
	if (/^\d{1,10}\.\d{1,5}$/.test(words)) {
		return linkTo('models', words);
	}
	if (/^[1-9A-HJ-NP-Za-km-z]{46,50}$/.test(words) || words.startsWith('//')) {
		return linkTo('accounts', words);
	}
	return undefined;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
