import { describe, expect, test } from '@jest/globals';
import { readCursor, nameList, writeCursor } from '../src/graph/cursor.js';
import { readBearerToken } from '../src/http/bearer.js';
import { secondsBetween, sortKey, toUtc } from '../src/upstream/moment.js';
import { readAmount } from '../src/upstream/versions/amount.js';

describe('moments', () => {
  test.each([
    ['2017-04-04T00:07:21.3994255-07:00', '2017-04-04T07:07:21.3994255Z'],
    ['2017-04-04T00:07:21-07:00', '2017-04-04T07:07:21Z'],
    ['2019-12-31T23:30:00.5-01:00', '2020-01-01T00:30:00.5Z'],
    ['2020-02-29T00:00:00+05:30', '2020-02-28T18:30:00Z'],
    ['2022-01-31T16:39:24.008771Z', '2022-01-31T16:39:24.008771Z'],
    ['2022-01-31t16:39:24z', '2022-01-31T16:39:24Z'],
    ['0050-01-01T00:00:00Z', '0050-01-01T00:00:00Z'],
  ])('%s is %s', (text, utc) => {
    expect(toUtc(text)).toBe(utc);
  });

  test.each([
    '',
    '2017-04-04',
    '2017-04-04T00:07:21',
    '2017-02-30T00:00:00Z',
    '2017-13-01T00:00:00Z',
    '2017-00-01T00:00:00Z',
    '2017-01-01T24:00:00Z',
    '2017-01-01T00:60:00Z',
    '2017-01-01T00:00:60Z',
    '2017-01-01T00:00:00+24:00',
    '2017-01-01T00:00:00.Z',
    '2017-01-01T00:00:00.1234567890Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    ' 2017-01-01T00:00:00Z',
    '4/4/2017 12:07:21 AM',
  ])('%j is none', (text) => {
    expect(toUtc(text)).toBeNull();
  });

  test('sort by moment, whatever their digits', () => {
    const moments = [
      '2022-01-31T16:39:24Z',
      '2022-01-31T16:39:24.0001Z',
      '2022-01-31T16:39:24.1Z',
      '2022-01-31T16:39:24.15Z',
      '2022-01-31T16:39:25Z',
    ];
    expect([...moments].reverse().sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))).toEqual(moments);
  });

  test.each([
    ['2017-04-04T07:07:21.3994255Z', '2017-04-04T07:11:36.9857918Z', 255.5863663],
    ['2019-02-04T16:49:22.8529769Z', '2019-02-04T16:50:21.3024288Z', 58.4494519],
    ['2022-01-31T16:39:24.9Z', '2022-01-31T16:39:25Z', 0.1],
    ['2022-01-31T16:39:24Z', '2022-01-31T16:39:24Z', 0],
  ])('%s to %s is %d s', (start, end, seconds) => {
    expect(secondsBetween(start, end)).toBe(seconds);
  });
});

describe('amounts of v2', () => {
  test.each([
    ['99.1 KB/s (6 items/s)', 101478, 6],
    ['832,4 KB/s (52 items/s)', 852378, 52],
    ['1.0 MB/s', 1048576, null],
    ['20.8 MB/s', 21810381, null],
    ['12345 B', 12345, null],
    ['0 B/s (0 items/s)', 0, 0],
    ['1.2 GB', 1288490189, null],
    ['1.5 TB', 1649267441664, null],
    ['1\u00a0kb', 1024, null],
    ['99.1 KB/s (1,234 items/s)', 101478, 1234],
    ['99,1 KB/s (1.234 items/s)', 101478, 1234],
    ['99.1 KB/s (1.234 items/s)', 101478, null],
    ['99.1 KB/s (0.5 items/s)', 101478, null],
    ['99.1 KB/s (6.0 items/s)', 101478, 6],
    ['1,234 KB/s (6 items/s)', null, 6],
    ['1,234 KB/s (1,234 items/s)', null, null],
    ['1,234 KB/s (12.5 items/s)', 1263616, null],
    ['1 234,5 KB/s', 1264128, null],
    ['1\u00a0234 KB/s', 1263616, null],
    ['1\u202f234\u202f567,25 B', 1234567, null],
    ["1'234.5 KB/s", 1264128, null],
    ['1.234.567 B', 1234567, null],
    ['1,234,567 B', 1234567, null],
    ['12,34,567 B', 1234567, null],
    ['1.234,5 KB', 1264128, null],
    ['1,234.5 KB', 1264128, null],
    ['0,500 KB', 512, null],
    ['1234.567 KB', 1264197, null],
    ['12 KB (six items/s)', 12288, null],
    ['n/a (6 items/s)', null, 6],
    ['(6 items/s)', null, 6],
  ])('%s', (text, bytes, items) => {
    expect(readAmount(text)).toEqual({ bytes, items });
  });

  test.each([
    '',
    'KB',
    '1.234 KB',
    '1.23.45 KB',
    '1,23 45 KB',
    '1 23 KB',
    '1,2345,678 KB',
    '1.234 567 KB',
    `${'1'.repeat(16)} B`,
    '1 PB',
    '-1 KB',
    '1 KB/h',
    '1e3 KB',
    '1 KB 2 KB',
    `1${' '.repeat(60_000)}`,
  ])('%j is none', (text) => {
    expect(readAmount(text)).toEqual({ bytes: null, items: null });
  });
});

describe('cursors', () => {
  const list = nameList('jobs', { type: 'COPY', isEnabled: null });
  test('come back as they went', () => {
    for (const anchor of [
      { offset: 0, id: null, key: null },
      { offset: 41, id: 'be376069-2865-4156-a9bc-825cef7d687e', key: 'zürich \u0000 1' },
      { offset: 7, id: 'x', key: -3 },
    ]) {
      expect(readCursor(list, writeCursor(list, anchor))).toEqual(anchor);
    }
  });
  test('belong to their list, its filter in any order and without its nulls', () => {
    expect(nameList('jobs', { isEnabled: undefined, type: 'COPY' })).toBe(list);
    expect(nameList('jobs', { type: 'BACKUP' })).not.toBe(list);
    expect(nameList('log', { type: 'COPY' })).not.toBe(list);
  });
  test('that were made up are refused', () => {
    for (const anchor of [
      { offset: -1, id: null, key: null },
      { offset: 1.5, id: null, key: null },
      { offset: 2 ** 40, id: null, key: null },
    ]) {
      expect(() => readCursor(list, writeCursor(list, anchor))).toThrow('Argument "after" must be');
    }
  });
});

describe('the Authorization header', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer  a-b._~+/==', 'a-b._~+/=='],
    [`Bearer ${'a'.repeat(16_384)}`, 'a'.repeat(16_384)],
  ])('%.30s', (value, token) => {
    expect(readBearerToken(['Host', 'x', 'authorization', value])).toBe(token);
  });
  test.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer a=b',
    'Bearer a b',
    'Bearer\tabc',
    'Basic abc',
    'abc',
    ' Bearer abc',
    'Bearer abc\r\nX: y',
    'Bearer ünicode',
    `Bearer ${'a'.repeat(16_384)} b`,
  ])('%.30j is malformed', (value) => {
    expect(readBearerToken(['Authorization', value])).toEqual({ missing: 'malformed' });
  });
  test('is too long beyond 16 kB', () => {
    expect(readBearerToken(['Authorization', `Bearer ${'a'.repeat(16_385)}`])).toEqual({ missing: 'tooLong' });
  });
  test('must be one', () => {
    expect(readBearerToken(['Host', 'Authorization'])).toEqual({ missing: 'absent' });
    expect(readBearerToken(['Authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer a'])).toEqual({
      missing: 'malformed',
    });
  });
});
