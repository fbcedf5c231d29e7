import { readJson, type Answer } from '../upstream/answer.js';
import type { Client } from '../upstream/client.js';
import { UpstreamError } from '../upstream/errors.js';
import { PROBE_TIMEOUT_MS } from '../upstream/server.js';
import type { Probe } from '../upstream/versions/search.js';
import type { Version } from '../upstream/versions/version.js';

/** Probes for versions, of which the answers are kept: whoever asks for the same again is told the same. */
export type KeptProbe = Readonly<{
  probe: Probe;
  /** What came in answer to the probe for a version, in a few words. */
  outcomeOf: (version: Version) => string;
  /** Whether that was a success that is not JSON: the page of a web server that has one for every path. */
  isPage: (version: Version) => boolean;
  /** Returns true when the answer was a redirect. */
  isRedirect: (version: Version) => boolean;
  /** Returns the status of the answer; undefined when none came. */
  statusOf: (version: Version) => number | undefined;
}>;

export function createKeptProbe(client: Client): KeptProbe {
  const pending = new Map<string, Promise<Answer>>();
  const answered = new Map<string, Answer | UpstreamError>();
  const answerFor = ({ name, probePath }: Version): Answer | UpstreamError | undefined =>
    answered.get(`${name}/${probePath}`);

  const statusOf = (version: Version): number | undefined => {
    const answer = answerFor(version);
    return answer instanceof UpstreamError ? undefined : answer?.status;
  };

  return {
    statusOf,
    isRedirect: (version) => {
      const status = statusOf(version);
      return status !== undefined && status >= 300 && status < 400;
    },
    probe: (request) => {
      const { path } = request;
      const answer = pending.get(path) ?? client.exchange({ ...request, token: null, timeoutMs: PROBE_TIMEOUT_MS });
      pending.set(path, answer);
      answer.then(
        (value) => answered.set(path, value),
        (error: unknown) => error instanceof UpstreamError && answered.set(path, error),
      );
      return answer;
    },
    outcomeOf: (version) => {
      const answer = answerFor(version);
      if (answer instanceof UpstreamError) return answer.details.reason ?? answer.details.fault;
      return answer === undefined ? 'not asked' : `status ${answer.status}`;
    },
    isPage: (version) => {
      const answer = answerFor(version);
      if (answer === undefined || answer instanceof UpstreamError) return false;
      if (answer.status < 200 || answer.status >= 300) return false;
      try {
        readJson(answer, { resource: 'version' });
        return false;
      } catch (error) {
        return error instanceof UpstreamError && error.details.fault === 'badResponse';
      }
    },
  };
}
