// Stake behind operators: reading positions, and moving stake.

import type { assay } from '#descriptors';
import type { ApisFromDef } from 'polkadot-api';
import type { Assay } from './assay.js';
import { Missing } from './errors.js';
import type { Signer } from './keys.js';
import { read } from './reading.js';
import type { Included } from './transactions.js';

/** Operators that the chain tells of at a time. */
const PAGE = 100;

type Apis = ApisFromDef<(typeof assay)['descriptors']['apis']>['StakingApi'];

/** What an account has behind an operator; its fields are called as on the chain. */
export type Position = NonNullable<Apis['position']['Value']>;
/** The sums of an account's positions. */
export type StakeSums = Apis['balance']['Value'];
/** An operator as the chain describes it to delegators. */
export type Operator = NonNullable<Apis['operator']['Value']>;
/** The constants that rule stake. */
export type StakingRules = Apis['parameters']['Value'];

/** Stake that has asked to leave. */
export interface Unbonding {
	/** How much. */
	amount: bigint;
	/** The block from which on it can be withdrawn. */
	freeFrom: number;
	/** The transaction. */
	included: Included;
}

/** An amount that moved, and the transaction that moved it. */
export interface Moved {
	/** How much. */
	amount: bigint;
	/** The transaction. */
	included: Included;
}

/** Stake behind operators. */
export class Staking {
	/**
	 * @param assay - The connection.
	 * @param block - The hash of the block that is read, or `best` or `finalized`.
	 */
	constructor(
		private readonly assay: Assay,
		private readonly block = 'best',
	) {}

	/** The same as of another block: its hash, or `finalized`. */
	at(block: string): Staking {
		return new Staking(this.assay, block);
	}

	/** All positions of an account. */
	positions(account: string): Promise<Position[]> {
		return read(`the stake of ${account}`, this.assay.api.apis.StakingApi.positions(account, { at: this.block }));
	}

	/** The position of an account behind an operator, if there is one. */
	position(account: string, operator: string): Promise<Position | undefined> {
		const { StakingApi } = this.assay.api.apis;
		return read(`the stake of ${account}`, StakingApi.position(account, operator, { at: this.block }));
	}

	/** What an account has in stake and can spend. */
	sums(account: string): Promise<StakeSums> {
		return read(`the stake of ${account}`, this.assay.api.apis.StakingApi.balance(account, { at: this.block }));
	}

	/** All operators, by the stake behind them. */
	async operators(): Promise<Operator[]> {
		const operators: Operator[] = [];
		for (;;) {
			const asked = this.assay.api.apis.StakingApi.operators(operators.length, PAGE, { at: this.block });
			const page = await read('operators', asked);
			operators.push(...page);
			if (page.length < PAGE) {
				return operators;
			}
		}
	}

	/**
	 * An operator.
	 *
	 * @throws {@link Missing} if the account is none.
	 */
	async operator(account: string): Promise<Operator> {
		const asked = this.assay.api.apis.StakingApi.operator(account, { at: this.block });
		const found = await read(`operator ${account}`, asked);
		if (!found) {
			throw Missing.operator(account);
		}
		return found;
	}

	/** Minimums, periods and limits. */
	rules(): Promise<StakingRules> {
		return read('the rules of stake', this.assay.api.apis.StakingApi.parameters({ at: this.block }));
	}

	/** Puts stake behind an operator. */
	delegate(signer: Signer, operator: string, amount: bigint): Promise<Included> {
		return this.assay.submit(this.calls.delegate({ operator, amount }), signer);
	}

	/** Adds to the stake behind an operator: to one's own bond, if one is the operator. */
	bondExtra(signer: Signer, operator: string, amount: bigint): Promise<Included> {
		return this.assay.submit(this.calls.bond_extra({ operator, amount }), signer);
	}

	/** Asks up to so much stake to leave. */
	async unbond(signer: Signer, operator: string, amount: bigint): Promise<Unbonding> {
		const included = await this.assay.submit(this.calls.unbond({ operator, amount }), signer);
		const started = included.event('Staking', 'UnbondingStarted');
		return { amount: started.amount, freeFrom: started.free_from, included };
	}

	/** Bonds again up to so much of what is unbonding. */
	rebond(signer: Signer, operator: string, amount: bigint): Promise<Included> {
		return this.assay.submit(this.calls.rebond({ operator, amount }), signer);
	}

	/** Takes back what is free. */
	async withdraw(signer: Signer, operator: string): Promise<Moved> {
		const included = await this.assay.submit(this.calls.withdraw_unbonded({ operator }), signer);
		return { amount: included.event('Staking', 'Withdrawn').amount, included };
	}

	/** Moves up to so much stake to another operator. */
	redelegate(signer: Signer, from: string, to: string, amount: bigint): Promise<Included> {
		return this.assay.submit(this.calls.redelegate({ from, to, amount }), signer);
	}

	/** Takes what stake has earned. */
	async claim(signer: Signer, operator: string): Promise<Moved> {
		const included = await this.assay.submit(this.calls.claim({ operator }), signer);
		return { amount: included.event('Staking', 'Claimed').amount, included };
	}

	private get calls() {
		return this.assay.api.tx.Staking;
	}
}
