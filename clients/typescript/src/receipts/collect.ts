// Receipts from a node.

import { Binary, Bytes, Hex, Struct, compact, u64 } from '@polkadot-api/substrate-bindings';
import { EmptyError, firstValueFrom } from 'rxjs';
import type { Assay } from '../assay.js';
import { Missing, NotOver, Unanswered, unanswered } from '../errors.js';
import { isOver } from '../jobs.js';
import type { Checkpoint } from './checkpoint.js';
import { authorities, concat, exactly, header, justification, type Finalised, type Header } from './codecs.js';
import { hashOf, type AuthoritySet } from './finality.js';
import { Receipt } from './receipt.js';
import { jobRecord } from './record.js';
import { jobItem, keys } from './state.js';

/** The beginning of what `grandpa_proveFinality` answers; then come the headers in between, which nobody needs. */
const finalityProof = Struct({ block: Hex(32), justification: Bytes() });

/** Receipts and checkpoints of a node's chain. A light client cannot tell of them. */
export class Receipts {
	/** @param assay - The connection. */
	constructor(private readonly assay: Assay) {}

	/** Who signs from the last final block on. Whoever trusts the node may trust them. */
	async checkpoint(): Promise<Checkpoint> {
		const { finalized } = await this.assay.heads();
		return {
			genesis: await this.assay.genesis(),
			after: finalized.number,
			set: await this.setAfter(finalized.hash),
		};
	}

	/**
	 * The receipt of a job that is over, waiting for its end to be final. It is verified by whoever trusts the set that signs
	 * now; with a checkpoint, by whoever trusts that.
	 *
	 * @throws {@link NotOver} if the job goes on, {@link Missing} if there is none, `FlawError` if what the node answers
	 * proves nothing.
	 */
	async get(job: bigint, from?: Checkpoint): Promise<Receipt> {
		// A checkpoint that was made of the last block of a set is of the next one.
		const block = await this.end(job, from?.after ?? 0);
		const signed = await this.setAfter(block.header.parentHash);
		const receipt = new Receipt(
			job,
			signed.id,
			from ? await this.handovers(from, signed.id) : [],
			block,
			await this.proof(job, hashOf(block.header)),
		);
		const genesis = from?.genesis ?? (await this.assay.genesis());
		// Whatever the node answers, no receipt leaves here that does not hold.
		Receipt.fromBytes(receipt.toBytes()).verify(from?.set ?? signed, genesis);
		return receipt;
	}

	/**
	 * A final block after another in whose state the job is over: one that becomes final now. Of blocks before, a node proves only
	 * that they came before such a one.
	 */
	private async end(job: bigint, after: number): Promise<Finalised> {
		for (;;) {
			// A job that goes on is not waited for, nor is one that never was.
			if (!isOver(await this.assay.jobs.get(job))) {
				throw new NotOver(job);
			}
			const block = await this.block(await this.nextJustification());
			if (block.header.number <= after) {
				continue;
			}
			const stored = await this.assay.ask<string | null>('state_getStorage', [jobItem(job).key, hashOf(block.header)]);
			if (stored !== null && isRecordOver(stored)) {
				return block;
			}
		}
	}

	private async nextJustification(): Promise<Uint8Array> {
		const [begin, end] = ['grandpa_subscribeJustifications', 'grandpa_unsubscribeJustifications'];
		const next = this.assay.client._subscribe<string>(begin, end, []);
		const answer = await this.assay.requests.unlessLost(firstValueFrom(next)).catch((error: unknown) => {
			throw error instanceof EmptyError ? new Unanswered(begin, undefined, 'it ended') : unanswered(begin, error);
		});
		return Binary.fromHex(answer);
	}

	/** The last block of the set that signed a block, if another set has followed. */
	private async lastOfSet(of: number): Promise<Finalised> {
		const answer = await this.assay.ask<string | null>('grandpa_proveFinality', [of]);
		if (answer === null) {
			throw new Missing('Block', `the node has no proof that block ${of} is final`);
		}
		return this.block(finalityProof.dec(answer).justification);
	}

	/** The block that a justification is of. */
	private async block(bytes: Uint8Array): Promise<Finalised> {
		let read;
		try {
			read = exactly(justification, bytes);
		} catch {
			throw new Unanswered('a justification', undefined, 'the node answers in a form that this program does not know');
		}
		const hash = read.commit.target_hash;
		return { header: await this.header(hash), justification: read };
	}

	private async header(hash: string): Promise<Header> {
		type Answer = { parentHash: string; number: string; stateRoot: string; extrinsicsRoot: string; digest: { logs: string[] } };
		const answer = await this.assay.ask<Answer | null>('chain_getHeader', [hash]);
		if (!answer) {
			throw new Missing('Block', `the node does not have block ${hash}`);
		}
		const { parentHash, number, stateRoot, extrinsicsRoot, digest } = answer;
		// The digest is in SCALE already, and the whole header is read as one.
		const head = header.enc({ parentHash, number: Number(number), stateRoot, extrinsicRoot: extrinsicsRoot, digests: [] });
		const logs = digest.logs.map((log) => Binary.fromHex(log));
		return exactly(header, concat(head.slice(0, -1), compact.enc(logs.length), ...logs));
	}

	/** Who signs the blocks after this one. */
	private async setAfter(block: string): Promise<AuthoritySet> {
		const call = async (name: string) => Binary.fromHex(await this.assay.ask<string>('state_call', [name, '0x', block]));
		const members = authorities.dec(await call('GrandpaApi_grandpa_authorities'));
		return {
			id: u64.dec(await call('GrandpaApi_current_set_id')),
			authorities: members.map(([key, weight]) => ({ key, weight })),
		};
	}

	/** The last blocks of all sets from that of a checkpoint to the one before `to`. */
	private async handovers(from: Checkpoint, to: bigint): Promise<Finalised[]> {
		const handovers: Finalised[] = [];
		let next = from.after + 1;
		for (let set = from.set.id; set < to; set += 1n) {
			const last = await this.lastOfSet(next);
			next = last.header.number + 1;
			handovers.push(last);
		}
		return handovers;
	}

	/** What proves the job in the state of a block. */
	private async proof(job: bigint, hash: string): Promise<Uint8Array[]> {
		const { proof } = await this.assay.ask<{ proof: string[] }>('state_getReadProof', [keys(job), hash]);
		return proof.map((node) => Binary.fromHex(node));
	}
}

/** Whether nothing happens any more to a job that is stored like this; not if it is stored in another form. */
function isRecordOver(stored: string): boolean {
	try {
		const { state } = jobRecord.dec(stored);
		return state.type === 'Final' || state.type === 'Refunded';
	} catch {
		return false;
	}
}
