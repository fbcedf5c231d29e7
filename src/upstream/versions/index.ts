import { UpstreamError, type UpstreamErrorDetails } from '../errors.js';
import { conditionAfter, NO_VERSION, type ServerState } from '../state.js';
import { isServed, VersionSearch, type Finding, type Probe } from './search.js';
import { v2 } from './v2.js';
import { v3 } from './v3.js';
import { v4 } from './v4.js';
import { v5 } from './v5.js';
import { v6 } from './v6.js';
import { v7 } from './v7.js';
import { v8 } from './v8.js';
import type { Version } from './version.js';

/** Every version that the gateway speaks, newest first. */
export const versions: readonly Version[] = [v8, v7, v6, v5, v4, v3, v2];

/** How often items that are not there may cost a probe. */
const DOUBT_AFTER_MS = 30_000;

/** How often a connection that fails may. */
const TROUBLE_AFTER_MS = 1000;

/** A newer version that was passed over is probed again after so long, each time after twice that, up to the longest time. */
const RECHECK_AFTER_MS = 1000;
const MAX_RECHECK_AFTER_MS = 60_000;

export type VersionLog = Readonly<{
  info: (fields: Record<string, unknown>, message: string) => void;
  error: (fields: Record<string, unknown>, message: string) => void;
}>;

export type VersionFinder = Readonly<{
  /** The version to speak: probed for at first use, remembered, and probed for again after a failure. */
  current: () => Promise<Version>;
  /** Probe again at the next use: the server went away, or no longer knows a path, so it may come back as another version. */
  forget: (trouble: UpstreamErrorDetails) => void;
  /** An item was not there, which may be because the version no longer is: probe again, unless that was done just now. */
  doubt: () => void;
  /** What is known of the server without asking it. */
  state: () => ServerState;
}>;

/** A version, and whether it is served: null where that was not told, or not in time. */
export type Probed = Readonly<{ version: Version; isThere: boolean | null }>;

/** Asks for all versions at once, and gives them newest first. */
export function probeVersions(probe: Probe): Promise<readonly Probed[]> {
  return Promise.all(
    versions.map(async (version) => ({ version, isThere: await isServed(probe, version).catch(() => null) })),
  );
}

/** Finds the version to speak with the server: the newest that it serves, or the one that is configured, if it does. */
export function createVersionFinder(probe: Probe, configured: string, log: VersionLog): VersionFinder {
  let pending: Promise<Version> | null = null;
  let foundAtMs = -Infinity;
  let isReporting = false;
  let isSearching = false;
  let state: ServerState = { state: 'unknown', apiVersion: null, lastFault: null };
  /** Newer versions than the one that is spoken, which may be served as well. */
  let passedOver: readonly Version[] = [];
  let recheckAfterMs = RECHECK_AFTER_MS;
  let recheckAtMs = Infinity;

  function remember({ version, passedOver: newer, error }: Finding & Readonly<{ version: Version }>): void {
    if (version.name !== state.apiVersion) {
      const reason = error?.details.reason ?? error?.details.fault;
      log.info(
        { apiVersion: version.name, ...(newer.length > 0 && { passedOver: newer.map(({ name }) => name), reason }) },
        'speaking this version with the backup server',
      );
    }
    state = { state: 'ready', apiVersion: version.name, lastFault: null };
    foundAtMs = performance.now();
    noteDoubtful(newer);
  }

  function noteDoubtful(newer: readonly Version[]): void {
    passedOver = newer;
    recheckAtMs = newer.length > 0 ? performance.now() + recheckAfterMs : Infinity;
    recheckAfterMs = newer.length > 0 ? Math.min(recheckAfterMs * 2, MAX_RECHECK_AFTER_MS) : RECHECK_AFTER_MS;
  }

  async function search(): Promise<Version> {
    isSearching = true;
    try {
      const candidates = configured === 'auto' ? versions : versions.filter(({ name }) => name === configured);
      const known = passedOver;
      const finding = await new VersionSearch(probe, candidates, (version) => known.includes(version)).run();
      const { version, error } = finding;
      if (version !== null) {
        remember({ ...finding, version });
        return version;
      }
      passedOver = [];
      if (error) throw error;
      if (!isReporting) void reportServed();
      throw new UpstreamError({ fault: 'unavailable', resource: 'version', id: configured, reason: NO_VERSION });
    } finally {
      isSearching = false;
    }
  }

  /** Probes the versions that were passed over, while the one that was found is spoken. Nobody waits for it. */
  async function recheck(spoken: Promise<Version>): Promise<void> {
    recheckAtMs = Infinity;
    let finding: Finding;
    try {
      finding = await new VersionSearch(probe, passedOver, () => false).run();
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      finding = { version: null, passedOver, error };
    }
    if (pending !== spoken) return; // another search has begun meanwhile
    const { version } = finding;
    if (version === null) {
      noteDoubtful(finding.passedOver);
      return;
    }
    pending = Promise.resolve(version);
    remember({ ...finding, version });
  }

  /** Tells the log which versions there are. Nobody waits for it: some of them may not answer in time. */
  async function reportServed(): Promise<void> {
    isReporting = true;
    const probed = await probeVersions(probe);
    const namesWhere = (answer: boolean | null): string[] =>
      probed.filter(({ isThere }) => isThere === answer).map(({ version }) => version.name);
    const message =
      configured === 'auto'
        ? 'the backup server serves no API version that this gateway speaks'
        : 'the backup server does not serve the API version that BACKUP_API_VERSION asks for';
    log.error({ configured, served: namesWhere(true), unknown: namesWhere(null) }, message);
    isReporting = false;
  }

  const stateAfter = (trouble: UpstreamErrorDetails): ServerState => ({
    state: conditionAfter(trouble),
    apiVersion: null,
    lastFault: trouble.fault,
  });

  return {
    current: () => {
      pending ??= search().catch((error: unknown) => {
        pending = null;
        if (error instanceof UpstreamError) state = stateAfter(error.details);
        throw error;
      });
      if (performance.now() >= recheckAtMs && !isSearching) void recheck(pending);
      return pending;
    },
    forget: (trouble) => {
      if (isSearching) return; // one search at a time, however many meet the same trouble
      if (trouble.fault === 'unavailable' && performance.now() - foundAtMs < TROUBLE_AFTER_MS) return;
      pending = null;
      state = stateAfter(trouble);
    },
    doubt: () => {
      if (!isSearching && performance.now() - foundAtMs > DOUBT_AFTER_MS) pending = null;
    },
    state: () => state,
  };
}
