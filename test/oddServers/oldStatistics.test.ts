import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** Statistics of v2 in texts, in numbers, or in both. */

const ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const FIELDS = `processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond transferredDataBytes
  processedObjects isEstimated`;

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v2']);
});
afterAll(() => server.close());

describe('statistics of v2', () => {
  const none = {
    processingRateBytesPerSecond: null,
    processingRateItemsPerSecond: null,
    readRateBytesPerSecond: null,
    transferredDataBytes: null,
    processedObjects: null,
  };
  test.each<[string, object, object]>([
    [
      'a text beside a number that is null',
      { processingRateBytesPS: null, processingRate: '1.5 KB/s (3 items/s)' },
      { processingRateBytesPerSecond: 1536, processingRateItemsPerSecond: 3, isEstimated: true },
    ],
    [
      'a text beside a blank number',
      { readRateBytesPS: ' ', readRate: '2 MB/s', processingRateBytesPS: 9, processingRateItemsPS: 1 },
      {
        processingRateBytesPerSecond: 9,
        processingRateItemsPerSecond: 1,
        readRateBytesPerSecond: 2_097_152,
        isEstimated: true,
      },
    ],
    [
      'a number beside a text',
      { processingRateBytesPS: 5, processingRateItemsPS: '6', processingRate: '1.5 KB/s (3 items/s)' },
      { processingRateBytesPerSecond: 5, processingRateItemsPerSecond: 6, isEstimated: false },
    ],
    ['bytes with groups', { transferredData: '12,345 B' }, { transferredDataBytes: 12_345, isEstimated: true }],
    ['bytes with points', { transferredData: '1.234 B' }, { transferredDataBytes: 1234, isEstimated: true }],
    ['objects with a comma', { processedObjects: '1,234' }, { processedObjects: 1234, isEstimated: true }],
    ['objects with blanks', { processedObjects: '1 234 567' }, { processedObjects: 1_234_567, isEstimated: true }],
    ['objects without groups', { processedObjects: ' 17 ' }, { processedObjects: 17, isEstimated: true }],
  ])('are read when they have %s', async (_, statistics, expected) => {
    const { data, errors } = await server.ask(
      'v2',
      { [`JobSessions/${ID}`]: { body: { id: ID, statistics } } },
      `{ jobSession(id: "${ID}") { statistics { ${FIELDS} } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.jobSession.statistics).toEqual({ ...none, ...expected });
  });

  test.each(['1.5', '1,23', 'many'])(
    'have an error in the count of objects when it is "%s"',
    async (processedObjects) => {
      const { errors } = await server.ask(
        'v2',
        { [`JobSessions/${ID}`]: { body: { id: ID, statistics: { processedObjects } } } },
        `{ jobSession(id: "${ID}") { statistics { processedObjects } } }`,
      );
      expect(errors).toEqual([['jobSession.statistics.processedObjects', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );
});
