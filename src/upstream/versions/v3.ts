import { v4 } from './v4.js';
import type { Version } from './version.js';

/** As v4. Its sessions' `log` link is dead (`/log`, where `/LogItems` answers), which is why links are never followed. */
export const v3: Version = { ...v4, name: 'v3' };
