import type { FastifyReply } from 'fastify';
import { fingerprintOf } from '../fingerprint.js';
import { errorCodes, type ErrorCode } from '../graph/formatError.js';
import type { Summary } from '../graph/summary.js';
import type { Log } from '../log.js';
import type { Bound } from '../upstream/errors.js';
import type { Operation } from '../upstream/operation.js';

/** `partial`: answered, with errors as well; `failed`: no field has a value; `refused`: not executed; `cancelled`: its caller had gone. */
export const outcomes = ['ok', 'partial', 'failed', 'refused', 'cancelled'] as const;

export type Outcome = (typeof outcomes)[number];

/** One operation, once it is answered. */
export type OperationReport = Readonly<{
  name: string | null;
  outcome: Outcome;
  durationMs: number;
  /** Requests that were sent to the server for it, further attempts included. */
  upstreamRequests: number;
  codes: ReadonlySet<ErrorCode>;
  bounds: ReadonlySet<Bound>;
}>;

/** Who is told of operations and what was refused before there was one: numbers, and words of closed lists but for an operation's name. */
export type DoorObserver = Readonly<{
  answered: (report: OperationReport) => void;
  downloaded: (outcome: 'ok' | 'failed' | 'cancelled', durationMs: number) => void;
  refused: (reason: Bound | 'connections' | 'pipelining' | 'token_rate' | 'address_rate') => void;
}>;

function outcomeOf({ isExecuted, hasData, codes }: Summary, { raw }: FastifyReply): Outcome {
  if (raw.destroyed) return 'cancelled';
  if (!isExecuted) return 'refused';
  if (codes.size === 0) return 'ok';
  return hasData ? 'partial' : 'failed';
}

/** Puts the codes of a refusal into a summary: some are made where the graph knows nothing of the operation yet. */
export function addCodes(summary: Summary, codes: readonly unknown[]): void {
  for (const code of codes) {
    const known = errorCodes.find((each) => each === code);
    if (known !== undefined) summary.codes.add(known);
  }
}

/** What the log has of who asked: no more than which lines are of the same token. */
export const callerOf = (token: Operation['token']): { token?: string } =>
  typeof token === 'string' ? { token: fingerprintOf(token) } : {};

/** Tells of each operation once: one line of the log, the observer, and its step of the trace. */
export function createReport(log: Log, observer: DoorObserver | undefined) {
  return (operation: Operation, summary: Summary, reply: FastifyReply, startMs: number): void => {
    const durationMs = performance.now() - startMs;
    const { name, type, codes, bounds } = summary;
    const outcome = outcomeOf(summary, reply);
    const upstreamRequests = operation.sentCount();
    observer?.answered({ name, outcome, durationMs, upstreamRequests, codes, bounds });
    const { span, logFields } = operation;
    if (span) {
      if (type !== null) span.rename(name === null ? type : `${type} ${name}`);
      span.set({
        ...(type !== null && { 'graphql.operation.type': type }),
        ...(name !== null && { 'graphql.operation.name': name }),
        'backup.outcome': outcome,
        'backup.upstream_requests': upstreamRequests,
      });
      const [code] = codes;
      span.end(code);
    }
    if (!log.isLevelEnabled('info')) return;
    const errors = codes.size === 0 ? {} : { codes: [...codes] };
    log.info(
      {
        ...logFields,
        operation: name,
        outcome,
        ms: Math.round(durationMs),
        upstreamRequests,
        ...errors,
        ...callerOf(operation.token),
      },
      'answered an operation',
    );
  };
}
