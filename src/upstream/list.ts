import type { Page, Window } from './resource.js';
import type { Lifetime, Share } from './sharing.js';

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
  share: Share,
  listKey: readonly unknown[],
  lifetime: Lifetime,
): List<Row> {
  return {
    isExact: list.isExact,
    readPage: async (window) => {
      const key = JSON.stringify([...listKey, window.offset, window.limit]);
      const kept = share.recall(key) as Page<Row> | undefined; // kept below
      if (kept) return kept;
      const page = await list.readPage(window);
      share.keep(key, page, lifetime);
      return page;
    },
  };
}
