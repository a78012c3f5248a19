// govern.mjs URL: batches, proxies, an account of several keys and votes, through @polkadot/api and nothing else.

import assert from 'node:assert/strict';
import { Keyring } from '@polkadot/keyring';
import { createKeyMulti, encodeAddress } from '@polkadot/util-crypto';
import { Account, asy, main, until } from './chain.mjs';

await main(async (api) => {
	const keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 });
	const account = (name) => new Account(api, keyring.addFromUri(name));
	const [alice, bob, charlie, dave, eve, ferdie] = ['//Alice', '//Bob', '//Charlie', '//Dave', '//Eve', '//Ferdie'].map(account);
	const free = async (address) => (await api.query.system.account(address)).data.free.toBigInt();

	// A batch does all or nothing.
	const stake = asy(api, 100);
	let receipt = await ferdie.send(
		api.tx.utility.batchAll([
			api.tx.staking.delegate(alice.address, stake),
			api.tx.staking.delegate(bob.address, stake),
		]),
	);
	assert.equal((await ferdie.balance(receipt.block)).held, 2n * stake);
	await ferdie.fails(
		api.tx.utility.batchAll([api.tx.staking.delegate(charlie.address, stake), api.tx.staking.delegate(eve.address, stake)]),
		'staking.NotOperator',
	);

	// A key for stake alone: it stakes and cannot pay.
	await ferdie.send(api.tx.proxy.addProxy(eve.address, 'Staking', 0));
	const proxied = async (call) => {
		const { result } = (await eve.send(api.tx.proxy.proxy(ferdie.address, null, call))).event('proxy.ProxyExecuted');
		return result.isOk;
	};
	assert.ok(await proxied(api.tx.staking.delegate(charlie.address, stake)));
	assert.ok(!(await proxied(api.tx.balances.transferKeepAlive(eve.address, stake))));
	assert.ok(!(await proxied(api.tx.utility.batchAll([api.tx.balances.transferKeepAlive(eve.address, stake)]))));

	// An account of two of three keys pays when two have signed.
	const keys = [bob, charlie, dave].map((key) => key.address).sort();
	const shared = encodeAddress(createKeyMulti(keys, 2), api.registry.chainSS58);
	await bob.send(api.tx.balances.transferKeepAlive(shared, asy(api, 10)));
	const payment = api.tx.balances.transferKeepAlive(ferdie.address, asy(api, 5));
	const { weight } = await api.call.transactionPaymentApi.queryInfo(payment.toU8a(), payment.toU8a().length);
	const others = (key) =>
		[bob, charlie, dave]
			.filter((other) => other !== key)
			.sort((a, b) => Buffer.compare(Buffer.from(a.pair.publicKey), Buffer.from(b.pair.publicKey)))
			.map((other) => other.address);
	const before = await free(shared);
	receipt = await bob.send(api.tx.multisig.asMulti(2, others(bob), null, payment, weight));
	const { height, index } = receipt.event('multisig.NewMultisig') && (await api.query.multisig.multisigs.entries(shared))[0][1].unwrap().when;
	assert.equal(await free(shared), before, 'one key is not enough');
	receipt = await charlie.send(api.tx.multisig.asMulti(2, others(charlie), { height, index }, payment, weight));
	assert.ok(receipt.event('multisig.MultisigExecuted').result.isOk);
	assert.equal(await free(shared), before - asy(api, 5));

	// A vote, with stake, and its end.
	const remark = api.tx.system.remark('0x01');
	receipt = await eve.send(
		api.tx.referenda.submit({ system: 'Root' }, { Inline: remark.method.toHex() }, { After: 0 }),
	);
	const poll = receipt.event('referenda.Submitted').index.toNumber();
	await eve.send(api.tx.referenda.placeDecisionDeposit(poll));
	const { data } = await api.query.system.account(ferdie.address);
	const everything = data.free.toBigInt() + data.reserved.toBigInt() - asy(api, 1);
	assert.ok(everything > data.free.toBigInt(), 'stake votes too');
	for (const [voter, balance] of [[ferdie, everything], [alice, asy(api, 900_000)], [bob, asy(api, 900_000)], [charlie, asy(api, 900_000)], [dave, asy(api, 900_000)]]) {
		await voter.send(
			api.tx.convictionVoting.vote(poll, { Standard: { vote: { aye: true, conviction: 'Locked1x' }, balance } }),
		);
	}
	await until('the referendum to pass', async () => (await api.query.referenda.referendumInfoFor(poll)).unwrap().isApproved);
	console.log('batch, proxy, several keys and a vote');
});
