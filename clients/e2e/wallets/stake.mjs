// stake.mjs URL: an operator and a delegator come, earn and go, through @polkadot/api and nothing else.

import assert from 'node:assert/strict';
import { Keyring } from '@polkadot/keyring';
import { stringToU8a, u8aConcat, u8aEq } from '@polkadot/util';
import { randomAsU8a } from '@polkadot/util-crypto';
import { Account, asy, main, until, untilBlock } from './chain.mjs';

/** More than anybody has: calls that take up to an amount take everything. */
const EVERYTHING = 2n ** 128n - 1n;

await main(async (api) => {
	const keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 });
	const alice = keyring.addFromUri('//Alice').address;
	const eve = new Account(api, keyring.addFromUri('//Eve'));
	const ferdie = new Account(api, keyring.addFromUri('//Ferdie'));

	const start = await api.rpc.chain.getBlockHash();
	const [evesStart, ferdiesStart] = [await eve.balance(start), await ferdie.balance(start)];
	const position = async (member, operator, block) => {
		const { stakingApi } = (block ? await api.at(block) : api).call;
		return (await stakingApi.position(member, operator)).unwrapOr(null);
	};

	// Eve becomes an operator with a worker key that shows that she has it.
	const worker = keyring.createFromUri(`0x${Buffer.from(randomAsU8a(32)).toString('hex')}`);
	const proof = worker.sign(u8aConcat(stringToU8a('assay/worker-key'), api.genesisHash, eve.pair.publicKey));
	const bond = api.consts.staking.minBond.toBigInt();
	let receipt = await eve.send(api.tx.staking.registerOperator(worker.publicKey, proof, bond));
	assert.equal(receipt.event('staking.OperatorRegistered').bond.toBigInt(), bond);
	const operator = (await (await api.at(receipt.block)).query.staking.operators(eve.address)).unwrap();
	assert.ok(u8aEq(operator.workerKey.toU8a(), worker.publicKey), 'the chain has another worker key');
	assert.equal((await eve.balance(receipt.block)).held, evesStart.held + bond);

	// Ferdie puts stake behind Alice.
	const stake = asy(api, 500);
	receipt = await ferdie.send(api.tx.staking.delegate(alice, stake));
	assert.equal(receipt.event('staking.Bonded').stake.toBigInt(), stake);
	assert.equal((await position(ferdie.address, alice, receipt.block)).stake.toBigInt(), stake);
	assert.equal((await ferdie.balance(receipt.block)).held, ferdiesStart.held + stake);

	// It earns, once a session is over.
	const pending = await until('the stake to have earned something', async () =>
		(await position(ferdie.address, alice)).pendingRewards.toBigInt(),
	);
	const before = (await ferdie.balance(await api.rpc.chain.getBlockHash())).free;
	receipt = await ferdie.send(api.tx.staking.claim(alice));
	const claimed = receipt.event('staking.Claimed').amount.toBigInt();
	assert.ok(claimed >= pending, `claimed ${claimed}, less than the ${pending} that were pending`);
	assert.equal((await ferdie.balance(receipt.block)).free, before - receipt.fee + claimed);

	// Both go: a delegator at once, an operator when it takes no more work.
	receipt = await ferdie.send(api.tx.staking.unbond(alice, EVERYTHING));
	const left = receipt.event('staking.UnbondingStarted');
	assert.equal(left.amount.toBigInt(), stake);
	await ferdie.fails(api.tx.staking.withdrawUnbonded(alice), 'staking.StillUnbonding');
	await eve.send(api.tx.staking.chill());
	receipt = await eve.send(api.tx.staking.unbond(eve.address, EVERYTHING));
	const evesLeft = receipt.event('staking.UnbondingStarted');
	assert.equal(evesLeft.amount.toBigInt(), bond);

	await untilBlock(api, left.freeFrom.toNumber());
	receipt = await ferdie.send(api.tx.staking.withdrawUnbonded(alice));
	assert.equal(receipt.event('staking.Withdrawn').amount.toBigInt(), stake);
	// All it had and what it claimed, but for fees. What it may have earned after the claim is not paid by itself.
	assert.deepEqual(await ferdie.balance(receipt.block), {
		free: ferdiesStart.free + claimed - ferdie.fees,
		held: ferdiesStart.held,
	});

	await untilBlock(api, evesLeft.freeFrom.toNumber());
	receipt = await eve.send(api.tx.staking.withdrawUnbonded(eve.address));
	assert.equal(receipt.event('staking.Withdrawn').amount.toBigInt(), bond);
	receipt.event('staking.OperatorLeft');
	assert.deepEqual(await eve.balance(receipt.block), {
		free: evesStart.free - eve.fees,
		held: evesStart.held,
	});
	console.log(`staked and unstaked: Ferdie claimed ${claimed}, paid ${ferdie.fees}; Eve paid ${eve.fees}`);
});
