// Blocks that authorities have signed.

import { ed25519 } from '@noble/curves/ed25519.js';
import { Binary, Blake2256 } from '@polkadot-api/substrate-bindings';
import { consensusLog, exactly, header, signedVote, type Finalised, type Header } from './codecs.js';
import { FlawError, type Unfinal } from './flaw.js';

/**
 * Headers between a block and the votes for it at most. Authorities vote for what they have seen last, which is a few blocks
 * further, unless finality lags.
 */
const MAX_HEADERS = 4_096;
/** Votes of an authority at most: whoever votes twice is an equivocator, and both votes may be shown. */
const MAX_VOTES = 2;
/** By which headers name what is said to those who vote on finality. */
const GRANDPA = 'FRNK';
/** The kind of vote that makes a block final. */
const PRECOMMIT = Uint8Array.of(1);
/** Of the sum of weights. */
const MAX_WEIGHT = 2n ** 64n - 1n;

/** An authority. */
export interface Authority {
	/** The key `gran` of its session keys, in hexadecimal. */
	key: string;
	/** What its vote weighs. */
	weight: bigint;
}

/** The authorities that vote on the finality of some blocks, and the number of their set: both are signed. */
export interface AuthoritySet {
	/** How many sets there were before. */
	id: bigint;
	/** The authorities. */
	authorities: Authority[];
}

/** The hash of a header. */
export function hashOf(of: Header): string {
	return Binary.toHex(Blake2256(header.enc(of)));
}

/**
 * Checks that more than two thirds of a set have signed a block.
 *
 * @throws {@link FlawError} if they have not.
 */
export function check(block: Finalised, set: AuthoritySet): void {
	const voters = new Voters(set);
	const reason = whyUnfinal(block, set, voters);
	if (reason) {
		throw new FlawError({ type: 'Unfinal', block: block.header.number, set: set.id, reason });
	}
}

/**
 * The set after this one, whose last block this is.
 *
 * @throws {@link FlawError} if the block is not final, or not the last of its set.
 */
export function handOver(block: Finalised, set: AuthoritySet): AuthoritySet {
	check(block, set);
	const authorities = nextAuthorities(block.header);
	if (!authorities || set.id >= MAX_WEIGHT) {
		throw new FlawError({ type: 'NoHandover', block: block.header.number, set: set.id });
	}
	return { id: set.id + 1n, authorities };
}

/**
 * The authorities that vote from the next block on: the first change that the block announces, unless it begins later or was
 * forced, which this chain never does.
 */
function nextAuthorities(of: Header): Authority[] | undefined {
	let next: { next_authorities: [string, bigint][]; delay: number } | undefined;
	for (const log of of.digests) {
		if (log.type !== 'consensus' || log.value.engine !== GRANDPA) {
			continue;
		}
		let said;
		try {
			said = exactly(consensusLog, Binary.fromHex(log.value.payload));
		} catch {
			return undefined;
		}
		if (said.type === 'ForcedChange') {
			return undefined;
		}
		if (said.type === 'ScheduledChange') {
			next ??= said.value;
		}
	}
	if (next?.delay !== 0) {
		return undefined;
	}
	return next.next_authorities.map(([key, weight]) => ({ key, weight }));
}

/** The authorities of a set whose votes count. */
class Voters {
	readonly weights = new Map<string, bigint>();
	readonly total: bigint;

	constructor(set: AuthoritySet) {
		for (const { key, weight } of set.authorities) {
			if (weight > 0n) {
				this.weights.set(key, (this.weights.get(key) ?? 0n) + weight);
			}
		}
		this.total = this.weigh(this.weights.keys());
		if (this.total === 0n || this.total > MAX_WEIGHT) {
			throw new FlawError({ type: 'Authorities', set: set.id });
		}
	}

	/** More than two thirds. */
	get threshold(): bigint {
		return this.total - (this.total - 1n) / 3n;
	}

	weigh(keys: Iterable<string>): bigint {
		let sum = 0n;
		for (const key of keys) {
			sum += this.weights.get(key) ?? 0n;
		}
		return sum;
	}
}

/** Signatures first: whatever is not signed is looked at no further. */
function whyUnfinal({ header: of, justification }: Finalised, set: AuthoritySet, voters: Voters): Unfinal | undefined {
	const { round, commit, votes_ancestries: headers } = justification;
	const target = hashOf(of);
	if (commit.target_hash !== target || commit.target_number !== of.number) {
		return { type: 'OtherBlock', number: commit.target_number, hash: commit.target_hash };
	}
	const [votes, voting] = [commit.precommits.length, voters.weights.size];
	if (votes > voting * MAX_VOTES) {
		return { type: 'TooManyVotes', votes, voters: voting };
	}
	if (headers.length > MAX_HEADERS) {
		return { type: 'TooManyHeaders', headers: headers.length, limit: MAX_HEADERS };
	}
	for (const { id, precommit, signature } of commit.precommits) {
		if (!voters.weights.has(id)) {
			return { type: 'Stranger', key: id };
		}
		const key = Binary.fromHex(id);
		const signed = (by: bigint) =>
			signedVote.enc([PRECOMMIT, precommit.target_hash, precommit.target_number, round, by]);
		if (!verifies(signature, signed(set.id), key)) {
			const older = set.id > 0n && verifies(signature, signed(set.id - 1n), key);
			return { type: older ? 'OlderSet' : 'Signature', key: id };
		}
	}
	return whyNotReached(new Ancestry(of.number, target, headers), commit.precommits, voters);
}

/** As the node verifies signatures, by the rules of ZIP 215. */
function verifies(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
	try {
		return ed25519.verify(signature, message, key, { zip215: true });
	} catch {
		return false;
	}
}

/** A vote that is signed. */
type Vote = Finalised['justification']['commit']['precommits'][number];

/**
 * Counts votes as GRANDPA does: a vote is for its block and all before it; who votes twice votes for everything. The block is
 * final if it is the highest that more than two thirds voted for.
 */
function whyNotReached(ancestry: Ancestry, votes: Vote[], voters: Voters): Unfinal | undefined {
	const paths = votes.map(({ precommit }) => ancestry.path(precommit.target_hash, precommit.target_number));
	if (paths.includes(undefined) || !ancestry.isUsedUp()) {
		return { type: 'Ancestry' };
	}
	const first = new Map<string, { vote: Vote; path: string[] }>();
	const twice = new Set<string>();
	votes.forEach((vote, index) => {
		const before = first.get(vote.id);
		if (!before) {
			first.set(vote.id, { vote, path: paths[index] ?? [] });
		} else if (!isSame(before.vote, vote)) {
			twice.add(vote.id);
		}
	});
	// The voters for each block above the one that is to be final.
	const above = new Map<string, Set<string>>();
	for (const [voter, { path }] of first) {
		for (const block of path) {
			above.set(block, (above.get(block) ?? new Set(twice)).add(voter));
		}
	}
	const higher = [...above.values()].some((supporters) => voters.weigh(supporters) >= voters.threshold);
	const signed = voters.weigh(first.keys());
	// Without a vote for the block itself, GRANDPA begins to count above it.
	const begins = paths.some((path) => path?.length === 0);
	return signed >= voters.threshold && begins && !higher ? undefined : { type: 'TooFew', signed, total: voters.total };
}

function isSame(one: Vote, other: Vote): boolean {
	return (
		one.precommit.target_hash === other.precommit.target_hash &&
		one.precommit.target_number === other.precommit.target_number &&
		Binary.toHex(one.signature) === Binary.toHex(other.signature)
	);
}

/** The headers between a block and the votes for it. */
class Ancestry {
	private readonly headers: Map<string, Header>;
	private readonly used = new Set<string>();
	private readonly count: number;

	constructor(
		private readonly number: number,
		private readonly block: string,
		headers: Header[],
	) {
		this.headers = new Map(headers.map((of) => [hashOf(of), of]));
		this.count = headers.length;
	}

	/** The blocks from one that is voted for down to the block, which is not among them; none if they do not lead there. */
	path(hash: string, number: number): string[] | undefined {
		const path: string[] = [];
		while (hash !== this.block) {
			const of = this.headers.get(hash);
			if (of?.number !== number || number === 0) {
				return undefined;
			}
			this.used.add(hash);
			path.push(hash);
			hash = of.parentHash;
			number -= 1;
		}
		return number === this.number ? path : undefined;
	}

	/** Whether every header leads to a vote, and none is there twice. */
	isUsedUp(): boolean {
		return this.used.size === this.count;
	}
}
