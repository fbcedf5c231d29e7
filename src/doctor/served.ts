import type { Client } from '../upstream/client.js';
import { createVersionFinder, probeVersions, versions } from '../upstream/versions/index.js';
import { isServed } from '../upstream/versions/search.js';
import type { Version } from '../upstream/versions/version.js';
import { createKeptProbe } from './probe.js';
import { fail, ok, type Report } from './report.js';
import type { Target } from './target.js';

/** A version that does not exist: whoever answers it as those that do tells nothing with it. */
const NO_VERSION = 'v0';

function wrongHost(origin: string): readonly string[] {
  const parts = new URL(origin).pathname === '/' ? 'the host and the port' : 'the host, the port and the path';
  return [
    `Something answers there, but it is not the REST service of Veeam Backup for Microsoft 365: check ${parts} of`,
    'BACKUP_SERVER_URL (another web server or a proxy may have them). The service has port 4443 unless that was changed.',
  ];
}

const noService = [
  'If that is the backup server, its REST service is in trouble: look at it there, and start it again. If it is another host',
  'or port, correct BACKUP_SERVER_URL. The service has port 4443 unless that was changed.',
];

const perhapsEncrypted = [
  'If that port speaks TLS, as the REST service does, BACKUP_SERVER_URL must begin with https://.',
];

const listOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

/** Asks, without a token, which API versions there are; `version` is the one that the gateway would speak. */
export async function findServed(
  { origin, apiVersion, isEncrypted }: Target,
  client: Client,
): Promise<{ report: Report; version: Version | null }> {
  const { probe, outcomeOf, isPage, isRedirect, statusOf } = createKeptProbe(client);
  const refuse = (found: string, remedy: readonly string[]): { report: Report; version: null } => ({
    report: fail(found, remedy),
    version: null,
  });

  const probed = await probeVersions(probe);
  const served = probed.filter(({ isThere }) => isThere === true).map(({ version }) => version);
  const names = listOf(served.map(({ name }) => name));
  const areServed = `${names} ${served.length === 1 ? 'is' : 'are'} served`;
  const outcomes = probed.map(({ version }) => ({ name: version.name, outcome: outcomeOf(version) }));

  if (probed.some(({ version }) => isPage(version))) {
    return refuse('what answers is no REST API: it sends something else than JSON', wrongHost(origin));
  }
  if (served.length === 0 && probed.every(({ version }) => isRedirect(version))) {
    return refuse('what answers is no REST API: it redirects, so a login page or a proxy answers', wrongHost(origin));
  }
  if (served.length === 0) {
    const kinds = [...new Set(outcomes.map(({ outcome }) => outcome))];
    const what =
      kinds.length === 1
        ? `${kinds.join('')} for each`
        : outcomes.map(({ name, outcome }) => `${name} ${outcome}`).join(', ');
    const isStranger = probed.every(({ isThere }) => isThere === false);
    return refuse(
      `none that the gateway speaks is served (${what})`,
      isStranger ? wrongHost(origin) : isEncrypted ? noService : [...noService, ...perhapsEncrypted],
    );
  }

  const log = { info: () => undefined, error: () => undefined };
  const version = await createVersionFinder(probe, apiVersion, log)
    .current()
    .catch(() => null);
  if (version === null && apiVersion !== 'auto') {
    const outcome = outcomes.find(({ name }) => name === apiVersion)?.outcome ?? '';
    return refuse(`${areServed}, and not ${apiVersion} (${outcome}), which BACKUP_API_VERSION asks for`, [
      `Set BACKUP_API_VERSION to auto, or to one of these: ${names}.`,
    ]);
  }
  const unknown = probed.filter(({ isThere }) => isThere === null).map((each) => each.version);
  const doubtful = unknown.map((each) => `${each.name} ${outcomeOf(each)}`).join(', ');
  if (version === null) {
    return refuse(`${areServed}, but whether newer ones are cannot be told (${doubtful})`, [
      `Find out on the server why it does not answer for them; or set BACKUP_API_VERSION to one of these: ${names}.`,
    ]);
  }
  const isNewerDoubtful = unknown.some((each) => versions.indexOf(each) < versions.indexOf(version));
  const doubt = `It is not known whether newer versions are served (${doubtful}). The gateway will ask again at least once a minute.`;
  const noVersion = { ...version, name: NO_VERSION };
  const isRefused = (await isServed(probe, noVersion)) === false;
  const status = statusOf(noVersion);
  const warning = `${NO_VERSION} is answered with status ${status ?? 0}, though it does not exist: perhaps a proxy answers, not the server.`;
  return {
    report: ok(`${areServed}; the gateway will speak ${version.name}`, {
      warnings: [
        ...(apiVersion === 'auto' && isNewerDoubtful ? [doubt] : []),
        ...(isRefused || status === undefined || status === 404 ? [] : [warning]),
      ],
    }),
    version,
  };
}
