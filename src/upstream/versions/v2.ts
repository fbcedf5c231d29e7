import { isObject } from '../raw.js';
import type { Notice, Raw } from '../resource.js';
import { readAmount, readCount } from './amount.js';
import { v3 } from './v3.js';
import type { Version } from './version.js';

const noAmount = { bytes: null, items: null };

/** True when a part of the text was not read. The blank text says that there is none. */
function isUnread(text: string, { bytes, items }: ReturnType<typeof readAmount>): boolean {
  return text.trim() !== '' && (bytes === null || (items === null && text.includes('(')));
}

/** Returns true for a number or its text, as later versions write statistics. */
const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d/.test(value));

/** Gives statistics their numbers: the server's own where it has them, else those in its texts. */
function adaptStatistics(raw: Raw, notice: Notice): Raw {
  const statistics = raw['statistics'];
  if (!isObject(statistics)) return raw;
  let isEstimated = !isNumeric(statistics['processingRateBytesPS']);
  const amount = (field: string): ReturnType<typeof readAmount> => {
    const text = statistics[field];
    if (text === undefined || text === null) return noAmount;
    isEstimated = true;
    const read = typeof text === 'string' ? readAmount(text) : noAmount;
    if (typeof text !== 'string' || isUnread(text, read)) {
      const value = typeof text === 'string' ? text : typeof text;
      notice({ resource: 'jobSession', field: `statistics.${field}`, value, problem: 'unreadable text' });
    }
    return read;
  };
  const own = (field: string): unknown => (isNumeric(statistics[field]) ? statistics[field] : undefined);
  const bytes = (field: string, textField: string): unknown => own(field) ?? amount(textField).bytes;
  const hasRates = isNumeric(statistics['processingRateBytesPS']) && isNumeric(statistics['processingRateItemsPS']);
  const processing = hasRates ? noAmount : amount('processingRate');
  const { processedObjects } = statistics;
  const count = typeof processedObjects === 'string' ? readCount(processedObjects) : null;
  return {
    ...raw,
    statistics: {
      processingRateBytesPS: own('processingRateBytesPS') ?? processing.bytes,
      processingRateItemsPS: own('processingRateItemsPS') ?? processing.items,
      readRateBytesPS: bytes('readRateBytesPS', 'readRate'),
      writeRateBytesPS: bytes('writeRateBytesPS', 'writeRate'),
      transferredDataBytes: bytes('transferredDataBytes', 'transferredData'),
      processedObjects: count ?? processedObjects,
      bottleneck: statistics['bottleneck'],
      isEstimated,
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
    backupRepository: (raw) => ({ capacityBytes: raw['capacity'], freeSpaceBytes: raw['freeSpace'], ...raw }),
  },
};
