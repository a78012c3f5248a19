// Keys as the chain takes them.

import { Binary, getSs58AddressInfo } from '@polkadot-api/substrate-bindings';

/** The 32 bytes of an address, in hexadecimal. */
export function accountId(address: string): `0x${string}` {
	const info = getSs58AddressInfo(address);
	if (!info.isValid) {
		throw new Error(`${address} is no address`);
	}
	return Binary.toHex(info.publicKey) as `0x${string}`;
}
