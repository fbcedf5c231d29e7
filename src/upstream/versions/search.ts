import { FOREIGN_404, readJson, type Answer } from '../answer.js';
import { UpstreamError, type About, type UpstreamErrorDetails } from '../errors.js';
import type { Query, Version } from './version.js';

/** A probe that is not answered for so long lets all others begin. */
const PATIENCE_MS = 1000;

/** A version whose probe is not answered for so long is passed over, if an older one is served. */
const PASS_OVER_AFTER_MS = 2000;

/** Asks without a token, so that none is sent before it is known what is asked. */
export type Probe = (
  request: Readonly<{ path: string; query: Query; headers: Readonly<Record<string, string>>; about: About }>,
) => Promise<Answer>;

/** The outcome of one probe. */
type Verdict = Readonly<{
  isServed: boolean;
  /** False if asking again may give another verdict. */
  isSure: boolean;
  error: UpstreamError | null;
}>;

/** The outcome of a search. */
export type Finding = Readonly<{
  /** The newest version that is served, as far as the probes were answered; null for none. */
  version: Version | null;
  /** Newer versions that may be served too: their probes failed, or were not answered in time. */
  passedOver: readonly Version[];
  /** Why the newest of them was passed over, where that is known. */
  error: UpstreamError | null;
}>;

const notServed: Verdict = { isServed: false, isSure: true, error: null };

/** Returns true for a refusal of an unknown path in another form than this API's. */
export const isOddRefusal = ({ fault, status }: UpstreamErrorDetails): boolean =>
  fault === 'rejected' || status === 501;

/**
 * Probes one version. 401 and 403 say that the path exists. An error body or none with 404 says that it does not; a page may be a
 * proxy's. Other refusals count as "not this one", and the gateway probes them again.
 */
async function askFor(probe: Probe, { name, probePath, headers }: Version): Promise<Verdict> {
  const about = { resource: 'version', id: name };
  try {
    const answer = await probe({ path: `${name}/${probePath}`, query: {}, headers, about });
    const { status, body } = answer;
    if (status === 404 && body.length === 0) return notServed;
    if (status !== 401 && status !== 403) readJson(answer, about); // which says what it is that came instead
    return { isServed: true, isSure: true, error: null };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.details.fault === 'forbidden') return { isServed: true, isSure: true, error: null };
    if (error.details.fault === 'notFound') return notServed;
    return { isServed: false, isSure: false, error: isOddRefusal(error.details) ? null : error };
  }
}

/** Returns whether a version is served, or null if its probe failed. */
export async function isServed(probe: Probe, version: Version): Promise<boolean | null> {
  const verdict = await askFor(probe, version);
  return verdict.error === null ? verdict.isServed : null;
}

/** Connection errors that can be of one path alone. Any other is of the server, whatever version is asked for. */
const errorsOfOnePath = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', FOREIGN_404]);

const isOfServer = ({ details: { fault, reason = '' } }: UpstreamError): boolean =>
  fault === 'unavailable' && !errorsOfOnePath.has(reason);

/**
 * Probes versions until the newest that is served is known. It begins one probe after the other, and all that are left as soon as one is
 * slow. So a server that serves the first one gets one request, and a probe that hangs or fails hides no other version.
 * `isSlow` names versions that are not waited for if an older one is served.
 */
export class VersionSearch {
  readonly #probe: Probe;
  readonly #candidates: readonly Version[];
  readonly #isSlow: (version: Version) => boolean;
  readonly #verdicts = new Map<Version, Verdict>();
  readonly #late = new Set<Version>();
  readonly #timers: NodeJS.Timeout[] = [];
  #begun = 0;
  #isOver = false;
  #resolve: (finding: Finding) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(probe: Probe, candidates: readonly Version[], isSlow: (version: Version) => boolean) {
    this.#probe = probe;
    this.#candidates = candidates;
    this.#isSlow = isSlow;
  }

  /** Returns what was found. Rejects if the server cannot be reached at all. */
  async run(): Promise<Finding> {
    try {
      return await new Promise<Finding>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#decide();
      });
    } finally {
      this.#isOver = true;
      for (const timer of this.#timers) clearTimeout(timer);
    }
  }

  #begin(version: Version): void {
    this.#begun += 1;
    const isSlow = this.#isSlow(version);
    const beginOthers = setTimeout(
      () => {
        this.#beginAll();
      },
      isSlow ? 0 : PATIENCE_MS,
    );
    const passOver = setTimeout(
      () => {
        this.#late.add(version);
        this.#decide();
      },
      isSlow ? 0 : PASS_OVER_AFTER_MS,
    );
    this.#timers.push(beginOthers, passOver);
    askFor(this.#probe, version).then((verdict) => {
      clearTimeout(beginOthers);
      clearTimeout(passOver);
      this.#verdicts.set(version, verdict);
      if (verdict.error?.details.fault === 'timedOut') this.#beginAll();
      this.#decide();
    }, this.#reject);
  }

  #beginAll(): void {
    if (this.#isOver) return;
    for (const version of this.#candidates.slice(this.#begun)) this.#begin(version);
  }

  /** Ends the search when its outcome is known. Begins the next probe when all that were begun are answered. */
  #decide(): void {
    if (this.#isOver) return;
    for (const version of this.#candidates.slice(0, this.#begun)) {
      const verdict = this.#verdicts.get(version);
      if (verdict?.isServed === true) {
        this.#end(version);
        return;
      }
      if (!verdict && !this.#late.has(version)) return; // it may be the one
    }
    const errors = [...this.#verdicts.values()].map(({ error }) => error);
    const unreachable = errors.find((error) => error !== null && isOfServer(error));
    const next = this.#candidates[this.#begun];
    if (unreachable) this.#reject(unreachable);
    else if (this.#verdicts.size === this.#begun && next) this.#begin(next);
    else if (this.#verdicts.size === this.#candidates.length) this.#end(null);
  }

  #end(version: Version | null): void {
    this.#isOver = true;
    const newer = version === null ? this.#candidates : this.#candidates.slice(0, this.#candidates.indexOf(version));
    const passedOver = newer.filter((candidate) => this.#verdicts.get(candidate)?.isSure !== true);
    const errors = passedOver.map((candidate) => this.#verdicts.get(candidate)?.error ?? null);
    this.#resolve({ version, passedOver, error: errors.find((error) => error !== null) ?? null });
  }
}
