import { isObject } from '../raw.js';
import type { Notice, Raw } from '../resource.js';
import { v3 } from './v3.js';
import type { Version } from './version.js';

/** An assumption: whether the server's KB is 1,000 or 1,024 bytes is documented nowhere; Windows tools mean 1,024. */
const unitBytes: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };

// One or two decimals: with three, `1.234 KB` could be a thousand and some.
const amountPattern =
  /^\s*(\d{1,15})(?:[.,](\d{1,2}))?\s*([kmgt]?b)(?:\/s)?\s*(?:\(\s*(\d{1,15})\s*items?\/s\s*\))?\s*$/i;

/** Longer than any amount, and short enough for the pattern's repeated blanks. */
const MAX_AMOUNT_CHARACTERS = 64;

type Amount = Readonly<{ bytes: number | null; items: number | null }>;

/** Reads `99.1 KB/s (6 items/s)`, `20,8 MB/s`, `12345 B`; null for what is not of that form. */
export function readAmount(text: string): Amount | null {
  const match = text.length <= MAX_AMOUNT_CHARACTERS ? amountPattern.exec(text) : null;
  if (!match) return null;
  const [, whole, decimals = '0', unit = '', items] = match;
  const bytes = Math.round(Number(`${whole ?? ''}.${decimals}`) * (unitBytes[unit.toLowerCase()] ?? NaN));
  return { bytes, items: items === undefined ? null : Number(items) };
}

function adaptStatistics(raw: Raw, notice: Notice): Raw {
  const statistics = raw['statistics'];
  if (!isObject(statistics)) return raw;
  const amount = (field: string): Amount => {
    const text = statistics[field];
    const read = typeof text === 'string' ? readAmount(text) : null;
    if (read === null && text !== undefined && text !== null) {
      const value = typeof text === 'string' ? text : typeof text;
      notice({ resource: 'jobSession', field: `statistics.${field}`, value, problem: 'unreadable text' });
    }
    return read ?? { bytes: null, items: null };
  };
  const processing = amount('processingRate');
  return {
    ...raw,
    statistics: {
      processingRateBytesPS: processing.bytes,
      processingRateItemsPS: processing.items,
      readRateBytesPS: amount('readRate').bytes,
      writeRateBytesPS: amount('writeRate').bytes,
      transferredDataBytes: amount('transferredData').bytes,
      processedObjects: statistics['processedObjects'],
      bottleneck: statistics['bottleneck'],
      isEstimated: true,
    },
  };
}

/** Statistics are text, capacities have other names, and each request must name a content type, GET or not. */
export const v2: Version = {
  ...v3,
  name: 'v2',
  headers: { 'content-type': 'application/json' },
  paged: new Set(),
  adapt: {
    ...v3.adapt,
    jobSession: adaptStatistics,
    backupRepository: (raw) => ({ ...raw, capacityBytes: raw['capacity'], freeSpaceBytes: raw['freeSpace'] }),
  },
};
