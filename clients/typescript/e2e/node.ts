// The node that the tests here are about: what starts it says where it is.

import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { Assay } from 'assay-sdk';

/** What whoever runs the tests has to say. */
export function given(name: string): string {
	const value = process.env[name];
	assert.ok(value, `${name} is not set: clients/e2e/tests/typescript.rs runs these tests`);
	return value;
}

/** The class of WebSockets for Node.js before 22. */
export const websocketClass = WebSocket;

/** A connection to the node. */
export function connected(): Promise<Assay> {
	return Assay.connect(given('ASSAY_URL'), { websocketClass });
}
