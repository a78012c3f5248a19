/**
 * Assay from a program in TypeScript or JavaScript: a connection to a node or a light client, typed reads of what is on the
 * chain, transactions that are signed, sent and watched until they have succeeded or it is certain why not, and receipts.
 *
 * @packageDocumentation
 */

export { Accounts, type Balances } from './accounts.js';
export { asy, formatAsy } from './amount.js';
export { Assay, type Connecting } from './assay.js';
export type { ChainEvent, Heads } from './blocks.js';
export * from './errors.js';
export {
	isOver,
	Jobs,
	MAX_ELEMENTS,
	numbers,
	tokens,
	vector,
	type Generation,
	type Input,
	type Job,
	type JobRules,
	type Output,
	type Quote,
	type State,
	type Submission,
	type Submitted,
} from './jobs.js';
export { account, accountOf, signer, type Signer } from './keys.js';
export * from './models.js';
export { checkpointOfGenesis } from './receipts/genesis.js';
export { formatCheckpoint, parseCheckpoint, type Checkpoint } from './receipts/checkpoint.js';
export { Receipts } from './receipts/collect.js';
export type { Authority, AuthoritySet } from './receipts/finality.js';
export { FlawError, type Flaw, type Unfinal } from './receipts/flaw.js';
export { MAX_BYTES, Receipt, type Settlement } from './receipts/receipt.js';
export type { AuditRecord, ClaimRecord, JobRecord } from './receipts/record.js';
export * from './staking.js';
export { Text } from './text.js';
export { Included, type Call, type Sending } from './transactions.js';
