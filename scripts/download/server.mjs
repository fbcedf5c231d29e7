// The backup server of a measured download, in a process of its own: one finished session with as long a log as is asked for.
import { startSimulator } from '../../dist/simulator/index.js';

const [lines, token] = process.argv.slice(2);
const simulator = await startSimulator({ days: 2 });
simulator.tokens.issue({ accessToken: token });
// Of a backup job: at some times of the day the newest session is a copy job's, which versions before v6 do not have.
const { job } = simulator.history.sessions().find((session) => session.job.kind === 'Backup');
const { id } = simulator.history.insert(job.id, 0, Number(lines));

process.on('message', (session) => {
  process.send?.({ requests: simulator.requests.filter(({ path }) => path.includes(session)).length });
});
process.on('disconnect', () => void simulator.close());
process.send?.({ origin: simulator.origin, fingerprint: simulator.fingerprint, id });
