export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const dnsName = new RegExp(`^(?=.{1,254}$)${label}(\\.${label})*\\.?$`);

/**
 * An origin that requests can go to, or what is wrong with the text. `URL` mends much without a word (a line feed within a
 * host, backslashes, a missing slash, `/..`), so the text is looked at as well. It may hold a password, and is not repeated.
 */
export function readOrigin(text: string): { origin: string } | { problem: string } {
  if (/[\p{Cc}\p{White_Space}]/u.test(text)) return { problem: 'must not hold blanks or control characters' };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'is not a URL' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'must begin with https://' };
  if (!/^https?:\/\/[^/\\]/i.test(text)) return { problem: 'must be written as https://host or https://host:port' };
  if (url.username !== '' || url.password !== '')
    return { problem: 'must not hold a user or password: callers bring their own token' };
  if (!/^https?:\/\/[^/\\?#]+\/?$/i.test(text)) {
    return { problem: 'must be an origin alone, without a path, query or fragment' };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      problem: 'must begin with https://, as tokens would cross the network in clear text (http is for loopback)',
    };
  }
  if (!url.hostname.startsWith('[') && !dnsName.test(url.hostname)) return { problem: 'must name a host' };
  if (url.port === '0') return { problem: 'must not name port 0' };
  // URL drops a port that is the scheme's own, so whether 443 was named is in the text alone.
  const namesPort = /^https?:\/\/[^/]*:\d+\/?$/i.test(text);
  const port = url.port !== '' ? url.port : url.protocol === 'http:' ? '80' : namesPort ? '443' : '4443';
  return { origin: `${url.protocol}//${url.hostname}:${port}` };
}
