import { versions } from '../../src/upstream/versions/index.js';
import type { UpstreamServer } from '../../src/upstream/server.js';

/** A backup server in memory whose lists move between two requests, and that caps its pages. */

export type Move = Readonly<{ kind: 'start' | 'delete' | 'end'; at: number }>;

export type Item = { readonly id: string; readonly number: number; readonly jobId: string; status: string };

export type Habits = Readonly<{
  version: string;
  /** The most rows of a page, whatever is asked. */
  capRows: number;
  /** Signs that a capped page is not the last. `always` has a next link on the last page, too; `beyond` counts more rows than there are. */
  signs: 'next' | 'totalCount' | 'both' | 'limit' | 'always' | 'beyond';
  honoursFilters: boolean;
  honoursOrder: boolean;
  /** Moves before the second request, the third, and so on. */
  moves: readonly (readonly Move[])[];
}>;

export type ListKind = 'sessions' | 'log' | 'objects' | 'jobs';

export const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const SESSION_ID = uuid(999_999);
export const JOB_IDS = [uuid(900_001), uuid(900_002)] as const;

/** Lists grow where real ones do: sessions in front, log lines at the end, jobs anywhere. */
export class MovingList {
  readonly items: Item[] = [];
  readonly deleted = new Set<string>();
  readonly #kind: ListKind;
  #count = 0;

  constructor(kind: ListKind, length: number) {
    this.#kind = kind;
    for (let index = 0; index < length; index += 1) this.#add(0);
  }

  #add(at: number): void {
    this.#count += 1;
    const number = this.#count;
    const item = {
      id: uuid(number),
      number,
      jobId: JOB_IDS[number % 3 === 0 ? 1 : 0],
      status: number % 4 === 0 ? 'Running' : number % 5 === 0 ? 'Warning' : 'Success',
    };
    const index = {
      sessions: 0,
      log: this.items.length,
      objects: this.items.length,
      jobs: at % (this.items.length + 1),
    }[this.#kind];
    this.items.splice(index, 0, item);
  }

  move({ kind, at }: Move): void {
    if (kind === 'start') this.#add(at);
    const index = at % Math.max(1, this.items.length);
    const item = this.items[index];
    if (item === undefined || kind === 'start') return;
    if (kind === 'delete') {
      this.items.splice(index, 1);
      this.deleted.add(item.id);
    } else if (item.status === 'Running') item.status = 'Success';
  }
}

const rowOf: Readonly<Record<ListKind, (item: Item, version: string) => object>> = {
  sessions: ({ id, number, jobId, status }, version) => ({
    id,
    creationTime: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
    status,
    ...(version === 'v8' && { jobId }),
    ...(version >= 'v7' && { jobType: 'Backup' }),
    _links: { job: { href: `/${version}/Jobs/${jobId}` } },
  }),
  log: ({ id, number, status }, version) => ({
    id,
    usn: number,
    ...(version === 'v8' ? { type: status, message: 'x' } : { title: `[${status}] x` }),
  }),
  objects: ({ id }) => ({ id, type: 'User', status: 'Success' }),
  jobs: ({ id, number }) => ({ id, name: `job ${(number * 7919) % 1000}` }),
};

export class MovingServer {
  requests = 0;
  readonly list: MovingList;
  readonly #kind: ListKind;
  readonly #habits: Habits;

  constructor(kind: ListKind, length: number, habits: Habits) {
    this.#kind = kind;
    this.#habits = habits;
    this.list = new MovingList(kind, length);
  }

  #matching(path: string, query: Readonly<Record<string, string>>): readonly Item[] {
    const { honoursFilters, honoursOrder } = this.#habits;
    const jobId = /^Jobs\/([^/]+)\/JobSessions$/.exec(path)?.[1] ?? query['jobId'];
    const status = query['status']?.replace('Succeeded', 'Success') ?? query['type'];
    const matching = this.list.items.filter(
      (item) => !honoursFilters || ((jobId ?? item.jobId) === item.jobId && (status ?? item.status) === item.status),
    );
    return query['orderAsc'] === 'false' && honoursOrder ? matching.reverse() : matching;
  }

  /** Answers one request, after what happened before it. */
  answer(fullPath: string, query: Readonly<Record<string, string>>): unknown {
    const { version, capRows, signs, moves } = this.#habits;
    for (const move of (this.requests > 0 && moves[this.requests - 1]) || []) this.list.move(move);
    this.requests += 1;
    const path = fullPath.slice(version.length + 1);
    if (path === 'CopyJobs') return [];
    if (path.startsWith(`JobSessions/${SESSION_ID}`) && path.split('/').length === 2) return { id: SESSION_ID };
    const rows = this.#matching(path, query).map((item) => rowOf[this.#kind](item, version));
    const isArray = version < (this.#kind === 'jobs' ? 'v8' : this.#kind === 'log' ? 'v3' : 'v5');
    if (isArray) return rows;
    const offset = Number(query['offset'] ?? 0);
    const asked = Number(query['limit'] ?? 30);
    const end = offset + Math.min(capRows, asked);
    const saysNext = signs === 'next' || signs === 'both' || signs === 'always';
    const totalCount = signs === 'beyond' ? rows.length + 10 : rows.length;
    const hasNext = end < rows.length || signs === 'always';
    return {
      offset,
      limit: signs === 'limit' ? Math.min(capRows, asked) : asked,
      results: rows.slice(offset, end),
      ...((signs === 'totalCount' || signs === 'both' || signs === 'beyond') && { totalCount }),
      ...(saysNext && { _links: { self: { href: 'x' }, ...(hasNext && { next: { href: 'x' } }) } }),
    };
  }

  /** Answers in the place of a server that would ask over the wire. */
  inPlaceOf(server: UpstreamServer): UpstreamServer {
    const version = versions.find(({ name }) => name === this.#habits.version);
    if (!version) throw new Error('no such version');
    return {
      ...server,
      version: () => Promise.resolve(version),
      get: (operation, { path, query, about }) => {
        operation.spend(about);
        operation.sent();
        return Promise.resolve(this.answer(path, query));
      },
    };
  }
}
