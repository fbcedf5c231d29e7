function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** An origin that requests can go to, or what is wrong with the text. The text may hold a password, so it is not repeated. */
export function readOrigin(text: string): { origin: string } | { problem: string } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'is not a URL' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'must begin with https://' };
  if (url.username !== '' || url.password !== '')
    return { problem: 'must not hold a user or password: callers bring their own token' };
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]$/.test(text)) {
    return { problem: 'must be an origin alone, without a path, query or fragment' };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      problem: 'must begin with https://, as tokens would cross the network in clear text (http is for loopback)',
    };
  }
  // URL drops a port that is the scheme's own, so whether 443 was named is in the text alone.
  const namesPort = /^https?:\/\/[^/]*:\d+\/?$/i.test(text);
  const port = url.port !== '' ? url.port : url.protocol === 'http:' ? '80' : namesPort ? '443' : '4443';
  return { origin: `${url.protocol}//${url.hostname}:${port}` };
}
