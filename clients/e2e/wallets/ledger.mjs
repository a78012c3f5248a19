// ledger.mjs URL --expect accepted|refused: stakes as a wallet with a Ledger does, with the hash of the metadata by which
// the device shows what it signs (RFC-78). A runtime that was built with its hash must accept that; one that was not
// cannot check it and must refuse. Both must refuse a wrong hash, and both must accept a signature without a hash.

import assert from 'node:assert/strict';
import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { Keyring } from '@polkadot/keyring';
import { u8aToHex } from '@polkadot/util';
import { Account, asy, main } from './chain.mjs';

/** What the node says of an extrinsic whose signature does not fit the runtime's hash. */
const BAD_PROOF = /Transaction has a bad signature/;
/** What it says where the runtime has no hash. */
const CANNOT_LOOKUP = /Unknown Transaction Validity: CannotLookup/;

/** Signs with the hash of the metadata, and only what the metadata behind that hash describes. */
class Ledger {
	constructor(api, pair, merkleized) {
		this.api = api;
		this.pair = pair;
		this.merkleized = merkleized;
	}

	async signPayload(payload) {
		const { registry } = this.api;
		const hashed = { ...payload, mode: 1, metadataHash: u8aToHex(this.merkleized.digest()) };
		const raw = registry.createType('ExtrinsicPayload', hashed, { version: payload.version });
		// What the device needs to show the payload: it throws if the metadata does not describe every part of it.
		const description = this.merkleized.getProofForExtrinsicPayload(raw.toU8a(true));
		assert.ok(description.length > 0, 'nothing describes the payload');
		const { signature } = raw.sign(this.pair);
		const extrinsic = registry.createType('Extrinsic', { method: raw.method }, { version: payload.version });
		extrinsic.addSignature(this.pair.address, signature, raw.toHex());
		return { id: 1, signature, signedTransaction: extrinsic.toHex() };
	}
}

/** The chain's metadata as a device knows it, with the decimals in which it would show amounts. */
async function merkleize(api, decimals) {
	const metadata = (await api.call.metadata.metadataAtVersion(15)).unwrap();
	const { specName, specVersion } = api.runtimeVersion;
	return merkleizeMetadata(metadata.toU8a(true), {
		base58Prefix: api.consts.system.ss58Prefix.toNumber(),
		decimals,
		specName: specName.toString(),
		specVersion: specVersion.toNumber(),
		tokenSymbol: api.registry.chainTokens[0],
	});
}

await main(async (api, options) => {
	const [flag, expected] = options;
	assert.ok(
		flag === '--expect' && ['accepted', 'refused'].includes(expected),
		'after the address must come `--expect accepted` or `--expect refused`',
	);
	const alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice').address;
	const dave = new Account(api, new Keyring({ type: 'sr25519' }).addFromUri('//Dave'));
	// A Ledger's keys are of this type.
	const holder = new Account(api, new Keyring({ type: 'ed25519' }).addFromUri('//Ledger'));
	await dave.send(api.tx.balances.transferKeepAlive(holder.address, asy(api, 100)));

	const delegation = asy(api, 20);
	const delegate = api.tx.staking.delegate(alice, delegation);
	const held = async () => (await holder.balance(await api.rpc.chain.getBlockHash())).held;
	const refused = async (signer, reason) => {
		const before = await held();
		await assert.rejects(holder.send(delegate, { signer, withSignedTransaction: true }), reason);
		assert.equal(await held(), before, 'a refused extrinsic holds money');
	};
	const start = await held();

	await holder.send(delegate);
	assert.equal(await held(), start + delegation);

	const decimals = api.registry.chainDecimals[0];
	const merkleized = await merkleize(api, decimals);
	console.log(`metadata hash ${u8aToHex(merkleized.digest())}`);
	const ledger = new Ledger(api, holder.pair, merkleized);
	const deceived = new Ledger(api, holder.pair, await merkleize(api, decimals + 1));
	if (expected === 'accepted') {
		await refused(deceived, BAD_PROOF);
		const receipt = await holder.send(delegate, { signer: ledger, withSignedTransaction: true });
		assert.equal(receipt.event('staking.Bonded').amount.toBigInt(), delegation);
		assert.equal(await held(), start + 2n * delegation);
	} else {
		await refused(deceived, CANNOT_LOOKUP);
		await refused(ledger, CANNOT_LOOKUP);
	}
	console.log(`${expected}, as it must be`);
});
