import { isObject } from '../raw.js';
import type { Notice, Raw } from '../resource.js';
import { readAmount } from './amount.js';
import { v3 } from './v3.js';
import type { Version } from './version.js';

const noAmount = { bytes: null, items: null };

/** True when a part of the text was not read. The blank text says that there is none. */
function isUnread(text: string, { bytes, items }: ReturnType<typeof readAmount>): boolean {
  return text.trim() !== '' && (bytes === null || (items === null && text.includes('(')));
}

function adaptStatistics(raw: Raw, notice: Notice): Raw {
  const statistics = raw['statistics'];
  if (!isObject(statistics) || 'processingRateBytesPS' in statistics) return raw; // numbers already, as later versions have them
  const amount = (field: string): ReturnType<typeof readAmount> => {
    const text = statistics[field];
    if (text === undefined || text === null) return noAmount;
    const read = typeof text === 'string' ? readAmount(text) : noAmount;
    if (typeof text !== 'string' || isUnread(text, read)) {
      const value = typeof text === 'string' ? text : typeof text;
      notice({ resource: 'jobSession', field: `statistics.${field}`, value, problem: 'unreadable text' });
    }
    return read;
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
    backupRepository: (raw) => ({ capacityBytes: raw['capacity'], freeSpaceBytes: raw['freeSpace'], ...raw }),
  },
};
