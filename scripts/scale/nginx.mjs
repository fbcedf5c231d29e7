// deploy/nginx.conf as it is, but for ports and paths, and what it logs of each request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const template = readFileSync(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8');

/** The configuration. Gateways that are not `used` are told to nginx as down. */
export function renderNginx({ folder, port, ports, used = ports }) {
  const server = (of) => `127.0.0.1:${of}${used.includes(of) ? '' : ' down'}`;
  const replacements = [
    ['gateway-a:4000', server(ports[0])],
    ['gateway-b:4000', server(ports[1])],
    ['listen 4000', `listen 127.0.0.1:${port}`],
    [' /tmp/', ` ${folder}/nginx-`],
    ['/dev/stdout', join(folder, 'access.log')],
  ];
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`deploy/nginx.conf has no ${JSON.stringify(from)} to replace`);
    return text.replaceAll(from, to);
  }, template);
}

/** Reads what was logged since it was called the last time: the id of each request, and which gateways it was sent to, for how long. */
export function followAccessLog(folder) {
  let known = 0;
  return () => {
    const text = readFileSync(join(folder, 'access.log'), 'utf8');
    const news = text.slice(known, text.lastIndexOf('\n') + 1);
    known += news.length;
    return news
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { requestId, upstream, upstreamStatus, upstreamSeconds } = JSON.parse(line);
        const parts = (list) => list.split(', ');
        const seconds = parts(upstreamSeconds);
        const statuses = parts(upstreamStatus);
        const attempts = parts(upstream).map((address, index) => ({
          port: Number(address.split(':').at(-1)),
          status: statuses[index],
          seconds: Number(seconds[index]),
        }));
        return { requestId, attempts };
      });
  };
}
