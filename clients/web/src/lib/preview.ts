// What moving stake brings about, told before it is signed. The rules are those of the pallet; the chain has the last word.

/** What is to be done with stake. */
export type Action = 'delegate' | 'unbond' | 'redelegate' | 'withdraw' | 'claim' | 'rebond';

/** What a preview needs to know. */
export interface Situation {
	/** The present block. */
	now: number;
	/** Blocks of a staking period. */
	period: number;
	/** Blocks of the unbonding period. */
	unbondingPeriod: number;
	/** The least that may be behind an operator. */
	minDelegation: bigint;
	/** What the account can spend. */
	transferable: bigint;
	/** What it has behind the operator. */
	stake: bigint;
	/** Parts that asked to leave. */
	unbonding: readonly { amount: bigint; free_from: number }[];
	/** What it has earned there. */
	rewards: bigint;
	/** What of it still answers for faults of other operators. */
	exposed: bigint;
}

/** What is told. */
export interface Preview {
	/** Held for stake when it is done. */
	held: bigint;
	/** What becomes free at once. */
	freed: bigint;
	/** The block from which on the amount can be withdrawn, if it has to be waited for. */
	freeFrom: number | undefined;
	/** The block until which it answers for two operators, if it does. */
	exposedUntil: number | undefined;
	/** The most that faults can take of it. */
	atRisk: bigint;
	/** Why it would be refused, if that is known already. */
	refusal: string | undefined;
}

/** What an action with an amount brings about. */
export function preview(action: Action, amount: bigint, at: Situation): Preview {
	const leaving = at.unbonding.reduce((sum, part) => sum + part.amount, 0n);
	const held = at.stake + leaving;
	const told = { held, freed: 0n, freeFrom: undefined, exposedUntil: undefined, atRisk: held, refusal: refusal(action, amount, at) };
	switch (action) {
		case 'delegate':
			return { ...told, held: held + amount, atRisk: held + amount };
		case 'unbond':
			return { ...told, freeFrom: freeFrom(at) };
		case 'rebond':
			return told;
		case 'redelegate':
			return { ...told, exposedUntil: freeFrom(at) };
		case 'withdraw': {
			const freed = withdrawable(at);
			return { ...told, held: held - freed, freed, atRisk: held - freed };
		}
		case 'claim':
			return { ...told, freed: at.rewards };
	}
}

/** What has asked to leave and may. */
export function withdrawable({ now, unbonding }: Pick<Situation, 'now' | 'unbonding'>): bigint {
	return unbonding.filter((part) => part.free_from <= now).reduce((sum, part) => sum + part.amount, 0n);
}

/** The block from which on what asks to leave now is free: the end of the period it asks in, and the unbonding period. */
export function freeFrom({ now, period, unbondingPeriod }: Pick<Situation, 'now' | 'period' | 'unbondingPeriod'>): number {
	return (Math.floor(now / period) + 1) * period + unbondingPeriod;
}

function refusal(action: Action, amount: bigint, at: Situation): string | undefined {
	if (action === 'withdraw') {
		return withdrawable(at) === 0n ? 'nothing that has asked to leave is free yet' : undefined;
	}
	if (action === 'claim') {
		return at.rewards === 0n ? 'nothing was earned that is not claimed' : undefined;
	}
	if (amount <= 0n) {
		return 'the amount is zero';
	}
	if (action === 'delegate') {
		if (amount > at.transferable) {
			return 'it is more than the account can spend';
		}
		return at.stake + amount < at.minDelegation ? 'it is less than the least that may stand behind an operator' : undefined;
	}
	if (action === 'rebond') {
		return at.unbonding.length === 0 ? 'nothing is leaving' : undefined;
	}
	if (at.stake === 0n) {
		return 'there is no stake of yours behind this operator';
	}
	const rest = at.stake - (amount > at.stake ? at.stake : amount);
	if (rest < at.exposed) {
		return 'some of it came from another operator and still answers for that one: it can neither leave nor move yet';
	}
	return rest > 0n && rest < at.minDelegation ? 'what would remain is less than the least that may stand behind an operator' : undefined;
}
