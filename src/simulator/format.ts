import type { Ticks } from './history.js';

/** API versions as numbers, 2 to 8: what a body looks like follows from it. */
export type ApiVersion = 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** A JSON object as it is sent. */
export type Body = Record<string, unknown>;

/** Up to v5 links name the host that the product was installed on, which is not where this server listens. */
const INSTALLED_AT = 'https://support.east.local:4443';

/** The same path as each version writes it: absolute up to v5, lower case in v3 to v5, relative from v6. */
export function href(version: ApiVersion, path: string): string {
  const full = `/v${version}/${path}`;
  if (version >= 6) return full;
  return INSTALLED_AT + (version === 2 ? full : full.toLowerCase());
}

export function links(version: ApiVersion, paths: Readonly<Record<string, string | null>>): Body {
  const body: Body = {};
  for (const [name, path] of Object.entries(paths)) if (path !== null) body[name] = { href: href(version, path) };
  return body;
}

/** `2017-04-04T00:07:21.3994255-07:00`, or in `Z`; trailing zeros of the fraction are cut. */
export function moment(ticks: Ticks, zone: 'Z' | '-07:00'): string {
  const ms = Number(ticks / 10_000n) - (zone === 'Z' ? 0 : 7 * 3_600_000);
  const fraction = String(ticks % 10_000_000n)
    .padStart(7, '0')
    .replace(/0+$/, '');
  return `${new Date(ms).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

/** `99.1 KB`: one decimal, 1,024 to the next unit. */
export function amount(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** v6 and later tell the error's kind more and more exactly, v8 a stack trace too, which must go no further. */
export function renderError(version: ApiVersion, message: string, errorCode?: string): Body {
  return {
    message,
    ...(version === 7 && { errorCode: null }), // ProxyOffline is all that v7 knows
    ...(version >= 8 && { errorCode: errorCode ?? null }),
    ...(version >= 8 && { stackTrace: '   at Veeam.Archiver.REST.Controllers.SecretController.Get()' }),
  };
}
