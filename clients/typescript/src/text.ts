// Texts for tokens and tokens for texts.

import { Tokenizer } from '@huggingface/tokenizers';
import { sha256 } from '@noble/hashes/sha2.js';
import { Binary } from '@polkadot-api/substrate-bindings';
import { Missing } from './errors.js';
import type { Version } from './models.js';

/** Turns texts into the tokens of a version, and back. */
export class Text {
	private readonly tokenizer: Tokenizer;

	/**
	 * @param version - The version.
	 * @param file - Its `tokenizer.json`, as `assay model tokenizer` writes it.
	 * @throws {@link Missing} if that is another file than the version's publisher has registered.
	 */
	constructor(version: Version, file: Uint8Array) {
		const found = Binary.toHex(sha256(file));
		if (version.tokenizer !== found) {
			const registered = version.tokenizer ?? 'none';
			throw new Missing('Tokenizer', `the file is not the tokenizer of the version: its SHA-256 is ${found}, that on chain is ${registered}`);
		}
		this.tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(file)) as object, {});
	}

	/** The tokens of a text, special ones included. */
	tokens(text: string): number[] {
		return this.tokenizer.encode(text).ids;
	}

	/** The text of tokens, without special ones. */
	of(tokens: readonly number[]): string {
		return this.tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
	}
}
