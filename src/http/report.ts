import type { FastifyReply } from 'fastify';
import { fingerprintOf } from '../fingerprint.js';
import { errorCodes, type ErrorCode } from '../graph/formatError.js';
import type { Summary } from '../graph/summary.js';
import type { Log } from '../log.js';
import type { Bound } from '../upstream/errors.js';
import type { Operation } from '../upstream/operation.js';
import type { Pipelining } from './pipelining.js';

/** `partial`: answered, with errors as well; `failed`: no field has a value; `refused`: not executed; `cancelled`: its caller went away before all of its answer was sent. */
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

function outcomeOf({ isExecuted, hasData, codes }: Summary): Outcome {
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

/**
 * Reports each operation once: its step of the trace as soon as it is executed; one line of the log and the observer when its
 * answer was sent, or its caller has gone. The duration is that of the execution in both.
 */
export function createReport(log: Log, observer: DoorObserver | undefined, whenOver: Pipelining['whenOver']) {
  return (operation: Operation, summary: Summary, { raw, request }: FastifyReply, startMs: number): void => {
    const durationMs = performance.now() - startMs;
    const { name, type, codes, bounds } = summary;
    const executed = outcomeOf(summary);
    const upstreamRequests = operation.sentCount();
    const { span, logFields } = operation;
    if (span) {
      if (type !== null) span.rename(name === null ? type : `${type} ${name}`);
      span.set({
        ...(type !== null && { 'graphql.operation.type': type }),
        ...(name !== null && { 'graphql.operation.name': name }),
        'backup.outcome': raw.destroyed ? 'cancelled' : executed,
        'backup.upstream_requests': upstreamRequests,
      });
      const [code] = codes;
      span.end(code);
    }
    // A response that waits behind another one is not told that its connection was closed, but `whenOver` is.
    whenOver(request.raw, () => {
      const outcome = raw.writableFinished ? executed : 'cancelled';
      observer?.answered({ name, outcome, durationMs, upstreamRequests, codes, bounds });
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
    });
  };
}
