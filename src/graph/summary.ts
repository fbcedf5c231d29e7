import type { ApolloServerPlugin } from '@apollo/server';
import type { Bound } from '../upstream/errors.js';
import type { Call } from '../upstream/costs.js';
import type { Context } from './context.js';
import type { ErrorCode } from './formatError.js';

/** What an operation is and what became of it, filled in while it is answered. */
export type Summary = {
  /** As its document names it; null before it was found, or without a name. */
  name: string | null;
  type: 'query' | 'mutation' | 'subscription' | null;
  /** Whether it was executed, and whether any of its fields has a value then. */
  isExecuted: boolean;
  hasData: boolean;
  /** Of all errors in its answer. */
  readonly codes: Set<ErrorCode>;
  /** The bounds of the gateway's own that it met. */
  readonly bounds: Set<Bound>;
};

export const createSummary = (): Summary => ({
  name: null,
  type: null,
  isExecuted: false,
  hasData: false,
  codes: new Set(),
  bounds: new Set(),
});

/** True when no field has a value. */
export function hasNothing(data: unknown): boolean {
  return (
    data === null || data === undefined || Object.values(data).every((value) => value === null || value === undefined)
  );
}

/** The calls as an answer tells them; durations to a tenth of a millisecond. */
const tell = ({ resource, durationMs, isShared, fault }: Call): object => ({
  resource,
  durationMs: Math.round(durationMs * 10) / 10,
  shared: isShared,
  ...(fault !== null && { fault }),
});

/** Fills in what the graph knows of an operation; where its costs were noted, puts them into the answer as `extensions.upstream`. */
export function createSummaryPlugin(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ operation, contextValue: { summary } }) => {
          summary.name = operation?.name?.value ?? null;
          summary.type = operation?.operation ?? null;
          return Promise.resolve();
        },
        willSendResponse: ({ response: { body }, contextValue: { summary, costs } }) => {
          if (body.kind !== 'single') return Promise.resolve();
          const { data, extensions } = body.singleResult;
          summary.isExecuted = data !== undefined;
          summary.hasData = !hasNothing(data);
          if (costs && summary.isExecuted) {
            body.singleResult.extensions = { ...extensions, upstream: costs.calls().map(tell) };
          }
          return Promise.resolve();
        },
      }),
  };
}
