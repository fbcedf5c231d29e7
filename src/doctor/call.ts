import { fingerprintOf } from '../fingerprint.js';
import { readJson } from '../upstream/answer.js';
import type { Client } from '../upstream/client.js';
import { faultOfCode } from '../upstream/errorBody.js';
import { UpstreamError } from '../upstream/errors.js';
import { MAX_TOKEN_BYTES, type NoToken } from '../upstream/operation.js';
import { readListing, type Version } from '../upstream/versions/version.js';
import { howToLogIn } from './login.js';
import { fail, ok, skip, type Report } from './report.js';
import type { Target } from './target.js';

const about = { resource: 'job' };
const window = { offset: 0, limit: 1 };

/** Asks for one job as the gateway does. Versions that do not page this list send all of it. */
async function readJobs(client: Client, version: Version, token: string): Promise<readonly unknown[]> {
  const place = version.locate.job({ organizationId: null, repositoryId: null });
  const { path = 'Jobs', query = {} } = place ?? {};
  const paging = version.paged.has('job') ? { offset: String(window.offset), limit: String(window.limit) } : {};
  const answer = await client.exchange({
    path: `${version.name}/${path}`,
    query: { ...query, ...paging },
    headers: version.headers,
    token,
    about,
  });
  return readListing(readJson(answer, about), window, about).rows;
}

async function adviceFor(error: UpstreamError, target: Target, { name }: Version): Promise<readonly string[]> {
  const { fault, status, errorCode } = error.details;
  if (status === 400 && faultOfCode(errorCode) === undefined) {
    return [
      'The server answers 400 to a token requested without disable_antiforgery_token=true. Log in again with it.',
      ...(await howToLogIn(target, name)),
    ];
  }
  if (errorCode?.toLowerCase() === 'proxyoffline') {
    return ['The service is well, but a backup proxy that it needs is offline: look at the proxies on the server.'];
  }
  switch (fault) {
    case 'unauthenticated':
      return [
        'The token has expired (an hour after it was given, unless the server is set otherwise), or is one of another server.',
        ...(await howToLogIn(target, name)),
      ];
    case 'forbidden':
      return [
        'The server knows the token, but its account may not read jobs: log in as one who may administer the backup server. Where',
        'the REST API settings leave the service to restore operators alone, nobody else is let in: change that there.',
      ];
    case 'rateLimited':
      return ['The server gets too many requests at this time: try again later.'];
    case 'timedOut':
      if (status !== undefined)
        return ['The server says that it timed out itself: look at its load and at its services.'];
      return [`The server is slow: look at its load, or give it more time than BACKUP_TIMEOUT_MS=${target.timeoutMs}.`];
    case 'rejected':
    case 'notFound':
      return ['The server refuses the request, and the code above is all that it says: look at its log.'];
    case 'failed':
      return [`The server itself failed with status ${status ?? 0}: look at its log and at its services.`];
    default:
      return [
        'That is not what the REST API promises: check that nothing is between here and the server that changes answers.',
      ];
  }
}

/** One call with the token, to this server alone, once its certificate was judged; the token itself is shown to nobody. */
export async function callWithToken(
  target: Target,
  client: Client,
  version: Version,
  token: string | NoToken,
): Promise<Report> {
  if (typeof token !== 'string') {
    if (token.missing === 'absent') {
      return skip('there is no BACKUP_TOKEN in the environment', await howToLogIn(target, version.name));
    }
    if (token.missing === 'tooLong') {
      return fail(`BACKUP_TOKEN is too long, and was not sent: the limit is ${MAX_TOKEN_BYTES} bytes (16 kB)`, [
        'It must be the access_token alone, without the rest of the answer that it came in.',
      ]);
    }
    return fail('BACKUP_TOKEN is no bearer token, and was not sent', [
      'It must be the access_token alone: letters, digits and -._~+/ with = at the end only; without quotes, blanks, the word',
      'Bearer, or the rest of the answer that it came in.',
      ...(await howToLogIn(target, version.name)),
    ]);
  }
  if (target.isEncrypted && target.trust.by === 'nothing') {
    return skip('BACKUP_TOKEN was not sent, as anybody might get it', [
      'With BACKUP_SERVER_TLS_VERIFY=off nothing tells who answers: set BACKUP_SERVER_FINGERPRINT or BACKUP_SERVER_CA_FILE instead.',
    ]);
  }
  const who = `the token that the log calls ${fingerprintOf(token)}`;
  const startMs = performance.now();
  try {
    const rows = await readJobs(client, version, token);
    const ms = Math.round(performance.now() - startMs);
    const none = 'There are no jobs that it may see: are none set up, or is it a token of a tenant?';
    return ok(`${who} may read jobs; the answer took ${ms} ms`, {
      warnings: rows.length === 0 ? [none] : [],
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const ms = Math.round(performance.now() - startMs);
    const { fault, status, errorCode, reason } = error.details;
    const what = [status === undefined ? fault : `status ${status}`, errorCode, reason]
      .filter((part) => part !== undefined)
      .join(', ');
    return fail(`${who}: ${what}, after ${ms} ms`, await adviceFor(error, target, version));
  }
}
