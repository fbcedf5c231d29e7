// A backup server of API v4 whose list of sessions is long: 40,000 in one array, as v4 sends them all at once.
import { createServer } from 'node:http';
import { MINUTE_MS, renderSessionV4, uuidOf } from './rows.mjs';

const SESSIONS = 40_000;

const nowMs = Date.now();
const rows = Array.from({ length: SESSIONS }, (_, index) =>
  renderSessionV4(uuidOf(`session ${index}`), index, nowMs - (6 * 60 + index * 7) * MINUTE_MS),
);
const body = Buffer.from(JSON.stringify(rows));

const server = createServer(({ url, headers }, response) => {
  const status = headers.authorization === undefined ? 401 : /^\/v4\/jobsessions\b/i.test(url) ? 200 : 404;
  const answer = status === 200 ? body : Buffer.from('{"message":"None."}');
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length });
  response.end(answer);
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  process.send({ origin: `http://127.0.0.1:${server.address().port}`, bodyMB: body.length / 1e6, sessions: SESSIONS });
});
