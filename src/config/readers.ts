import { isIP } from 'node:net';

/** Readers of one setting's text: each gives its value, or undefined where the text is none. */

/** From all to nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of some words. */
export const oneOf =
  <const Choices extends readonly string[]>(...choices: Choices) =>
  (text: string): Choices[number] | undefined =>
    choices.find((choice) => choice === text);

/** A whole number within bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number | undefined =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;

/** An address or host name to listen on. */
export const readHost = (text: string): string | undefined => (/^[\w.:-]{1,255}$/.test(text) ? text : undefined);

/** Exact origins, as browsers send them. */
export function readOrigins(text: string): readonly string[] | undefined {
  if (text === 'none') return [];
  const origins = text.split(',').map((origin) => origin.trim());
  const isOrigin = (origin: string): boolean =>
    /^https?:\/\/[\w.:[\]-]+$/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
  return origins.every(isOrigin) ? origins : undefined;
}

/** Names of operations, as GraphQL has names. */
export function readNames(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.length <= 200 && names.every((name) => /^[_A-Za-z]\w{0,511}$/.test(name)) ? names : undefined;
}

/** Addresses and networks, as `192.0.2.7`, `10.0.0.0/8` or `fd00::/8`. */
export function readNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((network) => network.trim());
  const isNetwork = (network: string): boolean => {
    const [address = '', bits, ...more] = network.split('/');
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const isWidth = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most);
    return most > 0 && more.length === 0 && isWidth;
  };
  return networks.every(isNetwork) ? networks : undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** One URL of Redis, or several with commas between them; undefined where one is none. They may hold a password. */
export function readRedisUrls(text: string): readonly string[] | undefined {
  const urls = text.split(',').map((url) => url.trim());
  const isRedis = (url: string): boolean => {
    if (!/^rediss?:\/\/[^/\s?#]+(\/\d{0,4})?$/.test(url) || !URL.canParse(url)) return false;
    const { hostname, pathname, username, password } = new URL(url);
    return (
      isDecodable(username) &&
      isDecodable(password) &&
      hostname !== '' &&
      (urls.length === 1 || pathname === '' || pathname === '/')
    );
  };
  const protocols = new Set(urls.map((url) => url.split(':')[0]));
  return protocols.size === 1 && urls.every(isRedis) ? urls : undefined;
}
