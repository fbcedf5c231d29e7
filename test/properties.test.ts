import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GraphQLError } from 'graphql';
import { nameList, readCursor, writeCursor } from '../src/graph/cursor.js';
import { createDocumentCheck } from '../src/graph/documentLimits.js';
import { DateTime, Long } from '../src/graph/scalars.js';
import { readBearerToken } from '../src/http/bearer.js';
import { readOrigin } from '../src/config/serverOrigin.js';
import { readJson } from '../src/upstream/answer.js';
import { createBodyReader } from '../src/upstream/body.js';
import { UpstreamError } from '../src/upstream/errors.js';
import { createJsonMeter } from '../src/upstream/jsonMeter.js';
import { secondsBetween, sortKey, toUtc } from '../src/upstream/moment.js';
import { Reader, toUuid } from '../src/upstream/raw.js';
import type { Identified, ListName, Resource } from '../src/upstream/resource.js';
import { backupRepositories } from '../src/upstream/resources/backupRepository.js';
import { copyJobs, jobs } from '../src/upstream/resources/job.js';
import { jobSessions } from '../src/upstream/resources/jobSession.js';
import { logItems } from '../src/upstream/resources/logItem.js';
import { organizations } from '../src/upstream/resources/organization.js';
import { processedObjects } from '../src/upstream/resources/processedObject.js';
import { proxies } from '../src/upstream/resources/proxy.js';
import { versions } from '../src/upstream/versions/index.js';
import { readAmount } from '../src/upstream/versions/amount.js';
import { readListing } from '../src/upstream/versions/version.js';

/** Whatever comes in, a reader of foreign text gives a value or a typed error; and what is written is read back. */

// The same inputs each time, so that the check does not depend on luck; FC_SEED and FC_RUNS look for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 365), numRuns: Number(process.env['FC_RUNS'] ?? 200) });

const about = { resource: 'test' };
const silent = (): void => undefined;
const uuids = fc.uuid();

/** The value, or the typed error, that a reader gives; what else it throws fails the test. */
function outcomeOf<T>(read: () => T): T | UpstreamError | GraphQLError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UpstreamError || error instanceof GraphQLError) return error;
    throw error;
  }
}

describe('rates and amounts of v2', () => {
  test('any text is an amount or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[\d., ']{0,12} ?[kmgtKMGT]?[bB]?(\/s)?( \([\d., ']{0,8} items\/s\))?$/),
        ),
        (text) => {
          const { bytes, items } = readAmount(text);
          expect(bytes === null || Number.isSafeInteger(bytes) || bytes > Number.MAX_SAFE_INTEGER).toBe(true);
          expect(bytes ?? 0).toBeGreaterThanOrEqual(0);
          expect(items === null || (Number.isSafeInteger(items) && items >= 0)).toBe(true);
        },
      ),
    );
  });

  test('what is printed is read back', () => {
    const units = ['B', 'KB', 'MB', 'GB', 'TB'];
    fc.assert(
      fc.property(
        fc.nat(99_999),
        fc.nat(99),
        fc.nat(4),
        fc.nat(9999),
        fc.constantFrom('.', ','),
        (whole, hundredths, unit, items, point) => {
          const decimals = String(hundredths).padStart(2, '0');
          const amount = readAmount(`${whole}${point}${decimals} ${units[unit]}/s (${items} items/s)`);
          expect(amount).toEqual({ bytes: Math.round(Number(`${whole}.${decimals}`) * 1024 ** unit), items });
        },
      ),
    );
  });

  test('a number with separators of thousands is read back when they are not the decimal mark', () => {
    const cultures = fc.constantFrom('en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-IN', 'sv-SE', 'es-ES');
    fc.assert(
      fc.property(cultures, fc.nat(999_999_999), fc.nat(9), fc.nat(9_999_999), (culture, whole, tenths, items) => {
        const print = (value: number, decimals: number): string =>
          new Intl.NumberFormat(culture, { minimumFractionDigits: decimals, useGrouping: true }).format(value);
        const value = Number(`${whole}.${tenths}`);
        const text = `${print(value, 1)} B/s (${print(items, 0)} items/s)`;
        expect(readAmount(text)).toEqual({ bytes: Math.round(value), items });
      }),
    );
  });
});

describe('moments', () => {
  const moments = fc
    .record({
      date: fc.date({
        min: new Date('0002-01-01T00:00:00Z'),
        max: new Date('9998-12-31T00:00:00Z'),
        noInvalidDate: true,
      }),
      ticks: fc.stringMatching(/^\d{0,9}$/),
    })
    .map(({ date, ticks }) => `${date.toISOString().slice(0, 19)}${ticks === '' ? '' : `.${ticks}`}Z`);

  test('any text is one or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/)),
        (text) => {
          const utc = toUtc(text);
          if (utc !== null) expect(toUtc(utc)).toBe(utc);
        },
      ),
    );
  });

  test('one in UTC is itself, at any offset the same, and sorts by time', () => {
    fc.assert(
      fc.property(moments, moments, fc.integer({ min: -14 * 60, max: 14 * 60 }), (a, b, offset) => {
        expect(toUtc(a)).toBe(a);
        const local = new Date(Date.parse(`${a.slice(0, 19)}Z`) + offset * 60_000).toISOString().slice(0, 19);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) =>
          String(part).padStart(2, '0'),
        );
        expect(toUtc(`${local}${a.slice(19, -1)}${offset < 0 ? '-' : '+'}${hours}:${minutes}`)).toBe(a);
        const seconds = secondsBetween(a, b);
        if (seconds > 0) expect(sortKey(a) < sortKey(b)).toBe(true);
      }),
    );
  });

  test('the scalar takes and gives the same', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const outcome = outcomeOf(() => DateTime.parseValue(value));
        if (typeof outcome === 'string') expect(DateTime.serialize(outcome)).toBe(outcome);
        else expect(outcome).toBeInstanceOf(GraphQLError);
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(Long.serialize(value)).toBe(value);
      }),
    );
  });
});

describe('ids', () => {
  test('any text is a UUID in lower case or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          uuids.map((id) => `${id}\n`),
          fc.mixedCase(uuids),
        ),
        (text) => {
          const id = toUuid(text);
          expect(id === null || /^[0-9a-f-]{36}$/.test(id)).toBe(true);
          if (id !== null) expect(text.toLowerCase()).toBe(id);
        },
      ),
    );
  });

  test('any link gives an id of one, or none', () => {
    const hrefs = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc
        .tuple(fc.webUrl(), fc.mixedCase(uuids), fc.constantFrom('', '/', '?a=b', '#c', '/..', '%2f'))
        .map(([url, id, end]) => `${url}/Jobs/${id}${end}`),
      fc.anything(),
    );
    fc.assert(
      fc.property(hrefs, (href) => {
        const link = new Reader({ _links: { job: { href } } }, about, silent).link('job');
        if (link) expect(link.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      }),
    );
    fc.assert(
      fc.property(uuids, (id) => {
        fc.pre(!/^[0-]+$/.test(id));
        const read = new Reader(
          { _links: { job: { href: `https://host:4443/v5/jobs/${id.toUpperCase()}/` } } },
          about,
          silent,
        );
        expect(read.link('job')).toEqual({ collection: 'jobs', id });
      }),
    );
  });
});

describe('cursors', () => {
  const list = nameList('jobs', null);

  test('any text is one or BAD_USER_INPUT', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.string().map((text) => Buffer.from(list + text).toString('base64url')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(outcomeOf(() => readCursor(list, text))).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
      }),
    );
  });

  test('what was written is read back, by its own list alone', () => {
    const anchors = fc.record({
      offset: fc.nat(),
      id: fc.option(uuids),
      key: fc.option(fc.oneof(fc.string({ maxLength: 100 }), fc.integer())),
    });
    fc.assert(
      fc.property(anchors, fc.string(), (anchor, other) => {
        const cursor = writeCursor(list, anchor);
        expect(readCursor(list, cursor)).toEqual(anchor);
        expect(outcomeOf(() => readCursor(nameList('jobs', { other }), cursor))).toBeInstanceOf(GraphQLError);
      }),
    );
  });

  test('one that was changed anywhere is none', () => {
    fc.assert(
      fc.property(
        uuids,
        fc.nat(),
        fc.nat(),
        fc.base64String({ minLength: 4, maxLength: 4 }),
        (id, offset, at, change) => {
          const cursor = writeCursor(list, { offset, id, key: 'name' });
          const place = at % cursor.length;
          const changed = cursor.slice(0, place) + change + cursor.slice(place + 4);
          const [before, after] = [cursor, changed].map((text) => Buffer.from(text, 'base64url').toString());
          fc.pre(before !== after);
          expect(outcomeOf(() => readCursor(list, changed))).toBeInstanceOf(GraphQLError);
        },
      ),
    );
  });
});

describe('the Authorization header', () => {
  test('any headers give a token of RFC 6750, or say why not', () => {
    const headers = fc.array(
      fc.tuple(
        fc.constantFrom('Authorization', 'authorization', 'Host', 'X'),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `Bearer ${text}`),
        ),
      ),
    );
    fc.assert(
      fc.property(headers, (pairs) => {
        const outcome = readBearerToken(pairs.flat());
        if (typeof outcome !== 'string') expect(['absent', 'malformed', 'tooLong']).toContain(outcome.missing);
        else expect(outcome).toMatch(/^[\w.~+/-]+=*$/);
        const count = pairs.filter(([name]) => name.toLowerCase() === 'authorization').length;
        if (count !== 1) expect(typeof outcome).toBe('object');
      }),
    );
  });

  test('a token is given as it came', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[\w.~+/-]{1,200}={0,2}$/),
        fc.constantFrom('Bearer', 'bearer', 'BEARER'),
        (token, scheme) => {
          expect(readBearerToken(['Host', 'x', 'Authorization', `${scheme} ${token}`])).toBe(token);
        },
      ),
    );
  });
});

describe('bodies', () => {
  const resources: readonly Resource<ListName, Identified>[] = [
    jobSessions,
    jobs,
    copyJobs,
    organizations,
    backupRepositories,
    proxies,
    logItems,
    processedObjects,
  ];
  const named = resources.map((resource) => [resource.name as string, resource] as const);

  /** Objects that look like those of the API, with anything in their fields. */
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('0001-01-01T00:00:00', '12', 2 ** 53, -0, '99.1 KB/s (6 items/s)', 'Success', '[Warning] x'),
  );
  const keys = fc.constantFrom(
    'id',
    'jobId',
    'status',
    'statistics',
    'creationTime',
    'endTime',
    'progress',
    'title',
    'type',
    'message',
    'name',
    '_links',
    'repositoryId',
    'sequenceNumber',
    'usn',
    'capacity',
    'isBackedup',
    'schedulePolicy',
    '__proto__',
    'constructor',
  );
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(keys, odd),
    fc.tuple(uuids, fc.dictionary(keys, odd)).map(([id, rest]) => ({ ...rest, id })),
    uuids.map((id) => ({ id, statistics: { processingRate: id }, _links: { job: { href: id } } })),
  );

  test.each(named)('any %s is a record or a typed error, in every version', (name, resource) => {
    fc.assert(
      fc.property(bodies, fc.constantFrom(...versions), (body, version) => {
        const adapt = (version.adapt as Record<string, (raw: object, notice: () => void) => object>)[name];
        const canonical =
          adapt && typeof body === 'object' && body !== null && !Array.isArray(body) ? adapt(body, silent) : body;
        const outcome = outcomeOf(() => resource.normalize(new Reader(canonical, about, silent)));
        if (outcome instanceof Error) expect(outcome).toMatchObject({ details: { fault: 'badResponse' } });
        else expect(typeof outcome.id).toBe('string');
      }),
    );
  });

  test('any list body is a listing or a typed error', () => {
    const pages = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('results', 'offset', 'limit', '_links'), fc.jsonValue()),
      fc.record({ offset: fc.nat(3), limit: fc.integer(), results: fc.array(fc.jsonValue()) }),
    );
    fc.assert(
      fc.property(pages, fc.nat(3), fc.integer({ min: 1, max: 5 }), (body, offset, limit) => {
        const outcome = outcomeOf(() => readListing(body, { offset, limit }, about));
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UpstreamError);
        else expect(outcome.isWhole || outcome.rows.length <= limit).toBe(true);
      }),
    );
  });

  test('any answer is JSON or a typed error', () => {
    const headers = fc.dictionary(fc.constantFrom('retry-after', 'content-encoding', 'content-type'), fc.string());
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), headers, fc.uint8Array(), (status, given, bytes) => {
        const outcome = outcomeOf(() => readJson({ status, headers: given, body: Buffer.from(bytes) }, about));
        if (!(outcome instanceof UpstreamError)) return;
        const { retryAfterSeconds = 0 } = outcome.details;
        expect(retryAfterSeconds >= 0 && retryAfterSeconds <= 86_400).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = Buffer.from(JSON.stringify(value));
        expect(readJson({ status: 200, headers: {}, body }, about)).toEqual(JSON.parse(body.toString()));
      }),
    );
  });

  test('a body comes out as it went in, however it is cut; and never more than the cap', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(400), (chunks, cap) => {
        let kept = 0;
        const reader = createBodyReader(cap, about, (bytes) => (kept += bytes));
        const whole = Buffer.concat(chunks);
        const outcome = outcomeOf(() => {
          for (const chunk of chunks) reader.take(Buffer.from(chunk), 200, {});
          return reader.whole();
        });
        expect(kept).toBeLessThanOrEqual(cap);
        if (outcome instanceof Error) expect(whole.length).toBeGreaterThan(cap);
        else expect(outcome.equals(whole)).toBe(true);
      }),
    );
  });

  test('JSON is measured as it is, however it is cut', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const containersIn = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value).reduce<number>((sum, inner) => sum + containersIn(inner), 1)
        : 0;
    const longText = fc
      .array(fc.constantFrom('x'.repeat(70), 'é'.repeat(40), '"', '\\', ',', '{', '\n'), { maxLength: 20 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.tuple(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), longText, longText),
        fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 400 })),
        (value, size) => {
          const parsed: unknown = JSON.parse(JSON.stringify(value));
          const bytes = Buffer.from(JSON.stringify(value));
          const problemAt = (maxDepth: number, maxContainers: number): string | null => {
            const meter = createJsonMeter({ maxDepth, maxMembers: Infinity, maxContainers, maxValues: Infinity });
            let problem: string | null = null;
            for (let at = 0; at < bytes.length; at += size)
              problem = meter.measure(bytes.subarray(at, at + size)) ?? problem;
            return problem;
          };
          expect(problemAt(depthOf(parsed), containersIn(parsed))).toBeNull();
          expect(problemAt(depthOf(parsed) - 1, Infinity)).toContain('deep');
          expect(problemAt(Infinity, containersIn(parsed) - 1)).toContain('objects and arrays');
        },
      ),
    );
  });
});

test('any document is looked at without an exception', () => {
  const check = createDocumentCheck();
  const words = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      ':',
      '...',
      'on',
      'query',
      'fragment',
      'A',
      'B',
      '$v',
      '@skip',
      '[',
      ']',
      '"x"',
      '1',
      '!',
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        words.map((list) => list.join(' ')),
      ),
      (text) => {
        const outcome = check(text);
        if (outcome) expect(outcome.extensions['code']).toBe('QUERY_TOO_COMPLEX');
      },
    ),
  );
});

describe('BACKUP_SERVER_URL', () => {
  test('any text is an origin with a port and perhaps a path, or says what is wrong', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https', 'ftp'] }),
      fc
        .tuple(
          fc.constantFrom('https://', 'https:', 'https:\\\\', 'HTTPS://', 'http://'),
          fc.string({ unit: 'binary' }),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = readOrigin(text);
        if ('problem' in result) expect(result.problem).not.toBe('');
        else expect(result.origin).toMatch(/^https?:\/\/([\w.-]+|\[[0-9a-f:.]+\]):\d{1,5}(\/[^/?#\\]+)*$/);
      }),
    );
  });
});
