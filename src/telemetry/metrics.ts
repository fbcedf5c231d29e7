import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { errorCodes, type ErrorCode } from '../graph/formatError.js';
import type { DoorObserver } from '../http/report.js';
import type { StoreObserver } from '../sharedStore.js';
import type { UpstreamObserver } from '../upstream/observer.js';
import { addProcessMetrics } from './processMetrics.js';
import { addGauges, type Gauged } from './gauges.js';

export type MetricsOptions = Readonly<{
  version: string;
  /** The operations to tell apart by name; all others are `other`, for a name is text of a caller's. */
  operationNames: readonly string[];
}>;

export type Metrics = Readonly<{
  upstream: UpstreamObserver;
  door: DoorObserver;
  store: StoreObserver;
  /** Names what is to be looked at. */
  gauge: (gauged: Gauged) => void;
  contentType: string;
  /** All of them, as Prometheus reads them. */
  render: () => Promise<string>;
}>;

const OTHER = 'other';

const DURATION_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REQUEST_BUCKETS = [0, 1, 2, 3, 5, 10, 20, 30, 50, 75, 100, 120];

/** Why a document was not executed, by the code that its caller was told. */
const rejections: Partial<Record<ErrorCode, string>> = {
  GRAPHQL_PARSE_FAILED: 'parse_failed',
  GRAPHQL_VALIDATION_FAILED: 'validation_failed',
  QUERY_TOO_COMPLEX: 'too_complex',
  DOCUMENT_NOT_TRUSTED: 'not_trusted',
  PERSISTED_QUERY_NOT_FOUND: 'persisted_query_not_found',
};

/** Every reason for which something is refused before it is begun, or while it waits. */
const refusals: Readonly<Record<Parameters<DoorObserver['refused']>[0], true>> = {
  waiting: true,
  place: true,
  body_memory: true,
  unread_answers: true,
  operations: true,
  answer_memory: true,
  request_memory: true,
  connections: true,
  pipelining: true,
  token_rate: true,
  address_rate: true,
};

/** What their callers are told; a connection that is closed is told nothing. */
const codesOfRefusals: Readonly<Partial<Record<keyof typeof refusals, ErrorCode>>> = {
  unread_answers: 'OVERLOADED',
  operations: 'OVERLOADED',
  request_memory: 'OVERLOADED',
  token_rate: 'RATE_LIMITED',
  address_rate: 'RATE_LIMITED',
};

/** What is counted as it happens. */
function createCounts(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[] = DURATION_BUCKETS_SECONDS,
  ): Histogram<Label> => new Histogram({ name, help, labelNames, buckets, registers });
  return {
    operations: histogram(
      'backup365_operation_duration_seconds',
      'GraphQL operations, by name (known ones alone) and outcome.',
      ['operation', 'outcome'],
    ),
    upstreamPerOperation: histogram(
      'backup365_operation_upstream_requests',
      'Requests that one operation cost the backup server, further attempts included.',
      [],
      REQUEST_BUCKETS,
    ),
    errors: counter('backup365_operation_errors_total', 'Operations with an error of this code in their answer.', [
      'code',
    ]),
    rejected: counter('backup365_documents_rejected_total', 'Documents that were not executed, by reason.', ['reason']),
    refused: counter('backup365_refusals_total', 'What the gateway refused as it was too much, by bound.', ['reason']),
    downloads: histogram('backup365_log_download_duration_seconds', 'Downloads of logs, by outcome.', ['outcome']),
    upstream: histogram(
      'backup365_upstream_request_duration_seconds',
      'Requests to the backup server, by resource, API version and outcome (ok, or what went wrong).',
      ['resource', 'api_version', 'outcome'],
    ),
    lookups: counter('backup365_sharing_lookups_total', 'Looks for what an earlier operation of a token was told.', [
      'level',
      'result',
    ]),
    joins: counter('backup365_sharing_joins_total', 'Requests not sent, as the same one of a token was in flight.'),
    store: histogram('backup365_store_request_duration_seconds', 'What was asked of Redis, by command and outcome.', [
      'command',
      'outcome',
    ]),
  };
}

/** All that the gateway tells of itself in numbers. No label is a token, an id or text of anybody's. */
export function createMetrics({ version, operationNames }: MetricsOptions): Metrics {
  const registry = new Registry();
  addProcessMetrics(registry);
  new Gauge({
    name: 'backup365_build_info',
    help: '1, with the version of the gateway.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  const counts = createCounts(registry);
  // Told from the start, so that the first of its kind is seen as an increase.
  for (const code of errorCodes) counts.errors.inc({ code }, 0);
  for (const reason of Object.keys(refusals)) counts.refused.inc({ reason }, 0);
  for (const outcome of ['ok', 'failed', 'cancelled']) counts.downloads.zero({ outcome });
  for (const reason of Object.values(rejections)) counts.rejected.inc({ reason }, 0);
  const known = new Set(operationNames);
  const seconds = (durationMs: number): number => durationMs / 1000;

  return {
    upstream: {
      asked: (resource, api_version, outcome, durationMs) => {
        counts.upstream.observe({ resource, api_version, outcome }, seconds(durationMs));
      },
      lookedUp: (level, isHit) => {
        counts.lookups.inc({ level, result: isHit ? 'hit' : 'miss' });
      },
      joined: () => {
        counts.joins.inc();
      },
    },
    door: {
      answered: ({ name, outcome, durationMs, upstreamRequests, codes, bounds }) => {
        const operation = name !== null && known.has(name) ? name : OTHER;
        counts.operations.observe({ operation, outcome }, seconds(durationMs));
        counts.upstreamPerOperation.observe(upstreamRequests);
        for (const code of codes) {
          counts.errors.inc({ code });
          const reason = rejections[code];
          if (outcome === 'refused' && reason !== undefined) counts.rejected.inc({ reason });
        }
        for (const reason of bounds) counts.refused.inc({ reason });
      },
      downloaded: (outcome, durationMs) => {
        counts.downloads.observe({ outcome }, seconds(durationMs));
      },
      refused: (reason) => {
        counts.refused.inc({ reason });
        const code = codesOfRefusals[reason];
        if (code !== undefined) counts.errors.inc({ code });
      },
    },
    store: {
      asked: (command, outcome, durationMs) => {
        counts.store.observe({ command, outcome }, seconds(durationMs));
      },
    },
    gauge: (gauged) => {
      addGauges(registry, gauged);
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
