import { v5 } from './v5.js';
import type { Version } from './version.js';

/** Session lists come whole, as bare arrays, and take no paging; log lists are paged all the same. */
export const v4: Version = { ...v5, name: 'v4', paged: new Set(['logItem']), view: {} };
