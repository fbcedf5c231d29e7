import { Counter, Gauge, type Registry } from 'prom-client';
import type { BreakerState } from '../upstream/breaker.js';
import type { UpstreamFigures } from '../upstream/server.js';
import { serverConditions, type ServerCondition } from '../upstream/state.js';

/** What is looked at when metrics are asked for, and costs nothing until then. */
export type Gauged = Readonly<{
  upstream: () => UpstreamFigures;
  condition: () => ServerCondition;
  door: () => Readonly<{ operations: number; connections: number; closedIdle: number; abandoned: number }>;
  /** Null where instances share nothing. */
  isStoreUp: (() => boolean) | null;
  droppedLogLines: () => number;
}>;

const breakerStates: readonly BreakerState[] = ['closed', 'halfOpen', 'open'];

/** Adds the metrics that say how things are at this moment. */
export function addGauges(registry: Registry, { upstream, condition, door, isStoreUp, droppedLogLines }: Gauged): void {
  const registers = [registry];

  /** One that is absent while there is no value: 0 would say something else. */
  function gauge(name: string, help: string, read: () => number | null): void {
    const made: Gauge = new Gauge({
      name: `backup365_${name}`,
      help,
      registers,
      collect: () => {
        const value = read();
        if (value === null) made.remove();
        else made.set(value);
      },
    });
  }

  /** A counter that is kept elsewhere. */
  function counter(name: string, help: string, read: () => number): void {
    const made: Counter = new Counter({
      name: `backup365_${name}`,
      help,
      registers,
      collect: () => {
        made.reset();
        made.inc(read());
      },
    });
  }

  /** One of several states: 1 for the one that is. */
  function states<State extends string>(name: string, help: string, all: readonly State[], read: () => State): void {
    const made: Gauge<'state'> = new Gauge({
      name: `backup365_${name}`,
      help,
      labelNames: ['state'],
      registers,
      collect: () => {
        const current = read();
        for (const state of all) made.set({ state }, state === current ? 1 : 0);
      },
    });
  }

  gauge('operations_in_flight', 'Operations that are being answered.', () => door().operations);
  gauge('connections', 'Connections that callers have open.', () => door().connections);
  counter(
    'idle_connections_closed_total',
    'Idle connections closed to make room at MAX_CONNECTIONS.',
    () => door().closedIdle,
  );
  counter(
    'requests_abandoned_total',
    'Requests whose caller went away before all of the answer was sent.',
    () => door().abandoned,
  );
  gauge('upstream_requests_in_flight', 'Requests in flight at the backup server.', () => upstream().inFlight);
  gauge('upstream_operations_waiting', 'Operations that wait for a place there.', () => upstream().waiting);
  gauge(
    'upstream_certificate_expiry_timestamp_seconds',
    'When the certificate of the backup server that was seen last expires, in seconds of Unix time.',
    () => {
      const { certificateEndsMs } = upstream();
      return certificateEndsMs === null ? null : certificateEndsMs / 1000;
    },
  );
  states(
    'upstream_breaker_state',
    'Whether requests are sent to the backup server (closed), or refused while it is gone (open).',
    breakerStates,
    () => upstream().breaker,
  );
  states('upstream_state', 'How the backup server does, as far as is known.', serverConditions, condition);
  gauge('sharing_entries', 'What is kept for later operations of its token.', () => upstream().sharing.entries);
  gauge('sharing_size_bytes', 'About how much memory that takes.', () => upstream().sharing.bytes);
  counter(
    'log_lines_dropped_total',
    'Lines of the log that were dropped, because stdout took no more.',
    droppedLogLines,
  );
  if (isStoreUp) gauge('store_up', 'Whether Redis answers.', () => (isStoreUp() ? 1 : 0));
}
