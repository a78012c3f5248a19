// What an operator has to know of its node.

/** What `provider_status` answers. */
export interface NodeStatus {
	/** Whether the node runs jobs. */
	running: boolean;
	/** Its worker keys. */
	worker_keys: {
		worker_key: string;
		signs: boolean;
		operator: string | null;
		offers: { version: { model: number; version: number }; name: string; artifact: string; present: boolean }[];
	}[];
	/** The files in its folder. */
	artifacts: { file: string; root: string | null; state: unknown }[];
	/** Where it answers in real time. */
	endpoint: { address: string; key_hash: string } | null;
}

/** What is looked at. */
export interface Watched {
	/** What the worker has; unknown where the node does not tell. */
	status: NodeStatus | undefined;
	/** How the node is connected. */
	health: { peers: number; isSyncing: boolean; shouldHavePeers: boolean };
	/** The best block. */
	now: number;
	/** The last final one. */
	final: number;
	/** The operators whose keys it holds. */
	operators: readonly {
		stake: { account: string; chilled: boolean; active: boolean; committed: bigint; commitment_limit: bigint };
		serving: { listed: boolean; offers: readonly unknown[]; last_heartbeat?: number | undefined };
		duties: readonly { job: bigint; deadline: number }[];
		validator?: { validates: boolean; barred: boolean; silence: number } | undefined;
		validation: { silence_limit: number };
	}[];
}

/** Something to know. */
export interface Alert {
	/** What. */
	text: string;
	/** Whether it costs something. */
	bad: boolean;
}

/** Blocks by which finality may be behind without anything being wrong. */
const BEHIND = 30;
/** Blocks before a deadline from which on it is pressing. */
const PRESSING = 10;

/** What there is to know, the worst first. */
export function alerts({ status, health, now, final, operators }: Watched): Alert[] {
	const found: Alert[] = [];
	const bad = (text: string) => found.push({ text, bad: true });
	const note = (text: string) => found.push({ text, bad: false });
	if (now - final > BEHIND) {
		bad(`The last final block is ${now - final} blocks behind: fewer than two thirds of the validators vote.`);
	}
	if (health.shouldHavePeers && health.peers === 0) {
		bad('The node has no peers.');
	}
	if (health.isSyncing) {
		note('The node is catching up with the chain.');
	}
	if (status && !status.running) {
		note('The worker of this node is off: it runs no jobs.');
	}
	for (const { worker_key: key, signs, offers } of status?.worker_keys ?? []) {
		if (!signs) {
			bad(`The worker key ${key} cannot sign: it was inserted with another scheme.`);
		}
		for (const { version, present } of offers) {
			if (!present) {
				bad(`${version.model}.${version.version} is offered, and its artifact is not in the folder of this node: its jobs will be missed.`);
			}
		}
	}
	for (const { stake, serving, duties, validator, validation } of operators) {
		const late = duties.filter(({ deadline }) => deadline - now <= PRESSING);
		if (late.length > 0) {
			bad(`${late.length === 1 ? 'A result is' : `${late.length} results are`} due within ${PRESSING} blocks: job ${late.map(({ job }) => job).join(', ')}.`);
		}
		if (stake.chilled) {
			note('The operator is chilled: it takes no new work.');
		} else if (!stake.active) {
			bad('The own bond of the operator is below the minimum: it is given no work.');
		}
		if (serving.offers.length > 0 && !serving.listed && stake.active) {
			bad('Its offers are not listed: the last heartbeat is too old.');
		}
		if (stake.commitment_limit > 0n && stake.committed * 10n >= stake.commitment_limit * 9n) {
			note('Its work in flight is worth nine tenths of what its stake covers: more stake lets it take more.');
		}
		if (validator?.barred) {
			bad('The validator is barred: it has equivocated.');
		}
		if (validator?.validates && validator.silence * 2 > validation.silence_limit) {
			bad(`Other validators made ${validator.silence} blocks since its last: at ${validation.silence_limit} it loses its place.`);
		}
	}
	return found.sort((one, other) => Number(other.bad) - Number(one.bad));
}
