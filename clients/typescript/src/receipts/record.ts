// What the chain stores of a job, as its pallets encode it. The crate `assay-receipt` has the same in Rust, and a test of the
// runtime holds that against what is stored.

import { AccountId, Option, Struct, Variant, Vector, _void, bool, i32, u128, u16, u32, u64, u8 } from '@polkadot-api/substrate-bindings';
import type { CodecType } from '@polkadot-api/substrate-bindings';
import { hash } from './codecs.js';

/** The forms of records that are read here, by pallet: FRAME's storage versions. A pallet whose records change counts its own up. */
export const LAYOUTS: readonly (readonly [pallet: string, form: number])[] = [
	['Jobs', 1],
	['Audits', 1],
];

/** Of the chain's addresses. */
const SS58_PREFIX = 42;
const account = AccountId(SS58_PREFIX);

/** What a job runs on, and what comes out of it. */
export const elements = Variant({ Tokens: Vector(u32), Vector: Vector(i32) });

/** How far and how to generate. */
export const generation = Struct({
	sampler: Variant({ Greedy: _void, Gumbel: Struct({ inverse_temperature: u32, seed: hash }) }),
	max_tokens: u32,
	ignore_stop: bool,
});

const version = Struct({ model: u32, version: u16 });

const state = Variant({
	Open: Struct({ expires: u32 }),
	Assigned: Struct({ operator: account, price: u128, deadline: u32 }),
	Claimed: Struct({ operator: account, price: u128, final_at: u32 }),
	Final: Struct({ operator: account, paid: u128, royalty: u128, treasury: u128, audits: u128, refunded: u128 }),
	Refunded: Struct({
		reason: Variant({ Cancelled: _void, Unassigned: _void, AttemptsExhausted: _void, OperatorFailed: _void }),
		refunded: u128,
	}),
});

/** `pallet_assay_jobs::Job`. */
export const jobRecord = Struct({
	consumer: account,
	version,
	artifact: hash,
	generation,
	input_positions: u32,
	max_units: u64,
	max_fee: u128,
	max_price: u128,
	fee: Option(u128),
	claimed_units: Option(u64),
	named_operator: Option(account),
	submitted_at: u32,
	assigned_at: u32,
	attempt: u8,
	failed: Vector(account),
	holds: u32,
	lateness: Struct({ used: u32, since: Option(u32), overdue: u32 }),
	state,
	due_at: u32,
	booked_at: Option(u32),
});

/** `pallet_assay_jobs::Claim`. */
export const claimRecord = Struct({ output: elements, trace: hash, root: hash });

const place = Variant({ Cell: Struct({ row: u16, position: u32 }), Head: Struct({ position: u32 }) });

const step = Variant({
	Element: Struct({ op: u8, index: u32 }),
	Cache: Struct({ head: u16 }),
	Attend: Struct({ head: u16, group: u32 }),
	Pool: Struct({ chunk: u32, group: u32 }),
	Mean: Struct({ index: u32 }),
	Choice: Struct({ rival: u32 }),
	Output: Struct({ index: u32 }),
});

const phase = Variant({
	Claimed: _void,
	Commit: Struct({ deadline: u32 }),
	Committed: _void,
	Show: Struct({ deadline: u32 }),
	Over: Variant({
		NotDrawn: _void,
		Passed: _void,
		WorkerSilent: _void,
		Refuted: _void,
		StruckDown: _void,
		NotAudited: _void,
	}),
	Unaudited: Struct({ until: u32 }),
});

const auditor = Struct({
	account,
	state: Variant({
		Drawn: _void,
		Bound: Struct({ digest: hash }),
		Done: _void,
		Challenged: _void,
		Failed: _void,
		Busy: _void,
	}),
	deadline: u32,
	excused: bool,
	contradicted: bool,
	vouched: bool,
	drawn_at: u32,
	recalled: bool,
});

/** `pallet_assay_audits::types::Audit`. */
export const auditRecord = Struct({
	attempt: u8,
	version,
	operator: account,
	made_at: u32,
	phase,
	spot_check: Option(Struct({ place, committed: bool, step: Option(step), shown: bool })),
	auditors: Vector(auditor),
	draws: u32,
	waits_until: Option(u32),
	units: u64,
	late: bool,
	values_of: Option(place),
	booked_at: Option(u32),
});

/** What a job runs on, or what came out of it: token ids, or values with 16 fraction bits. */
export type Elements = CodecType<typeof elements>;
/** A job that is over, with everything that the chain stores of it. */
export type JobRecord = CodecType<typeof jobRecord>;
/** What was claimed: the output, the commitment to the execution, and the commitment to all of it. */
export type ClaimRecord = CodecType<typeof claimRecord>;
/** How a claim was audited. */
export type AuditRecord = CodecType<typeof auditRecord>;

