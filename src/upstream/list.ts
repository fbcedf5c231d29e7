import { untilEnded, type Operation } from './operation.js';
import type { Page, Window } from './resource.js';
import type { Lifetime } from './sharing.js';

/** A list that can be read window by window. */
export type List<Row> = Readonly<{
  /** True when every row is one that was asked for; else the caller has to look. */
  isExact: boolean;
  readPage: (window: Window) => Promise<Page<Row>>;
}>;

export const emptyPage = (window: Window): Page<never> => ({
  offset: window.offset,
  rows: [],
  hasMore: false,
  isWhole: true,
});

/** Keeps the pages of a list that does not change any more. */
export function keepPages<Row>(
  list: List<Row>,
  operation: Operation,
  listKey: readonly [version: string, resource: string, ...unknown[]],
  lifetime: Lifetime,
): List<Row> {
  const { share } = operation;
  const about = { resource: listKey[1] };
  return {
    isExact: list.isExact,
    readPage: async (window) => {
      const key = JSON.stringify([...listKey, window.offset, window.limit]);
      const isFresh = window.isFresh === true;
      const recalled = isFresh ? undefined : share.recall(key);
      // What may still change is for each instance to ask for.
      const isShared = recalled === undefined && !isFresh && lifetime === 'unchanging';
      const shared = isShared ? share.recallShared(key) : null;
      const kept = shared ? await untilEnded(operation, shared, about) : recalled;
      if (kept) {
        operation.costs?.recalled(about.resource, key);
        return kept as Page<Row>; // kept below, by this instance or another of the same release
      }
      const page = await list.readPage(window);
      share.keep(key, page, lifetime);
      return page;
    },
  };
}
