// Runs the fake backup server in a process of its own, so that its work does not count as the gateway's.
import { startServer } from './server.mjs';

const server = await startServer();
process.on('message', () => process.send({ requests: server.requests() }));
process.on('disconnect', () => process.exit());
process.send({ origin: server.origin });
