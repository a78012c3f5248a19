// Stake on a real node: from a delegation to its return.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, accountOf, asy, Assay, signer, WouldFail } from 'assay-sdk';
import { connected } from './node.js';

const ferdie = signer('//Ferdie');
const alice = account('//Alice');
let assay: Assay;

before(async () => {
	assay = await connected();
});
after(() => assay?.close());

/** Waits for a best block of which something holds. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
	for await (const _heads of assay.follow()) {
		const answer = await ask();
		if (answer !== undefined) {
			return answer;
		}
	}
	throw new Error('unreachable: blocks are followed for ever');
}

test('stake is delegated, earns, leaves, and comes back', async () => {
	const stake = asy('20');
	const { min_delegation: least } = await assay.staking.rules();
	await assert.rejects(
		assay.staking.delegate(ferdie, alice, least - 1n),
		(error) => error instanceof WouldFail && error.is('Staking', 'DelegationBelowMinimum'),
	);
	const start = await assay.accounts.balances(accountOf(ferdie));
	const operator = await assay.staking.operator(alice);
	const delegated = await assay.staking.delegate(ferdie, alice, stake);
	assert.equal((await assay.staking.position(accountOf(ferdie), alice))?.stake, stake);
	assert.deepEqual(
		(await assay.staking.positions(accountOf(ferdie))).map((position) => position.operator),
		[alice],
	);
	assert.equal((await assay.staking.operator(alice)).delegated, operator.delegated + stake);
	assert.equal((await assay.staking.sums(accountOf(ferdie))).staked, stake);
	assert.ok((await assay.staking.operators()).some((one) => one.account === alice));

	const pending = await until(async () => {
		const position = await assay.staking.position(accountOf(ferdie), alice);
		return position?.pending_rewards || undefined;
	});
	const claimed = await assay.staking.claim(ferdie, alice);
	assert.ok(claimed.amount >= pending);

	const left = await assay.staking.unbond(ferdie, alice, stake);
	assert.equal(left.amount, stake);
	await assert.rejects(
		assay.staking.withdraw(ferdie, alice),
		(error) => error instanceof WouldFail && error.is('Staking', 'StillUnbonding'),
	);
	await until(async () => ((await assay.heads()).best.number >= left.freeFrom ? true : undefined));
	const withdrawn = await assay.staking.withdraw(ferdie, alice);
	assert.equal(withdrawn.amount, stake);
	const fees = [delegated, claimed.included, left.included, withdrawn.included].reduce((sum, { fee }) => sum + fee, 0n);
	assert.deepEqual(await assay.accounts.balances(accountOf(ferdie)), {
		free: start.free + claimed.amount - fees,
		held: start.held,
	});
});
