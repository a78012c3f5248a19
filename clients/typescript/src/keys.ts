// Who signs, and who is meant: secrets and addresses as people write them.

import { AccountId, getSs58AddressInfo } from '@polkadot-api/substrate-bindings';
import { DEV_PHRASE, mnemonicToMiniSecret, parseSuri, validateMnemonic } from '@polkadot-labs/hdkd-helpers';
import { sr25519CreateDerive } from '@polkadot-labs/hdkd';
import type { PolkadotSigner } from 'polkadot-api';
import { getPolkadotSigner } from 'polkadot-api/signer';
import { Unreadable } from './errors.js';

/** Who signs transactions: one of {@link signer}, or of a browser's extension through `polkadot-api/pjs-signer`. */
export type Signer = PolkadotSigner;

/** Of the chain's addresses. */
const SS58_PREFIX = 42;
const address = AccountId(SS58_PREFIX);

/**
 * The signer of a secret: a phrase, a seed in hexadecimal, or a development name such as `//Bob`, each with derivations.
 *
 * @throws {@link Unreadable} if the secret is none; the error never repeats it.
 */
export function signer(secret: string): Signer {
	const wrong = (reason: string) => new Unreadable('secret', reason);
	if (/^\/(?!\/)/.test(secret)) {
		throw wrong('the secret begins with a single slash, as the name of a file does');
	}
	// A path alone is of the phrase that everybody knows.
	const { phrase, paths = '', password } = parseSuri(secret.startsWith('//') ? DEV_PHRASE + secret : secret);
	if (phrase === undefined) {
		throw wrong('the secret is not a phrase, a seed or a derivation path');
	}
	const isSeed = /^0x[0-9a-f]{64}$/i.test(phrase);
	if (!isSeed && !validateMnemonic(phrase)) {
		throw wrong('the secret does not make a key: check its words, length and derivations');
	}
	const pair = sr25519CreateDerive(isSeed ? phrase.slice(2) : mnemonicToMiniSecret(phrase, password))(paths);
	return getPolkadotSigner(pair.publicKey, 'Sr25519', (message) => pair.sign(message));
}

/** The address of a signer's account. */
export function accountOf({ publicKey }: Signer): string {
	return address.dec(publicKey);
}

/**
 * Reads an address, its 32 bytes in hexadecimal, or a development name such as `//Bob`, and returns the address as this chain
 * writes it.
 *
 * @throws {@link Unreadable} if the text is none of these.
 */
export function account(text: string): string {
	if (text.startsWith('//')) {
		return accountOf(signer(text));
	}
	if (/^0x[0-9a-f]{64}$/i.test(text)) {
		return address.dec(text);
	}
	const info = getSs58AddressInfo(text);
	if (!info.isValid || info.publicKey.length !== 32) {
		throw new Unreadable('account', `\`${text}\` is not an address`);
	}
	return address.dec(info.publicKey);
}
