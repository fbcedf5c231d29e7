export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const dnsName = new RegExp(`^(?=.{1,254}$)${label}(\\.${label})*\\.?$`);

/** Other characters have to be percent-encoded, also because the doctor prints the URL for a shell. */
const segment = '(?:[\\w.~+=,-]|%[0-9a-f]{2})+';
const plainPath = new RegExp(`^(?:/${segment})*/?$`, 'i');

/** Bytes that mean something in a path once a proxy has decoded them: control characters, a slash, a backslash and a point. */
const decodedByProxies = /%(?:[01][0-9a-f]|7f|2f|5c|2e)/i;

/** Returns true for a path with a segment such as `v8`, also when its characters are percent-encoded. */
function namesVersion(path: string): boolean {
  const decoded = path.replace(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return decoded.split('/').some((each) => /^v\d{1,2}$/i.test(each));
}

/**
 * Returns the path below which a proxy has the API, without a slash at its end, or what is wrong with it. `written` is the path as it
 * was given, `parsed` as `URL` has it: they differ where `URL` resolved something.
 */
function readBasePath(written: string, parsed: string): { path: string } | { problem: string } {
  const isPlain = plainPath.test(written) && !decodedByProxies.test(written) && parsed === (written || '/');
  if (!isPlain) {
    return {
      problem:
        'must be an origin alone, or with a plain path: percent-encoded, without a query, fragment, backslash, or empty or dot segment',
    };
  }
  if (namesVersion(written)) {
    return { problem: 'must be an origin alone, or with a path that leaves out the API version: the gateway adds it' };
  }
  return { path: written.replace(/\/$/, '') };
}

/**
 * Returns an origin that requests can go to, with the path of a proxy if there is one, or what is wrong with the text. `URL` mends
 * much without a word (a line feed within a host, backslashes, a missing slash, `/..`), so this reads the text as well. The text may
 * hold a password, so no message repeats it.
 */
export function readOrigin(text: string): { origin: string } | { problem: string } {
  if (/[\p{Cc}\p{White_Space}]/u.test(text)) return { problem: 'must not hold blanks or control characters' };
  // In `https://user:99/rest@host`, URL takes `user` for the host, and the rest of the password for a path.
  if (text.includes('@')) return { problem: 'must not hold a user or password: callers bring their own token' };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'is not a URL' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'must begin with https://' };
  const [, authority, written = ''] = /^https?:\/\/([^/\\?#]+)(.*)$/i.exec(text) ?? [];
  if (authority === undefined) return { problem: 'must be written as https://host or https://host:port' };
  const base = readBasePath(written, url.pathname);
  if ('problem' in base) return base;
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      problem: 'must begin with https://, as tokens would cross the network in clear text (http is for loopback)',
    };
  }
  if (!url.hostname.startsWith('[') && !dnsName.test(url.hostname)) return { problem: 'must name a host' };
  if (url.port === '0') return { problem: 'must not name port 0' };
  // URL drops a port that is the scheme's own, so whether 443 was named is in the text alone.
  const namesPort = /:\d+$/.test(authority);
  const port = url.port !== '' ? url.port : url.protocol === 'http:' ? '80' : namesPort ? '443' : '4443';
  return { origin: `${url.protocol}//${url.hostname}:${port}${base.path}` };
}
