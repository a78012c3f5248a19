// A file server as there are many: it knows nothing of the page but its files, and sends the compressed form to whoever takes it.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const KINDS: Record<string, string> = {
	'.css': 'text/css',
	'.html': 'text/html',
	'.js': 'text/javascript',
	'.svg': 'image/svg+xml',
};

/** A server. */
export interface Server {
	/** Where it is. */
	url: string;
	/** Bytes that it has sent as bodies. */
	sent: () => number;
	/** Ends it. */
	close: () => void;
}

/** Serves a folder. */
export async function serve(folder: string): Promise<Server> {
	let sent = 0;
	const server = createServer((request, response) => {
		const path = new URL(request.url ?? '/', 'http://page').pathname;
		const file = join(folder, normalize(path === '/' ? '/index.html' : path));
		if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) {
			response.writeHead(404).end();
			return;
		}
		const packed = existsSync(`${file}.gz`) && request.headers['accept-encoding']?.includes('gzip');
		const content = readFileSync(packed ? `${file}.gz` : file);
		sent += content.length;
		response.setHeader('content-type', KINDS[extname(file)] ?? 'application/octet-stream');
		if (packed) {
			response.setHeader('content-encoding', 'gzip');
		}
		response.end(content);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/`,
		sent: () => sent,
		close: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}
