import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { findIgnoredProxies } from '../../src/config/proxies.js';
import { runDoctor } from '../../src/doctor/run.js';

/** Settings as tools and environments give them. */

const digits = '09858BB00ABA14D4DDC1ACC87F068B712173859AC1524F03932A43C868F547F6';
const sha256 = (digits.match(/../g) ?? []).join(':');
const pairs = (separator: string): string => sha256.replaceAll(':', separator);

function read(text: string): unknown {
  const env = { BACKUP_SERVER_URL: 'https://h', BACKUP_SERVER_FINGERPRINT: text };
  try {
    return loadConfig(env, [], []).config.server?.trust;
  } catch (error) {
    return error instanceof ConfigError ? error.problems.join() : error;
  }
}

describe('BACKUP_SERVER_FINGERPRINT', () => {
  test.each([
    ['with colons', sha256],
    ['in lower case', digits.toLowerCase()],
    ['with dashes', pairs('-')],
    ['with long dashes', pairs('\u2013')],
    ['with blanks', pairs(' ')],
    ['with no-break blanks', pairs('\u00a0')],
    ['in groups of lines', `${pairs(' ').slice(0, 47)}\r\n${pairs(' ').slice(48)}\n`],
    ['after a left-to-right mark', `\u200e${pairs(' ')}`],
    ['after a byte order mark and before a zero-width blank', `\ufeff${sha256}\u200b`],
    ['as OpenSSL 3 prints it', `sha256 Fingerprint=${sha256}\n`],
    ['as OpenSSL 1.1 prints it', `SHA256 Fingerprint=${sha256}`],
    ['as browsers name it', `SHA-256 Fingerprint: ${pairs(' ')}`],
    ['after a prefix', `SHA256:${digits}`],
    ['as certutil prints it', `Cert Hash(sha256): ${pairs(' ').toLowerCase()}`],
    ['as a thumbprint', `Thumbprint = ${digits}`],
    ['in quotes', `"${sha256}"`],
    ['as OpenSSL 3 prints a digest of its input', `SHA2-256(stdin)= ${digits.toLowerCase()}\n`],
    ['as OpenSSL 1.1 prints one of its input', `SHA256(stdin)= ${digits.toLowerCase()}`],
    ['as older OpenSSL prints one of its input', `(stdin)= ${digits.toLowerCase()}`],
    ['as OpenSSL prints one of a file', `SHA256(cert.der)= ${digits.toLowerCase()}`],
    ['as OpenSSL prints one of a file with brackets', `SHA2-256(/tmp/bad cafe (1).der)= ${digits}`],
  ])('is taken %s', (_, text) => {
    expect(read(text)).toEqual({ by: 'fingerprint', sha256 });
  });

  test.each([
    ['a SHA-1 fingerprint', `SHA1 Fingerprint=${sha256.slice(0, 59)}`, 'a SHA-1 fingerprint, of 40 digits'],
    ['a SHA-1 digest', `SHA1(cert.der)= ${digits.slice(0, 40)}`, 'a SHA-1 fingerprint, of 40 digits'],
    ['a thumbprint of Windows', `\u200e${digits.slice(0, 40)}`, 'a SHA-1 fingerprint, of 40 digits'],
    ['a digit too few', sha256.slice(0, -1), 'which has 63 digits'],
    ['two fingerprints', `${digits}${digits}`, 'which has 128 digits'],
    ['a letter that is no digit', `${digits.slice(0, -1)}G`, 'other characters than hexadecimal digits'],
    ['base64', 'sha256//5WuRUzsdWc6UHQ5GX7pyVfGAaUCUtVvGyGVL0/rd0mI=', 'other characters'],
    ['a word', 'fingerprint', 'other characters'],
  ])('is refused when it is %s', (_, text, reason) => {
    expect(read(text)).toMatch(
      /^BACKUP_SERVER_FINGERPRINT must be a SHA-256 fingerprint: 64 hexadecimal digits; .*; got "/,
    );
    expect(read(text)).toContain(reason);
  });

  test('is shown with what nobody sees when it is refused', () => {
    expect(read('a\u200eb\u00a0c\ufeffd\u{e0001}')).toContain('got "a\\u200eb\\u00a0c\\ufeffd\\u{e0001}"');
  });
});

describe('findIgnoredProxies', () => {
  const proxy = 'http://user:hunter2@proxy.example.com:3128';
  test.each<[string, Record<string, string>, string, string[]]>([
    ['HTTPS_PROXY', { HTTPS_PROXY: proxy }, 'https://backup.example.com:4443', ['HTTPS_PROXY']],
    ['both cases', { https_proxy: proxy, all_proxy: proxy }, 'https://h:1/x', ['https_proxy', 'all_proxy']],
    ['no proxy of plain http', { HTTP_PROXY: proxy }, 'https://h:1', []],
    ['an empty one', { HTTPS_PROXY: ' ' }, 'https://h:1', []],
    ['one on loopback', { HTTPS_PROXY: proxy }, 'http://127.0.0.1:1', ['HTTPS_PROXY']],
    ['none for an exempt host', { HTTPS_PROXY: proxy, NO_PROXY: 'x, H.example.com' }, 'https://h.example.com:1', []],
    ['none for an exempt domain', { ALL_PROXY: proxy, no_proxy: '.example.com' }, 'https://h.example.com:1', []],
    ['none for an exempt host and port', { ALL_PROXY: proxy, NO_PROXY: 'h:4443' }, 'https://h:4443', []],
    ['none for an exempt port that the URL leaves out', { ALL_PROXY: proxy, NO_PROXY: 'h:443' }, 'https://h:443', []],
    ['one for another port', { ALL_PROXY: proxy, NO_PROXY: 'h:4443' }, 'https://h:9419', ['ALL_PROXY']],
    ['none for IPv6 in brackets', { ALL_PROXY: proxy, NO_PROXY: '[fd00::1]' }, 'https://[fd00::1]:4443', []],
    ['none for IPv6 without brackets', { ALL_PROXY: proxy, NO_PROXY: 'fd00::1' }, 'https://[fd00::1]:4443', []],
    ['none for IPv6 with a port', { ALL_PROXY: proxy, NO_PROXY: 'x,[::1]:99' }, 'http://[::1]:99', []],
    ['one for another IPv6', { ALL_PROXY: proxy, NO_PROXY: '[::2]' }, 'http://[::1]:99', ['ALL_PROXY']],
    ['none for a domain with a port', { ALL_PROXY: proxy, NO_PROXY: '.example.com:1' }, 'https://h.example.com:1', []],
    ['none for the domain itself', { ALL_PROXY: proxy, NO_PROXY: '.example.com' }, 'https://example.com:1', []],
    ['none where all are exempt', { ALL_PROXY: proxy, NO_PROXY: '*' }, 'https://h:1', []],
    ['one for a host that only ends alike', { ALL_PROXY: proxy, NO_PROXY: 'h' }, 'https://oh:1', ['ALL_PROXY']],
  ])('finds %s', (_, env, origin, names) => {
    expect(findIgnoredProxies(env, origin)).toEqual(names);
  });

  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('is told once at start, without the proxy’s name or password', async () => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      BACKUP_PROBE_SECONDS: '0',
      BACKUP_SERVER_URL: 'http://127.0.0.1:9',
      https_proxy: proxy,
      ALL_PROXY: proxy,
    };
    const child = spawn(process.execPath, ['dist/main.js'], { env });
    children.push(child);
    let text = '';
    await new Promise((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('istening')) resolve(text);
      });
      child.on('exit', resolve);
    });
    const lines = text.split('\n').filter((line) => line.includes('_PROXY'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      level: 40,
      variables: ['ALL_PROXY', 'https_proxy'],
      msg: expect.stringContaining('ALL_PROXY and https_proxy are set and ignored'),
    });
    for (const secret of ['hunter2', 'proxy.example.com']) expect(text).not.toContain(secret);
  });

  test('is told by the doctor', async () => {
    const printed: string[] = [];
    await runDoctor(
      {
        origin: 'http://127.0.0.1:9',
        trust: { by: 'system' },
        timeoutMs: 500,
        maxBodyBytes: 100_000,
        apiVersion: 'auto',
        token: { missing: 'absent' },
        ignoredProxies: ['HTTPS_PROXY'],
      },
      (text) => printed.push(text),
    );
    expect(printed[0]).toContain('! HTTPS_PROXY is set and ignored');
  });
});
