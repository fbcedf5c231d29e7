import type { Proxy } from '../../graph/generated.js';
import type { Fields } from '../errors.js';
import type { ItemResource } from '../resource.js';

export type ProxyRecord = Fields<Omit<Proxy, '__typename' | 'id'>> & { readonly id: string };

/** The fields that v5 to v7 answer in the extended view alone. */
export const extendedProxyFields: ReadonlySet<keyof Proxy> = new Set([
  'threadsNumber',
  'throttlingValue',
  'throttlingUnit',
]);

const throttlingUnits = {
  mbps: 'MEGABITS_PER_SECOND',
  mbs: 'MEGABYTES_PER_SECOND',
  kbs: 'KILOBYTES_PER_SECOND',
} as const;

export const proxies: ItemResource<'proxy', ProxyRecord> = {
  name: 'proxy',
  path: 'Proxies',
  batch: 'collection',
  whole: (isExtended) => ({ isExtended }),
  inPlainView: (row, error) => ({
    ...row,
    threadsNumber: row.threadsNumber ?? error,
    throttlingValue: row.throttlingValue ?? error,
    throttlingUnit: row.throttlingUnit ?? error,
  }),
  normalize: (read) => ({
    id: read.id(),
    hostName: read.text('hostName'),
    fqdn: read.text('fqdn'),
    description: read.text('description'),
    port: read.int32('port'),
    status: read.oneOf('status', { online: 'ONLINE', offline: 'OFFLINE' }),
    type: read.oneOf('type', { local: 'LOCAL', domain: 'DOMAIN', workgroup: 'WORKGROUP' }),
    threadsNumber: read.int32('threadsNumber'),
    throttlingValue: read.integer('throttlingValue'),
    throttlingUnit: read.oneOf('throttlingUnit', throttlingUnits),
    operatingSystem: read.oneOf('operatingSystem', { windows: 'WINDOWS', linux: 'LINUX' }),
    maintenanceMode: read.oneOf('maintenanceModeState', {
      disabled: 'DISABLED',
      enabling: 'ENABLING',
      enabled: 'ENABLED',
    }),
    cpuUsagePercent: read.decimal('cpuUsagePercent'),
    memoryUsagePercent: read.decimal('memoryUsagePercent'),
    version: read.text('version'),
  }),
};
