// What does not hold of a receipt.

/** Why a receipt proves nothing. */
export type Flaw =
	/** It has more bytes than are read. */
	| { type: 'TooLong'; bytes: number; most: number }
	/** It begins otherwise. */
	| { type: 'NotAReceipt' }
	/** It has bytes that no receipt has. */
	| { type: 'Malformed' }
	/** The authorities are none. */
	| { type: 'Authorities'; set: bigint }
	/** There is no way from the set that is trusted to the set that signed. */
	| { type: 'OtherSet'; trusted: bigint; first: bigint; signed: bigint }
	/** A block is not final. */
	| { type: 'Unfinal'; block: number; set: bigint; reason: Unfinal }
	/** A block is final and does not name the authorities of the next set. */
	| { type: 'NoHandover'; block: number; set: bigint }
	/** A node of the storage proof is missing. */
	| { type: 'Unproven'; block: number; what: string }
	/** The storage proof holds what leads nowhere. */
	| { type: 'Superfluous'; nodes: number }
	/** The proof is of another chain. */
	| { type: 'OtherChain'; trusted: string; found: string }
	/** The chain stored its records in a form that is not known here. */
	| { type: 'Layout'; pallet: string; found: number | undefined; known: number }
	/** What is stored cannot be read. */
	| { type: 'Unreadable'; what: string; job: bigint }
	/** There is no such job in that state. */
	| { type: 'NoJob'; job: bigint; block: number }
	/** The job goes on. */
	| { type: 'NotOver'; job: bigint; block: number }
	/** The state of the chain contradicts itself. */
	| { type: 'OtherClaim'; job: bigint };

/** Why a block is not final. */
export type Unfinal =
	/** The votes are for another block. */
	| { type: 'OtherBlock'; number: number; hash: string }
	/** Somebody else voted. */
	| { type: 'Stranger'; key: string }
	/** A signature does not hold. */
	| { type: 'Signature'; key: string }
	/** A signature holds for the set before. */
	| { type: 'OlderSet'; key: string }
	/** There are more votes than authorities have. */
	| { type: 'TooManyVotes'; votes: number; voters: number }
	/** There are more headers between votes and block than are looked at. */
	| { type: 'TooManyHeaders'; headers: number; limit: number }
	/** The headers do not lead from the block to the votes, or some lead elsewhere. */
	| { type: 'Ancestry' }
	/** Two thirds of the weight are not reached. */
	| { type: 'TooFew'; signed: bigint; total: bigint };

/** A receipt does not hold. Its message says why, in the words of the command line. */
export class FlawError extends Error {
	/** Why, for programs. */
	readonly flaw: Flaw;

	/** @param flaw - What does not hold. */
	constructor(flaw: Flaw) {
		super(words(flaw));
		this.name = 'FlawError';
		this.flaw = flaw;
	}
}

/** In words. */
function words(flaw: Flaw): string {
	switch (flaw.type) {
		case 'TooLong':
			return `it has ${flaw.bytes} bytes, and a receipt has ${flaw.most} at most`;
		case 'NotAReceipt':
			return 'it does not begin as receipts do: it is none, or of a form that this program does not know';
		case 'Malformed':
			return 'it begins as a receipt and does not go on as one: it is cut off, or was changed';
		case 'Authorities':
			return `set ${flaw.set} has no authorities, or their weights exceed 2^64`;
		case 'OtherSet':
			return (
				`it is signed by the authorities of set ${flaw.signed} and has the handovers from set ${flaw.first} on, but those ` +
				`that you trust are of set ${flaw.trusted}`
			);
		case 'Unfinal':
			return `block ${flaw.block} is not signed by the authorities of set ${flaw.set}: ${unfinal(flaw.reason)}`;
		case 'NoHandover':
			return `block ${flaw.block} is not the last of set ${flaw.set}: it does not name the authorities that follow at once`;
		case 'Unproven':
			return `the storage proof does not lead from the state of block ${flaw.block} to ${flaw.what}`;
		case 'Superfluous':
			return `${flaw.nodes} of the storage proof's nodes prove nothing`;
		case 'OtherChain':
			return `it is of the chain whose first block is ${flaw.found}, not of ${flaw.trusted}`;
		case 'Layout':
			return `its records of ${flaw.pallet} have form ${flaw.found ?? 'none'}, and this program reads form ${flaw.known}`;
		case 'Unreadable':
			return `${flaw.what} of job ${flaw.job} cannot be read`;
		case 'NoJob':
			return `job ${flaw.job} is not stored in the state of block ${flaw.block}`;
		case 'NotOver':
			return `job ${flaw.job} was not over at block ${flaw.block}`;
		case 'OtherClaim':
			return `the claim of job ${flaw.job} does not commit to its input and output`;
	}
}

function unfinal(reason: Unfinal): string {
	switch (reason.type) {
		case 'OtherBlock':
			return `the signatures are for block ${reason.number}, ${reason.hash}`;
		case 'Stranger':
			return `${reason.key} is none of them`;
		case 'Signature':
			return `the signature of ${reason.key} does not hold`;
		case 'OlderSet':
			return `${reason.key} signed for the set before`;
		case 'TooManyVotes':
			return `it has ${reason.votes} votes, and ${reason.voters} authorities have two each at most`;
		case 'TooManyHeaders':
			return `${reason.headers} headers lead to its votes, ${reason.limit} at most are looked at`;
		case 'Ancestry':
			return 'the headers between it and its votes do not fit together';
		case 'TooFew':
			return (
				`${reason.signed} of the weight of ${reason.total} signed it, or what follows it: more than two thirds are needed`
			);
	}
}
