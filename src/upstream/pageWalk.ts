import { UpstreamError, type About } from './errors.js';
import type { Window } from './resource.js';

/** The longest page that the gateway asks for. */
export const MAX_PAGE_ROWS = 1000;

/** Reads in a row that may bring no new row. A server that repeats its pages must not be read for ever. */
const MAX_VAIN_READS = 50;

/** Rows to step back by when rows before the last one were deleted; doubled until a known row is found. */
const STEP_BACK_ROWS = 100;

/** More rows without an identity at the end of a page than this are not read again. */
const MAX_OVERLAP_ROWS = 50;

/** A page of raw rows or of records. */
type WalkedPage<Row> = Readonly<{ offset: number; rows: readonly Row[]; hasMore: boolean; isWhole: boolean }>;

export type PlacedRow<Row> = Readonly<{
  row: Row;
  /** Its place in the server's list when it was read. */
  offset: number;
  /** False if the row may have been added before rows that were returned already. */
  isBehind: boolean;
}>;

export type WalkOptions<Row> = Readonly<{
  readPage: (window: Window) => Promise<WalkedPage<Row>>;
  /** Returns a text that no other row of the list has; null if the row has none. */
  identify: (row: Row) => string | null;
  /** True if two rows with one identity are one row; false if servers are known to give several rows one identity. */
  isUnique: boolean;
  about: About;
}>;

/** The last row with an identity, and its place. */
type Last = Readonly<{ identity: string; offset: number }>;

/**
 * Reads a list page after page while its rows move. Each page begins with the last row of the page before. If that row is
 * not there, rows were added or deleted: the walk then looks for a row that it knows, and reads on from it. So it returns
 * each row once, and skips none that was in the list all the time.
 */
export class PageWalk<Row> {
  readonly #options: WalkOptions<Row>;
  readonly #known = new Set<string>();
  #last: Last | null = null;
  #endOffset = 0;
  #isWhole = false;
  /** Rows of the last page if the server gave fewer than asked. */
  #capRows = Infinity;
  #hasMore = true;
  #hasRecovered = false;
  /** Rows that were returned before the walk began anew; null once one of them was met again. */
  #lost: ReadonlySet<string> | null = null;

  constructor(options: WalkOptions<Row>) {
    this.#options = options;
  }

  /** False when the list is known to end here. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** True when the rest of the list is at hand, and costs no request. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The offset in the server's list at which the walk goes on. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Begins with a page that was read for `limit` rows. Returns its rows. */
  start(page: WalkedPage<Row>, limit: number): readonly PlacedRow<Row>[] {
    return this.#accept(page, limit, 0);
  }

  /** Returns the rows that follow, about `limit` of them; none when the list has ended. */
  async next(limit: number): Promise<readonly PlacedRow<Row>[]> {
    for (let reads = 0; reads < MAX_VAIN_READS && this.#hasMore; reads += 1) {
      const rows = await this.#step(limit);
      if (rows.length > 0) return rows;
    }
    if (!this.#hasMore) return [];
    throw new UpstreamError({ ...this.#options.about, fault: 'badResponse', reason: 'pages that repeat' });
  }

  async #step(limit: number): Promise<readonly PlacedRow<Row>[]> {
    const last = this.#last;
    const overlapRows = last === null || this.#isWhole ? 0 : this.#endOffset - last.offset;
    if (last === null || overlapRows === 0 || overlapRows > MAX_OVERLAP_ROWS) {
      return this.#accept(await this.#read(this.#endOffset, limit), limit, 0);
    }
    if (this.#capRows <= overlapRows) return this.#stepSingly(last, limit);
    const asked = Math.min(MAX_PAGE_ROWS, limit + overlapRows);
    const page = await this.#read(last.offset, asked);
    if (page.rows.length <= overlapRows && this.#isAt(last, page)) {
      // There was room for another row. Some servers name a next page on the last one, too.
      this.#hasMore = false;
      return [];
    }
    return this.#take(page, asked) ?? this.#recover(last, limit);
  }

  /** Reads on from a server whose pages have no room for a known row: the next page, the last row, and the page once more. */
  async #stepSingly(last: Last, limit: number): Promise<readonly PlacedRow<Row>[]> {
    const page = await this.#read(this.#endOffset, limit);
    const taken = this.#take(page, limit);
    if (taken !== null) return taken;
    if (!this.#isAt(last, await this.#readAgain(last.offset, limit))) return this.#recover(last, limit);
    const again = await this.#readAgain(this.#endOffset, limit);
    const [before, now] = [page.rows[0], again.rows[0]];
    const isSame = before === undefined || now === undefined ? before === now : this.#isSame(before, now);
    return isSame ? this.#accept(again, limit, 0) : this.#recover(last, limit);
  }

  /** Looks for a known row before the place where the last one was, in ever longer steps; begins anew if all are gone. */
  async #recover(last: Last, limit: number): Promise<readonly PlacedRow<Row>[]> {
    this.#hasRecovered = true;
    for (let step = Math.min(this.#capRows, STEP_BACK_ROWS); ; step *= 2) {
      const offset = Math.max(0, last.offset - step);
      const asked = Math.min(MAX_PAGE_ROWS, last.offset - offset + limit + 1);
      const page = await this.#readAgain(offset, asked);
      const taken = this.#take(page, asked);
      if (taken !== null) return taken;
      if (offset > 0) continue;
      this.#lost ??= new Set(this.#known);
      return this.#accept(page, asked, 0);
    }
  }

  /** Reads a window. After a recovery the same window can hold other rows than before. */
  #read(offset: number, limit: number): Promise<WalkedPage<Row>> {
    return this.#hasRecovered ? this.#readAgain(offset, limit) : this.#options.readPage({ offset, limit });
  }

  #readAgain(offset: number, limit: number): Promise<WalkedPage<Row>> {
    return this.#options.readPage({ offset, limit, isFresh: true });
  }

  #isSame(a: Row, b: Row): boolean {
    return this.#options.identify(a) === this.#options.identify(b);
  }

  #isAt(last: Last, { rows: [first] }: WalkedPage<Row>): boolean {
    return first !== undefined && this.#options.identify(first) === last.identity;
  }

  /** Accepts a page that holds a known row; null for any other. */
  #take(page: WalkedPage<Row>, limit: number): readonly PlacedRow<Row>[] | null {
    const knownAt = page.rows.findIndex((row) => {
      const identity = this.#options.identify(row);
      return identity !== null && this.#known.has(identity);
    });
    return knownAt === -1 ? null : this.#accept(page, limit, knownAt);
  }

  /** Reads on from this page. Returns its rows that were not returned before; those from `behindAt` on are behind known ones. */
  #accept(page: WalkedPage<Row>, limit: number, behindAt: number): readonly PlacedRow<Row>[] {
    const { rows, offset } = page;
    const identities = this.#identifyAll(rows);
    const endOfKnown = this.#endOfKnown(offset, identities);
    const accepted: PlacedRow<Row>[] = [];
    const own = new Set<string>();
    const lost = this.#lost;
    const metAt = lost === null ? 0 : identities.findIndex((identity) => identity !== null && lost.has(identity));
    const firstBehind = metAt === -1 ? rows.length : Math.max(behindAt, metAt);
    if (metAt !== -1) this.#lost = null;
    for (const [index, row] of rows.entries()) {
      const identity = identities[index] ?? null;
      const isRepeat = identity === null ? index < endOfKnown : this.#known.has(identity) || own.has(identity);
      if (!isRepeat) accepted.push({ row, offset: offset + index, isBehind: index >= firstBehind });
      if (identity !== null) own.add(identity);
    }
    for (const identity of own) this.#known.add(identity);
    const lastIndex = identities.findLastIndex((identity) => identity !== null);
    const identity = identities[lastIndex] ?? null;
    if (identity !== null) this.#last = { identity, offset: offset + lastIndex };
    this.#endOffset = offset + rows.length;
    this.#hasMore = page.hasMore;
    this.#isWhole = page.isWhole;
    this.#capRows = rows.length < limit ? Math.max(1, rows.length) : Infinity;
    return accepted;
  }

  /** Returns the identity of each row. Where several rows may have one, those that share it have none. */
  #identifyAll(rows: readonly Row[]): readonly (string | null)[] {
    const identities = rows.map(this.#options.identify);
    if (this.#options.isUnique || new Set(identities).size === rows.length) return identities;
    const counts = new Map<string | null, number>();
    for (const identity of identities) counts.set(identity, (counts.get(identity) ?? 0) + 1);
    return identities.map((identity) => (counts.get(identity) === 1 ? identity : null));
  }

  /** Returns the index in a page before which rows without an identity were returned already. */
  #endOfKnown(offset: number, identities: readonly (string | null)[]): number {
    const last = this.#last;
    const lastIndex = last === null ? -1 : identities.indexOf(last.identity);
    return last === null || lastIndex === -1 ? this.#endOffset - offset : lastIndex + this.#endOffset - last.offset;
  }
}
