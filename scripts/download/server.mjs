// The backup server of a measured download, in a process of its own: one finished session with as long a log as is asked for.
import { startSimulator } from '../../dist/simulator/index.js';

const [lines, token] = process.argv.slice(2);
const simulator = await startSimulator({ days: 2 });
simulator.tokens.issue({ accessToken: token });
const job = simulator.history.sessions()[0].job.id;
const { id } = simulator.history.insert(job, 0, Number(lines));

process.on('message', (session) => {
  process.send?.({ requests: simulator.requests.filter(({ path }) => path.includes(session)).length });
});
process.on('disconnect', () => void simulator.close());
process.send?.({ origin: simulator.origin, fingerprint: simulator.fingerprint, id });
