// A receipt: what proves to whoever has no node how a job ended.

import { sha256 } from '@noble/hashes/sha2.js';
import { Binary, Tuple, u16, u64, u8 } from '@polkadot-api/substrate-bindings';
import type { Codec } from '@polkadot-api/substrate-bindings';
import { body, concat, equal, exactly, hash, type Finalised } from './codecs.js';
import { check, handOver, hashOf, type AuthoritySet } from './finality.js';
import { FlawError } from './flaw.js';
import { auditRecord, claimRecord, elements, generation, jobRecord, LAYOUTS } from './record.js';
import type { AuditRecord, ClaimRecord, Elements, JobRecord } from './record.js';
import { auditItem, claimItem, genesisItem, inputItem, jobItem, layoutItem, State, type Item } from './state.js';

/** What a receipt begins with: that it is one, and in which form. */
const MAGIC = Binary.fromText('assayrc1');
/** Bytes of a receipt at most: the handovers of a year of hourly sessions with three votes each. */
export const MAX_BYTES = 16 << 20;
/** Domain of claims. */
const CLAIM = Binary.fromText('assay/claim/v1');

/** What a claim commits to. */
const statement = Tuple(u64, u8, hash, elements, generation, elements, hash);

/** How a job ended, as the state of a final block has it. */
export interface Settlement {
	/** The hash of the chain's first block. */
	genesis: string;
	/** Height of the block. */
	block: number;
	/** Its hash. */
	hash: string;
	/** Who signed it. */
	set: AuthoritySet;
	/** The job. */
	job: bigint;
	/** What it was and how it ended. */
	record: JobRecord;
	/** What it ran on. */
	input: Elements;
	/** What came out; nothing if it was refunded. */
	claim: ClaimRecord | undefined;
	/** How its last claim was audited; nothing if there was none. */
	audit: AuditRecord | undefined;
}

/**
 * What proves how a job ended. Nothing is stated twice: what it says of the job is read out of the storage proof, when it is
 * {@link Receipt.verify | verified}.
 */
export class Receipt {
	/**
	 * @param job - The job.
	 * @param set - The number of the set of authorities that signed `block`.
	 * @param handovers - The last blocks of the sets before it, oldest first; each names the authorities of the next.
	 * @param block - The block whose state is proved.
	 * @param proof - Nodes of that state's trie.
	 */
	constructor(
		readonly job: bigint,
		readonly set: bigint,
		readonly handovers: readonly Finalised[],
		readonly block: Finalised,
		readonly proof: readonly Uint8Array[],
	) {}

	/**
	 * Reads one, as the command line writes it to a file too. There is one way to write a receipt, and nothing may follow it.
	 *
	 * @throws {@link FlawError} if the bytes are none.
	 */
	static fromBytes(bytes: Uint8Array): Receipt {
		if (bytes.length > MAX_BYTES) {
			throw new FlawError({ type: 'TooLong', bytes: bytes.length, most: MAX_BYTES });
		}
		if (!equal(bytes.subarray(0, MAGIC.length), MAGIC)) {
			throw new FlawError({ type: 'NotAReceipt' });
		}
		let read;
		try {
			read = exactly(body, bytes.slice(MAGIC.length));
		} catch {
			throw new FlawError({ type: 'Malformed' });
		}
		const { job, set, handovers, block, proof } = read;
		return new Receipt(job, set, handovers, block, proof);
	}

	/** As it is kept in a file. */
	toBytes(): Uint8Array {
		const { job, set, handovers, block, proof } = this;
		return concat(MAGIC, body.enc({ job, set, handovers: [...handovers], block, proof: [...proof] }));
	}

	/** The first set from which handovers lead to the set that signed. */
	get firstSet(): bigint {
		return this.set - BigInt(this.handovers.length);
	}

	/**
	 * What it proves to whoever trusts a set of authorities and, if it is known, the hash of the chain's first block.
	 *
	 * @throws {@link FlawError} if it proves nothing.
	 */
	verify(trusted: AuthoritySet, genesis?: string): Settlement {
		const set = this.authorities(trusted);
		check(this.block, set);
		return this.read(set, genesis);
	}

	/** The set that signed, by the handovers that lead to it from one that is trusted. */
	private authorities(trusted: AuthoritySet): AuthoritySet {
		const { firstSet: first, set: signed } = this;
		if (first < 0n) {
			throw new FlawError({ type: 'Malformed' });
		}
		if (trusted.id < first || trusted.id > signed) {
			throw new FlawError({ type: 'OtherSet', trusted: trusted.id, first, signed });
		}
		// Those of earlier sets prove nothing that is not known.
		const handovers = this.handovers.slice(Number(trusted.id - first));
		return handovers.reduce((set, last) => handOver(last, set), trusted);
	}

	private read(set: AuthoritySet, genesis?: string): Settlement {
		const { job, proof } = this;
		const { header } = this.block;
		const block = header.number;
		const state = new State(header.stateRoot, block, [...proof]);
		const decoded = <T>(item: Item, codec: Codec<T>): T | undefined => {
			const stored = state.read(item);
			try {
				return stored && exactly(codec, stored);
			} catch {
				throw new FlawError({ type: 'Unreadable', what: item.name, job });
			}
		};
		const found = decoded(genesisItem(), hash) ?? `0x${'00'.repeat(32)}`;
		if (genesis !== undefined && genesis !== found) {
			throw new FlawError({ type: 'OtherChain', trusted: genesis, found });
		}
		for (const [pallet, known] of LAYOUTS) {
			const form = decoded(layoutItem(pallet), u16);
			if (form !== known) {
				throw new FlawError({ type: 'Layout', pallet, found: form, known });
			}
		}
		const record = decoded(jobItem(job), jobRecord);
		const input = decoded(inputItem(job), elements);
		const claim = decoded(claimItem(job), claimRecord);
		const audit = decoded(auditItem(job), auditRecord);
		state.finish();
		if (!record || !input) {
			throw new FlawError({ type: 'NoJob', job, block });
		}
		const ended = record.state.type;
		if (ended !== 'Final' && ended !== 'Refunded') {
			throw new FlawError({ type: 'NotOver', job, block });
		}
		const holds = ended === 'Final' ? claim?.root === root(job, record, input, claim) : !claim;
		if (!holds) {
			throw new FlawError({ type: 'OtherClaim', job });
		}
		return { genesis: found, block, hash: hashOf(header), set, job, record, input, claim, audit };
	}
}

/** The commitment to what a receipt says of a job; nothing without a claim. */
function root(job: bigint, record: JobRecord, input: Elements, claim: ClaimRecord | undefined): string | undefined {
	if (!claim) {
		return undefined;
	}
	const { attempt, artifact, generation: how } = record;
	const said = statement.enc([job, attempt, artifact, input, how, claim.output, claim.trace]);
	return Binary.toHex(sha256(concat(CLAIM, said)));
}
