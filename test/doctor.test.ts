import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config/load.js';
import { adviceForName } from '../src/doctor/addresses.js';
import { adviceForPort } from '../src/doctor/reach.js';
import { foreign } from '../src/doctor/report.js';
import { runDoctor } from '../src/doctor/run.js';
import { fingerprintOf } from '../src/fingerprint.js';
import { createCertificate } from '../src/simulator/certificate.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../src/simulator/index.js';
import { versions } from '../src/upstream/versions/index.js';
import { createAuthority, type Authority, type Wish } from './helpers/authority.js';
import { until } from './helpers/until.js';

/** `backup365-gateway doctor`, built and started as a person does: which step fails, and what it says to do. */

const ALL_WELL = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'];
const STRANGE_TOKEN = 'AQAAAA-not-of-this-server';

let authority: Authority;
let caFile: string;
beforeAll(async () => {
  authority = await createAuthority();
  caFile = join(mkdtempSync(join(tmpdir(), 'doctor-')), 'ca.pem');
  writeFileSync(caFile, authority.pem);
});

const closers: (() => Promise<unknown>)[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ days: 2, ...options });
  closers.push(simulator.close);
  return simulator;
}

/** The simulator with a certificate that the test's authority signs; it is reached under the name and the address of loopback. */
async function simulateWith(wish: Wish): Promise<Simulator> {
  return simulate({ certificate: await authority.sign(wish) });
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

type Found = {
  code: number | null;
  /** Of the six steps, in their order. */
  verdicts: string[];
  /** All that was printed, and the lines of one step. */
  text: string;
  of: (step: string) => string;
};

function read(text: string, code: number | null): Found {
  return {
    code,
    text,
    verdicts: [...text.matchAll(/^(ok|FAIL|skip) +/gm)].map(([, verdict = '']) => verdict),
    of: (step) => new RegExp(`^\\w+ +${step}: [^]*?(?=^(?:ok|FAIL|skip)|^$)`, 'm').exec(text)?.[0] ?? '',
  };
}

function start(env: Record<string, string>): { child: ChildProcess; ended: Promise<Found & { stderr: string }> } {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['dist/main.js', 'doctor'], { env: { PATH, ...env } });
  children.push(child);
  let text = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Found & { stderr: string }>((resolve) => {
    child.on('close', (code) => {
      resolve({ ...read(text, code), stderr });
    });
  });
  return { child, ended };
}

const tellsNoToken = ({ text }: Found, { BACKUP_TOKEN: token = '' }: Record<string, string>): void => {
  if (token !== '') expect(text).not.toContain(token);
};

/** Runs the built program to its end, as a person does. */
async function consult(env: Record<string, string>): Promise<Found> {
  const { stderr, ...found } = await start(env).ended;
  expect(stderr).toBe('');
  tellsNoToken(found, env);
  return found;
}

/** The same without a process of its own, which is most of the time that it takes. */
async function consultHere(env: Record<string, string>): Promise<Found> {
  const { config } = loadConfig(
    env,
    ['doctor'],
    versions.map(({ name }) => name),
  );
  if (!config.server) throw new Error('no server');
  const { BACKUP_TOKEN: token } = env;
  let text = '';
  const isWell = await runDoctor({ ...config, ...config.server, token: token ?? { missing: 'absent' } }, (lines) => {
    text += `${lines}\n`;
  });
  const found = read(text, isWell ? 0 : 1);
  tellsNoToken(found, env);
  return found;
}

const pinned = (simulator: Simulator): Record<string, string> => ({
  BACKUP_SERVER_URL: simulator.origin,
  BACKUP_SERVER_FINGERPRINT: simulator.fingerprint,
  BACKUP_TOKEN: simulator.tokens.issue().accessToken,
});

const byAuthority = (simulator: Simulator, host = '127.0.0.1'): Record<string, string> => ({
  BACKUP_SERVER_URL: simulator.origin.replace('127.0.0.1', host),
  BACKUP_SERVER_CA_FILE: caFile,
  BACKUP_TOKEN: simulator.tokens.issue().accessToken,
});

const tokensSeen = ({ requests }: Simulator): unknown[] =>
  requests.flatMap(({ headers }) => headers['authorization'] ?? []);

describe('all is well', () => {
  test('with the one certificate that is pinned; the token is sent once, and named as in the log', async () => {
    const simulator = await simulate();
    const env = pinned(simulator);
    const found = await consult({ ...env, NODE_ENV: 'production' });
    expect(found).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(found.of('TLS')).toContain(simulator.fingerprint);
    expect(found.of('TLS')).toContain('It is not for 127.0.0.1. As it is pinned');
    expect(found.of('API versions')).toContain('v8, v7, v6, v5, v4, v3 and v2 are served; the gateway will speak v8');
    expect(found.of('authorized call')).toContain(fingerprintOf(env['BACKUP_TOKEN'] ?? ''));
    expect(found.of('authorized call')).toMatch(/the answer took \d+ ms/);
    expect(found.text).toMatch(/\nAll is well: the gateway will speak v8\.\n$/);
    expect(tokensSeen(simulator)).toEqual([`Bearer ${env['BACKUP_TOKEN'] ?? ''}`]);
    expect(simulator.requests.at(-1)).toMatchObject({ path: 'Jobs', query: { limit: '1' } });
  });

  test('with an authority and the right name; a name is looked up', async () => {
    const simulator = await simulateWith({ names: ['localhost'] });
    const found = await consult(byAuthority(simulator, 'localhost'));
    expect(found).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(found.of('DNS')).toContain('127.0.0.1');
    expect(found.of('TLS')).toMatch(/names +localhost\n +signed by +CN=Example CA\n.*, 365 days left/);
  });

  test('but it is told when the certificate ends soon, or has ended and is pinned', async () => {
    const soon = await consultHere(byAuthority(await simulateWith({ addresses: ['127.0.0.1'], toDays: 10.5 })));
    expect(soon).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(soon.of('TLS')).toMatch(/10 days left[^]*! Fewer than 30 days are left: renew it/);
    const ended = await consultHere(pinned(await simulateWith({ addresses: ['127.0.0.1'], toDays: -3.5 })));
    expect(ended).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(ended.of('TLS')).toContain('It has expired. As it is pinned');
  });

  test.each(['v2', 'v5', 'v7'])('with the version that is asked for, %s', async (name) => {
    const simulator = await simulate();
    const found = await consultHere({ ...pinned(simulator), BACKUP_API_VERSION: name });
    expect(found).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(found.text).toContain(`All is well: the gateway will speak ${name}.`);
  });

  test('with an old server, whose version is found', async () => {
    const found = await consult(pinned(await simulate({ versions: [5] })));
    expect(found).toMatchObject({ code: 0, verdicts: ALL_WELL });
    expect(found.of('API versions')).toContain('v5 is served; the gateway will speak v5');
  });

  test('with plain http on loopback, which has no certificate', async () => {
    const port = await listen(
      createHttpServer((request, response) => {
        const isKnown = request.headers.authorization !== undefined;
        response.writeHead(request.url?.startsWith('/v7/') !== true ? 404 : isKnown ? 200 : 401).end('[]');
      }),
    );
    const found = await consultHere({ BACKUP_SERVER_URL: `http://127.0.0.1:${port}`, BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found).toMatchObject({ code: 0, verdicts: ['ok', 'ok', 'ok', 'skip', 'ok', 'ok'] });
    expect(found.of('authorized call')).toContain('There are no jobs that it may see');
  });

  test('without a token no call is made with one, and it says how to get one from this server alone', async () => {
    const certificate = await createCertificate();
    const simulator = await simulate({ certificate });
    const found = await consult({ ...pinned(simulator), BACKUP_TOKEN: '' });
    expect(found).toMatchObject({ code: 0, verdicts: ['ok', 'ok', 'ok', 'ok', 'ok', 'skip'] });
    expect(found.of('authorized call')).toContain('there is no BACKUP_TOKEN');
    expect(found.of('authorized call')).toContain(`${simulator.origin}/v8/token`);
    const key = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' });
    const pin = createHash('sha256').update(key).digest('base64');
    expect(found.of('authorized call')).toContain(`-k --pinnedpubkey 'sha256//${pin}'`); // else -k would trust anybody
    const { code, text } = await consult({
      ...byAuthority(await simulateWith({ addresses: ['127.0.0.1'] })),
      BACKUP_TOKEN: '',
    });
    expect({ code, usesFile: text.includes('curl -s --cacert "$BACKUP_SERVER_CA_FILE" https') }).toEqual({
      code: 0,
      usesFile: true,
    });
  });

  test('while verification is off it is warned of that, and sends no token', async () => {
    const simulator = await simulate();
    const { BACKUP_SERVER_URL = '', BACKUP_TOKEN = '' } = pinned(simulator);
    const env = { BACKUP_SERVER_URL, BACKUP_TOKEN };
    const found = await consultHere({ ...env, BACKUP_SERVER_TLS_VERIFY: 'off' });
    expect(found).toMatchObject({ code: 0, verdicts: ['ok', 'ok', 'ok', 'ok', 'ok', 'skip'] });
    expect(found.of('configuration')).toContain('! BACKUP_SERVER_TLS_VERIFY is off');
    expect(found.of('authorized call')).toContain('set BACKUP_SERVER_FINGERPRINT');
    expect(tokensSeen(simulator)).toEqual([]);
  });
});

describe('the way to the server', () => {
  test('a name that does not resolve', async () => {
    const found = await consult({ BACKUP_SERVER_URL: 'https://something.invalid', BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found).toMatchObject({ code: 1, verdicts: ['ok', 'FAIL', 'skip', 'skip', 'skip', 'skip'] });
    // A machine without a network hears nothing of it at all.
    expect(found.of('DNS')).toMatch(
      /ENOTFOUND\)\n +→ There is no such host: check the name in BACKUP_SERVER_URL|resolver/,
    );
    expect(found.of('TCP')).toContain('needs DNS, which failed');
    expect(found.text).toMatch(/\n1 of 6 steps failed\.\n$/);
  });

  test('a closed port', async () => {
    const simulator = await startSimulator({ days: 1 });
    await simulator.close();
    const found = await consult(pinned(simulator));
    expect(found).toMatchObject({ code: 1, verdicts: ['ok', 'ok', 'FAIL', 'skip', 'skip', 'skip'] });
    expect(found.of('TCP')).toMatch(/ECONNREFUSED[^]*REST service is off until somebody ticks "enable"[^]*4443/);
  });

  test.each([
    ['ENOTFOUND', adviceForName, 'check the name in BACKUP_SERVER_URL'],
    ['EAI_AGAIN', adviceForName, 'reach a DNS server'],
    ['ETIMEDOUT', adviceForPort, 'firewall'],
    ['EHOSTUNREACH', adviceForPort, 'no route'],
    ['ENETUNREACH', adviceForPort, 'no route'],
    ['ECONNREFUSED', adviceForPort, 'REST service is off'],
  ])('%s has a remedy', (code, adviceFor, remedy) => {
    expect(adviceFor(code).join(' ')).toContain(remedy);
  });
});

describe('a certificate that is refused: no request is made, and so no token sent', () => {
  const refused = ['ok', 'ok', 'ok', 'FAIL', 'skip', 'skip'];

  test('another fingerprint: both are told, and where to compare', async () => {
    const simulator = await simulate();
    const other = 'AA:'.repeat(32).slice(0, -1);
    const found = await consult({ ...pinned(simulator), BACKUP_SERVER_FINGERPRINT: other });
    expect(found).toMatchObject({ code: 1, verdicts: refused });
    expect(found.of('TLS')).toMatch(new RegExp(`configured +${other}\n +found +${simulator.fingerprint}\n`));
    expect(found.of('TLS')).toContain('ON THE SERVER ITSELF before you trust it');
    expect(found.of('API versions')).toContain('needs TLS, which failed');
    expect(simulator.requests).toEqual([]);
  });

  test.each<[string, Wish, string, RegExp]>([
    [
      'expired',
      { addresses: ['127.0.0.1'], toDays: -3.5 },
      'CERT_HAS_EXPIRED',
      /expired 4 days ago[^]*→ [^]*renew it in the REST API settings/,
    ],
    ['not valid yet', { addresses: ['127.0.0.1'], fromDays: 5 }, 'CERT_NOT_YET_VALID', /→ [^]*set the clock/],
    [
      'for another name',
      { names: ['veeam.example.com'] },
      'ALTNAME',
      /→ The certificate is not for 127\.0\.0\.1, but for: veeam\.example\.com\.\n.*BACKUP_SERVER_URL/,
    ],
  ])('one that is %s', async (_, wish, code, remedy) => {
    const simulator = await simulateWith(wish);
    const found = await consult(byAuthority(simulator));
    expect(found).toMatchObject({ code: 1, verdicts: refused });
    expect(found.of('TLS')).toContain(code);
    expect(found.of('TLS')).toMatch(remedy);
    expect(simulator.requests).toEqual([]);
  });

  test('one of another authority, or of none', async () => {
    const own = await simulate();
    const { BACKUP_SERVER_URL = '', BACKUP_TOKEN = '' } = pinned(own);
    const env = { BACKUP_SERVER_URL, BACKUP_TOKEN };
    const bare = await consultHere(env);
    expect(bare).toMatchObject({ code: 1, verdicts: refused });
    expect(bare.of('TLS')).toMatch(/→ The certificate is signed by itself/);
    expect(bare.of('TLS')).toContain(`BACKUP_SERVER_FINGERPRINT=${own.fingerprint}`);
    const wrong = await consultHere(byAuthority(own));
    expect(wrong).toMatchObject({ code: 1, verdicts: refused });
    expect(wrong.of('TLS')).toContain('not signed by the authority in BACKUP_SERVER_CA_FILE');
    const unknown = await simulateWith({ addresses: ['127.0.0.1'] });
    const found = await consultHere({ BACKUP_SERVER_URL: unknown.origin, BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found.of('TLS')).toContain('name its file in BACKUP_SERVER_CA_FILE');
    expect([...own.requests, ...unknown.requests]).toEqual([]);
  });

  test('what it says of itself is one line, and steers no terminal', async () => {
    const simulator = await simulateWith({ commonName: 'a\u202eb\u001b[2Jc' });
    const found = await consultHere(byAuthority(simulator));
    expect(found).toMatchObject({ code: 1, verdicts: refused });
    expect(found.of('TLS')).toMatch(/subject +CN=a\?b.*c\n/);
    expect(found.text).not.toMatch(/[\u001b\u202e]/);
    expect(foreign('a\nok    TLS: trusted\u0007')).toBe('a, ok    TLS: trusted?');
    expect(foreign('x'.repeat(10_000)).length).toBeLessThan(400);
  });
});

describe('something else that answers', () => {
  test('plain http on the port', async () => {
    const port = await listen(createHttpServer((_, response) => response.end('hello')));
    const found = await consultHere({ BACKUP_SERVER_URL: `https://127.0.0.1:${port}`, BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found).toMatchObject({ code: 1, verdicts: ['ok', 'ok', 'ok', 'FAIL', 'skip', 'skip'] });
    expect(found.of('TLS')).toMatch(/→ What answers speaks no TLS, so another service has this port/);
  });

  test('nothing but silence: each step has an end', async () => {
    const port = await listen(createTcpServer());
    const env = { BACKUP_SERVER_URL: `https://127.0.0.1:${port}`, BACKUP_TIMEOUT_MS: '200' };
    const found = await consultHere(env);
    expect(found).toMatchObject({ code: 1, verdicts: ['ok', 'ok', 'ok', 'FAIL', 'skip', 'skip'] });
    expect(found.of('TLS')).toMatch(/ETIMEDOUT[^]*→ Something takes the connection and says nothing/);
    const { child, ended } = start({ ...env, BACKUP_TIMEOUT_MS: '600000' });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.includes('TCP'));
    child.kill('SIGINT'); // as Ctrl-C
    expect((await ended).verdicts).toEqual(['ok', 'ok', 'ok']);
    expect(child.exitCode).toBe(128 + constants.signals.SIGINT); // as a shell tells it
  });

  const page: RequestListener = (_, response) => response.setHeader('content-type', 'text/html').end('<html>hello');
  const missing: RequestListener = (_, response) => response.writeHead(404).end();
  const broken: RequestListener = (_, response) => response.writeHead(503).end();
  const closed: RequestListener = (_, response) => response.writeHead(401).end();
  test.each<[string, RequestListener, string, RegExp]>([
    [
      'a page for everything',
      page,
      'FAIL',
      /no REST API: it sends something else than JSON\n +→ .*check the host and the port/,
    ],
    [
      '404 for everything',
      missing,
      'FAIL',
      /\(status 404 for each\)\n +→ .*it is not the REST service.*check the host and the port/,
    ],
    ['503 for everything', broken, 'FAIL', /\(status 503 for each\)\n +→ .*REST service is in trouble/],
    ['401 for everything', closed, 'ok', /! v0 is answered with status 401, though it does not exist/],
  ])('a web server with %s', async (_, answer, verdict, finding) => {
    const seen: unknown[] = [];
    const { key, cert, fingerprint } = await createCertificate();
    const server = createHttpsServer({ key, cert }, answer);
    server.on('request', ({ headers }) => seen.push(headers.authorization));
    const port = await listen(server);
    const env = { BACKUP_SERVER_URL: `https://127.0.0.1:${port}`, BACKUP_SERVER_FINGERPRINT: fingerprint };
    const found = await consultHere({ ...env, BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found.code).toBe(1);
    expect(found.verdicts.slice(4)).toEqual([verdict, verdict === 'ok' ? 'FAIL' : 'skip']);
    expect(found.of('API versions')).toMatch(finding);
    if (verdict === 'FAIL') expect(seen.filter((header) => header !== undefined)).toEqual([]);
  });
});

describe('versions', () => {
  const failed = ['ok', 'ok', 'ok', 'ok', 'FAIL', 'skip'];

  test('one that is asked for, and not served', async () => {
    const simulator = await simulate({ versions: [5, 4] });
    const found = await consult({ ...pinned(simulator), BACKUP_API_VERSION: 'v8' });
    expect(found).toMatchObject({ code: 1, verdicts: failed });
    expect(found.of('API versions')).toMatch(
      /v5 and v4 are served, and not v8 \(status 404\)[^]*→ Set BACKUP_API_VERSION to auto, or to one of these: v5 and v4\./,
    );
    expect(tokensSeen(simulator)).toEqual([]);
  });

  test('a newer one whose probe fails is named in a warning, and the next older one is spoken', async () => {
    const simulator = await simulate();
    simulator.misbehave(({ version }) => version === 'v8', { status: 500 });
    const found = await consultHere(pinned(simulator));
    expect(found.verdicts[4]).toBe('ok');
    expect(found.of('API versions')).toMatch(
      /the gateway will speak v7[^]*not known whether newer versions are served \(v8 status 500\)/,
    );
  });
});

describe('the token', () => {
  const failed = ['ok', 'ok', 'ok', 'ok', 'ok', 'FAIL'];

  test('of another server, or expired', async () => {
    const simulator = await simulate();
    const found = await consult({ ...pinned(simulator), BACKUP_TOKEN: STRANGE_TOKEN });
    expect(found).toMatchObject({ code: 1, verdicts: failed });
    expect(found.of('authorized call')).toMatch(/status 401[^]*→ The token has expired[^]*one of another server/);
    expect(found.of('authorized call')).toContain(`${simulator.origin}/v8/token`);
    expect(found.of('authorized call')).toContain(fingerprintOf(STRANGE_TOKEN));
  });

  test.each<[number, RegExp]>([
    [403, /→ The server knows the token, but its account may not read jobs[^]*restore operators/],
    [429, /→ The server gets too many requests/],
    [500, /→ The server itself failed with status 500/],
    [302, /→ That is not what the REST API promises/],
  ])('status %d', async (status, remedy) => {
    const simulator = await simulate();
    simulator.misbehave(({ path }) => path === 'Jobs', { status });
    const found = await consultHere(pinned(simulator));
    expect(found).toMatchObject({ code: 1, verdicts: failed });
    expect(found.of('authorized call')).toContain(`status ${status}`);
    expect(found.of('authorized call')).toMatch(remedy);
  });

  test('an answer that does not come', async () => {
    const simulator = await simulate();
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const found = await consultHere({ ...pinned(simulator), BACKUP_TIMEOUT_MS: '1000' });
    expect(found).toMatchObject({ code: 1, verdicts: failed });
    expect(found.of('authorized call')).toMatch(/timedOut, 1000 ms[^]*BACKUP_TIMEOUT_MS=1000/);
  });

  test.each([
    ['with the word before it', 'Bearer AQAAAA'],
    ['in quotes', '"AQAAAA"'],
    ['with all of its answer', '{"access_token":"AQAAAA"}'],
    ['with a letter that none has', 'AQÄÄ'],
    ['too long', 'AQAAAA'.repeat(3000)],
  ])('%s: it is neither sent nor repeated', async (_, token) => {
    const simulator = await simulate();
    const found = await consult({ ...pinned(simulator), BACKUP_TOKEN: token });
    expect(found).toMatchObject({ code: 1, verdicts: failed });
    expect(found.of('authorized call')).toMatch(/BACKUP_TOKEN is (no bearer token|too long), and was not sent/);
    expect(found.text).not.toContain('AQAAAA');
    expect(tokensSeen(simulator)).toEqual([]);
  });

  test('has a name of eight digits that is its own', () => {
    expect(fingerprintOf('one')).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprintOf('one')).toBe(fingerprintOf('one'));
    expect(fingerprintOf('one')).not.toBe(fingerprintOf('two'));
    expect(fingerprintOf('one')).not.toBe(createHash('sha256').update('one').digest('hex').slice(0, 8));
  });
});

test.each([{}, { BACKUP_SERVER_URL: 'embedded' }, { NODE_ENV: 'production' }])(
  'without a server there is nothing to look at: %p',
  async (env: Record<string, string>) => {
    const { code, text, stderr } = await start({ ...env, BACKUP_TOKEN: STRANGE_TOKEN }).ended;
    expect({ code, text }).toEqual({ code: 1, text: '' });
    expect(stderr.match(/^ {2}- .*$/gm)).toEqual([
      expect.stringContaining('BACKUP_SERVER_URL must be set for the doctor'),
    ]);
    expect(stderr).not.toContain(STRANGE_TOKEN);
  },
);

test('a server on the port that the gateway itself would listen on is looked at', async () => {
  const simulator = await simulate();
  const found = await consultHere({ ...pinned(simulator), PORT: new URL(simulator.origin).port });
  expect(found).toMatchObject({ code: 0, verdicts: ALL_WELL });
});

describe('docs/doctor.md', () => {
  const text = readFileSync('docs/doctor.md', 'utf8');
  const documented = (marker: string): string =>
    new RegExp(`<!-- ${marker} -->\\n\`\`\`text\\n([^]*?)\`\`\``).exec(text)?.[1] ?? '';
  /** What differs from run to run. */
  const settled = (output: string): string =>
    output
      .replace(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g, 'AB:CD')
      .replace(/\d{4}-\d\d-\d\d/g, 'day')
      .replace(/\d+ days/g, 'N days')
      .replace(/\d+ ms/g, 'N ms')
      .replace(/(port |localhost:|127\.0\.0\.1:)\d+/g, '$14443');

  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ days: 1 });
  });
  afterAll(() => simulator.close());

  test('has what is printed where all is well', async () => {
    const env = {
      ...pinned(simulator),
      BACKUP_TOKEN: simulator.tokens.issue({ accessToken: 'demo-token' }).accessToken,
    };
    expect(settled(documented('well'))).toBe(settled((await consult(env)).text));
  });
  test('and where the certificate is not trusted yet', async () => {
    const found = await consult({ BACKUP_SERVER_URL: simulator.origin });
    expect(settled(documented('not well'))).toBe(settled(found.text));
  });
});
