import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { connectRedis } from '../src/store/redis.js';
import { createSeal } from '../src/store/seal.js';
import { withGateway } from './helpers/gateway.js';
import { freePort, prepareRedis, startRedis, type RedisServer } from './helpers/redis.js';
import { openStore, type TestStore } from './helpers/store.js';
import { until } from './helpers/until.js';

/** The store that instances share, with the real server behind it: in order, away, hanging, full, and with garbage in it. */

const ORIGIN = 'https://backup.example.com:4443';
const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { status log(first: 5) { nodes { message } } } }`;
const OPERATION_MS = 10_000;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (opened.length > 0) await opened.pop()?.();
});

async function withRedis(args: readonly string[] = []): Promise<RedisServer> {
  const redis = await startRedis(args);
  opened.push(redis.close);
  return redis;
}

function open(url: string, options: Parameters<typeof openStore>[2] = {}, origin = ORIGIN): TestStore {
  const store = openStore(url, origin, options);
  opened.push(store.store.close);
  return store;
}

async function openUp(url: string, options: Parameters<typeof openStore>[2] = {}): Promise<TestStore> {
  const store = open(url, options);
  await until(() => store.store.isUp());
  return store;
}

/** Writes a value, and waits until it is there. */
async function put({ store, count, forget }: TestStore, token: string, key: string, value: unknown): Promise<void> {
  forget();
  store.of(token).write(key, value);
  await until(() => count('write', 'done') === 1);
}

/** A way to Redis on which connections can fall silent. */
type Proxy = Readonly<{
  port: number;
  /** One word for each of the next connections: from the command on that has it, no more is passed on. '' is from the start. */
  silences: string[];
  leadTo: (port: number) => void;
  reset: () => void;
  /** How many connections there were, and are. */
  taken: () => number;
  open: () => number;
}>;

async function withProxy(target: number, silences: string[]): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let targetPort = target;
  let taken = 0;
  const server = createServer((socket) => {
    taken += 1;
    const silence = silences.shift();
    const onward = connect(targetPort, '127.0.0.1').on('error', () => socket.destroy());
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .once('close', () => {
        sockets.delete(socket);
        onward.destroy();
      });
    let isSilent = silence === '';
    onward.on('data', (chunk) => socket.write(chunk));
    socket.on('data', (chunk) => {
      isSilent ||= silence !== undefined && chunk.includes(silence);
      if (!isSilent) onward.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  opened.push(async () => {
    reset();
    await new Promise((resolve) => server.close(resolve));
  });
  await until(() => server.listening);
  const leadTo = (port: number): void => {
    targetPort = port;
  };
  const { port } = server.address() as AddressInfo;
  return { port, silences, leadTo, reset, taken: () => taken, open: () => sockets.size };
}

describe('the seal', () => {
  const about = { origin: ORIGIN, release: '1' };
  const seal = createSeal('token', about);
  const name = seal.nameOf('key');

  test.each<[string, unknown]>([
    ['a short value', { text: 'é', none: null, list: [1, 2.5, false] }],
    ['a long one', Array.from({ length: 2000 }, (_, index) => ({ id: index, message: `line ${index}` }))],
    ['a text', 'query { jobs { nodes { id } } }'],
  ])('gives %s back', (_, value) => {
    const sealed = seal.close(name, value);
    expect(seal.open(name, sealed ?? Buffer.of())).toEqual(value);
  });

  test('has no value twice alike', () => {
    expect(seal.close(name, 'same')).not.toEqual(seal.close(name, 'same'));
  });

  test.each([
    ['another token', createSeal('tokem', about)],
    ['another backup server', createSeal('token', { ...about, origin: 'https://other.example.com' })],
    ['another release of the gateway', createSeal('token', { ...about, release: '2' })],
  ])('of %s has other names and another key', (_, other) => {
    expect(other.shelf).not.toBe(seal.shelf);
    expect(other.nameOf('key')).not.toBe(name);
    const sealed = seal.close(name, 'secret') ?? Buffer.of();
    expect(other.open(name, sealed)).toBeUndefined();
    expect(other.open(other.nameOf('key'), sealed)).toBeUndefined();
  });

  test('does not open what was moved, cut or changed, nor garbage', () => {
    const sealed = seal.close(name, { a: 'secret' }) ?? Buffer.of();
    expect(seal.open(seal.nameOf('other'), sealed)).toBeUndefined();
    for (let length = 0; length < sealed.length; length += 1)
      expect(seal.open(name, sealed.subarray(0, length))).toBeUndefined();
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(seal.open(name, changed)).toBeUndefined();
    }
    expect(seal.open(name, Buffer.alloc(100, 7))).toBeUndefined();
  });

  test('takes nothing that is longer than 4 MB as JSON, however short it can be made', () => {
    const sealed = seal.close(name, 'x'.repeat(4 * 1024 * 1024 - 2)); // and its two quotes
    expect(sealed?.length).toBeLessThan(100_000);
    expect(seal.open(name, sealed ?? Buffer.of())).toHaveLength(4 * 1024 * 1024 - 2);
    expect(seal.close(name, 'x'.repeat(4 * 1024 * 1024 - 1))).toBeNull();
  });

  test('takes nothing that is longer than a megabyte', () => {
    expect(
      seal.close(
        name,
        Array.from({ length: 300_000 }, () => Math.random()),
      ),
    ).toBeNull();
  });
});

describe('in order', () => {
  test('what one instance wrote for a token the other reads, and no other token does', async () => {
    const redis = await withRedis();
    const [one, other] = [await openUp(redis.url), await openUp(redis.url)];
    const value = { rows: [{ id: 'a', message: 'm', endTime: null }], hasMore: false };
    await put(one, 'first', 'key', value);
    expect(await other.store.of('first').read('key')).toEqual(value);
    expect(await other.store.of('first').read('another key')).toBeUndefined();
    expect(await other.store.of('second').read('key')).toBeUndefined();
    expect(other.told.map(({ outcome }) => outcome)).toEqual(['hit', 'miss', 'miss']);
    const kept = (await redis.dump()).find(({ field: name }) => name !== 'bytes');
    const { value: sealed, key, field } = { key: '', value: '', ...kept, field: kept?.field ?? '' };
    // Nor where the other's value is put in its place.
    const second = createSeal('second', { origin: ORIGIN, release: '1' });
    await redis.send('HSET', `backup365:{${second.shelf}}`, second.nameOf('key'), sealed);
    await redis.send('HSET', `backup365:{${second.shelf}}`, field, sealed);
    expect(await other.store.of('second').read('key')).toBeUndefined();
    expect(other.told.at(-1)?.outcome).toBe('unreadable');
    // Nor does the right token read it elsewhere, nor garbage.
    await redis.send('HSET', key, createSeal('first', { origin: ORIGIN, release: '1' }).nameOf('moved'), sealed);
    expect(await other.store.of('first').read('moved')).toBeUndefined();
    await redis.send('HSET', key, field, 'garbage');
    expect(await other.store.of('first').read('key')).toBeUndefined();
    await redis.send('DEL', key);
    await redis.send('SET', key, 'of another type');
    expect(await other.store.of('first').read('key')).toBeUndefined();
    expect(other.told.slice(-3).map(({ outcome }) => outcome)).toEqual(['unreadable', 'unreadable', 'failed']);
    expect(other.logLines.map(({ fields }) => fields)).toEqual([{ reason: 'WRONGTYPE' }]);
  });

  test("dropping takes one token's values away, for every instance", async () => {
    const redis = await withRedis();
    const [one, other] = [await openUp(redis.url), await openUp(redis.url)];
    await put(one, 'first', 'key', 1);
    await put(one, 'second', 'key', 2);
    other.store.of('first').drop();
    await until(() => other.count('drop', 'done') === 1);
    expect(await one.store.of('first').read('key')).toBeUndefined();
    expect(await one.store.of('second').read('key')).toBe(2);
  });

  test('a value that is too long is not written', async () => {
    const redis = await withRedis();
    const { store, told } = await openUp(redis.url);
    store.of('token').write(
      'key',
      Array.from({ length: 300_000 }, () => Math.random()),
    );
    expect(told).toMatchObject([{ command: 'write', outcome: 'skipped' }]);
    expect(await redis.dump()).toEqual([]);
  });

  test('one token fills no more than 16 MB, and leaves the others their room', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url, { timeoutMs: 5000 });
    const value = randomBytes(700_000).toString('base64'); // which no deflating makes shorter than 700 kB
    for (let index = 0; index < 30; index += 1) {
      store.store.of('greedy').write(`key ${index}`, value);
      await until(() => store.told.length === index + 1);
    }
    const written = store.count('write', 'done');
    expect(written).toBeGreaterThan(20);
    expect(store.count('write', 'skipped')).toBe(30 - written);
    expect(store.count('write', 'skipped')).toBeGreaterThan(5);
    const bytes = (await redis.dump()).reduce((sum, { value: { length } }) => sum + length, 0);
    expect(bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    await put(store, 'another', 'key', 'value');
    expect(await store.store.of('another').read('key')).toBe('value');
    expect(await store.store.of('greedy').read('key 0')).toBe(value);
  });

  test("instances count together, in windows, and one server's counts are not another's", async () => {
    const redis = await withRedis();
    const [one, other] = [await openUp(redis.url), await openUp(redis.url)];
    const counts = [];
    for (const { store } of [one, other, one, other]) counts.push(await store.count('name', 60_000));
    expect(counts.map((counted) => counted?.count)).toEqual([1, 2, 3, 4]);
    for (const counted of counts) {
      expect(counted?.leftMs).toBeLessThanOrEqual(60_000);
      expect(counted?.leftMs).toBeGreaterThan(30_000);
    }
    const third = open(redis.url, {}, 'https://other.example.com');
    await until(() => third.store.isUp());
    expect((await third.store.count('name', 60_000))?.count).toBe(1);
    expect((await one.store.count('short', 50))?.count).toBe(1);
    await until(async () => (await one.store.count('short', 50))?.count === 1); // a new window
    await until(async () => (await redis.dump()).length === 2);
    expect((await redis.dump()).every(({ key }) => !key.includes('name'))).toBe(true);
    // A count that has lost its time, by whatever hand, gets one.
    for (const { key } of await redis.dump()) await redis.send('PERSIST', key);
    await one.store.count('name', 60_000);
    await third.store.count('name', 60_000);
    for (const { leftMs } of await redis.dump()) expect(leftMs).toBeGreaterThan(0);
  });

  test('so many commands as are ever under way come back', async () => {
    const redis = await withRedis();
    const one = await openUp(redis.url, { timeoutMs: 5000 });
    const reads = Array.from({ length: 3000 }, (_, index) => one.store.of('token').read(`key ${index}`));
    await Promise.all(reads);
    expect([one.count('read', 'miss'), one.count('read', 'skipped')]).toEqual([2000, 1000]);
    expect(await one.store.of('token').read('key')).toBeUndefined();
    expect(one.told.at(-1)?.outcome).toBe('miss');
  });
});

describe('out of order: answers as without, in time, and told', () => {
  /** Asks a gateway with this store, twice; each answer must be as it is without a store. */
  async function answersAsWithout(store: TestStore): Promise<void> {
    const limits = { operationTimeoutMs: OPERATION_MS, sharing: { maxBytes: 0 } };
    await withGateway({ store: store.store, ...limits }, async ({ ask, logLines }) => {
      const { accessToken: token } = { accessToken: 'of-somebody' };
      for (let time = 0; time < 2; time += 1) {
        const startMs = performance.now();
        const { data, errors } = await ask(QUERY);
        expect(errors).toBeUndefined();
        expect(data.jobSession).toEqual({ status: 'SUCCESS', log: { nodes: expect.any(Array) } });
        expect(performance.now() - startMs).toBeLessThan(OPERATION_MS);
      }
      expect((await ask(QUERY, {}, { token })).errors?.map(({ extensions }) => extensions.code)).toEqual([
        'UNAUTHENTICATED',
      ]);
      expect(logLines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    });
  }

  const messages = ({ logLines }: TestStore): string[] => logLines.map(({ level, message }) => `${level}: ${message}`);
  const WENT = 'warn: the shared store does not answer: this instance goes on by itself';
  const BACK = 'info: the shared store answers again';
  const REFUSED = 'warn: the shared store refuses what it is asked, which is told once a minute';

  test('away at start, then there', async () => {
    const redis = await prepareRedis();
    opened.push(redis.close);
    const store = open(redis.url);
    await answersAsWithout(store);
    expect(store.count('read', 'skipped')).toBe(2);
    expect(await store.store.count('name', 1000)).toBeNull();
    await until(() => store.logLines.length > 0);
    expect(store.logLines).toEqual([{ level: 'warn', fields: { reason: 'ECONNREFUSED' }, message: WENT.slice(6) }]);
    await redis.start();
    await until(() => store.store.isUp());
    expect(messages(store)).toEqual([WENT, BACK]);
    await put(store, 'token', 'key', 'value');
    expect(await store.store.of('token').read('key')).toBe('value');
  });

  test('killed while it is in use, and back', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url);
    await put(store, 'token', 'key', 'value');
    await redis.kill();
    await answersAsWithout(store);
    expect(store.count('read', 'hit')).toBe(0);
    expect(store.count('read', 'skipped') + store.count('read', 'failed')).toBe(2);
    expect(messages(store)).toEqual([WENT]);
    await redis.start();
    await until(() => store.store.isUp());
    await put(store, 'token', 'key', 'value');
    expect(await store.store.of('token').read('key')).toBe('value');
    expect(messages(store)).toEqual([WENT, BACK]);
  });

  test('hanging: each waits for it no longer than is set, and soon nobody does; back, it is used again', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url, { timeoutMs: 100 });
    await put(store, 'token', 'key', 'value');
    redis.pause();
    await answersAsWithout(store);
    expect(store.count('read', 'timeout')).toBe(2);
    const reads = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 10 }, () => store.store.of('token').read('key')));
    };
    await reads();
    await until(() => !store.store.isUp());
    store.forget();
    await reads();
    expect(store.count('read', 'skipped')).toBe(10);
    expect(messages(store)).toEqual([WENT]);
    redis.resume();
    await until(() => store.store.isUp());
    expect(await store.store.of('token').read('key')).toBe('value');
    expect(messages(store)).toEqual([WENT, BACK]);
  });

  test('hanging for long, its connection is given up for another one', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url, { timeoutMs: 100 });
    const clients = async (): Promise<string[]> =>
      String(await redis.send('CLIENT', 'LIST'))
        .split('\n')
        .flatMap((line) => /^id=(\d+) .*(?:cmd=(?:eval|hget|hello|NULL))/.exec(line)?.[1] ?? []);
    await store.store.of('token').read('key');
    const before = await clients();
    redis.pause();
    await Promise.all(Array.from({ length: 5 }, () => store.store.of('token').read('key')));
    const pausedMs = performance.now();
    await until(() => performance.now() - pausedMs > 7000); // longer than a connection may be stuck
    redis.resume();
    await until(() => store.store.isUp());
    expect(await store.store.of('token').read('key')).toBeUndefined();
    const after = await clients();
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(after).toHaveLength(1);
  });

  test.each([
    ['at the start', false],
    ['after a connection that was lost', true],
  ])('a handshake that is never answered, %s: another connection is made, and the log has it', async (_, isLater) => {
    const redis = await withRedis();
    const proxy = await withProxy(redis.port, isLater ? [] : ['']);
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    if (isLater) {
      await until(() => store.store.isUp());
      proxy.silences.push('');
      proxy.reset();
    }
    await until(() => store.logLines.some(({ level }) => level === 'warn'));
    if (!isLater) expect(store.logLines[0]?.fields).toEqual({ reason: 'no handshake' });
    await until(() => store.store.isUp());
    await put(store, 'token', 'key', 'value');
    expect(await store.store.of('token').read('key')).toBe('value');
    expect(messages(store)).toEqual([WENT, BACK]);
  });

  test.each([
    ['answers', []],
    ['never answers', Array<string>(5).fill('')],
  ])(
    'closed while it connects to what %s, it leaves no connection behind, and tells nothing more',
    async (_, silences) => {
      const redis = await withRedis();
      const proxy = await withProxy(redis.port, silences);
      const told: (string | null)[] = [];
      for (let time = 0; time < 5; time += 1) {
        const config = { urls: [`redis://127.0.0.1:${proxy.port}`], isCluster: false, ca: null, timeoutMs: 1000 };
        const opening = connectRedis(config, (reason) => told.push(reason));
        await Promise.resolve(); // its socket is on its way
        opening.close();
      }
      await until(() => proxy.taken() === 5 && proxy.open() === 0);
      expect(told).toEqual([]);
    },
  );

  test('a master that was made a replica, while another one is behind its address: the connection is given up', async () => {
    const [former, successor] = [await withRedis(), await withRedis()];
    const proxy = await withProxy(former.port, []);
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    await until(() => store.store.isUp());
    await put(store, 'token', 'key', 'value');
    await former.send('REPLICAOF', '127.0.0.1', String(await freePort()));
    proxy.leadTo(successor.port);
    await until(async () => {
      await store.store.of('token').read('key'); // which a replica answers
      return (await store.store.count('name', 60_000)) !== null;
    });
    expect((await successor.dump()).map(({ field }) => field)).toEqual([null]);
    expect(proxy.taken()).toBe(2);
    expect(store.logLines.filter(({ message }) => message.includes('refuses'))).toEqual([
      { level: 'warn', fields: { reason: 'READONLY' }, message: REFUSED.slice(6) },
    ]);
  });

  test('a replica that stays one is not given up at each command, and the log has it once', async () => {
    const redis = await withRedis();
    const proxy = await withProxy(redis.port, []);
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    await until(() => store.store.isUp());
    await redis.send('REPLICAOF', '127.0.0.1', String(await freePort()));
    for (let time = 0; time < 50; time += 1) expect(await store.store.count('name', 1000)).toBeNull();
    expect(proxy.taken()).toBeLessThanOrEqual(2);
    expect(messages(store)).toEqual([REFUSED]);
  });

  test('what a script is refused has its code word in Redis 6 as well, and nothing more of it is in the log', async () => {
    const refusal = '-ERR Error running script (call to f_0): @user_script:6: @user_script: 6: -OOM secret.\r\n';
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (sent) => {
          socket.write(sent.includes('EVAL') ? refusal : '%1\r\n+proto\r\n:3\r\n');
        });
    }).listen(0, '127.0.0.1');
    opened.push(
      () =>
        new Promise((resolve) =>
          server.close(() => {
            resolve();
          }),
        ),
    );
    await until(() => server.listening);
    const store = await openUp(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let time = 0; time < 3; time += 1) expect(await store.store.of('token').read('key')).toBeUndefined();
    expect(store.logLines).toEqual([{ level: 'warn', fields: { reason: 'OOM' }, message: REFUSED.slice(6) }]);
  });

  test('a value that is longer than any of ours is not read: it would fill the memory of who asks for it', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url);
    await put(store, 'token', 'key', 'value');
    const [entry] = (await redis.dump()).filter(({ field }) => field !== 'bytes');
    await redis.send('HSET', entry?.key ?? '', entry?.field ?? '', 'x'.repeat(3_000_000));
    store.forget();
    expect(await store.store.of('token').read('key')).toBeUndefined();
    expect(store.count('read', 'unreadable')).toBe(1);
  });

  test('the same written again takes no more of the room that its token has', async () => {
    const redis = await withRedis();
    const store = await openUp(redis.url);
    const sizeOf = async () => (await redis.dump()).find(({ field }) => field === 'bytes')?.value.toString();
    await put(store, 'token', 'key', 'value');
    const size = await sizeOf();
    for (let time = 0; time < 20; time += 1) await put(store, 'token', 'key', 'value');
    expect(await sizeOf()).toBe(size);
    const bytes = (await redis.dump()).reduce(
      (sum, { field, value }) => sum + (field === 'bytes' ? 0 : value.length),
      0,
    );
    expect(size).toBe(String(bytes));
  });

  test('full: it goes on reading, and nothing more is written', async () => {
    const redis = await withRedis(['--maxmemory-policy', 'noeviction']);
    const store = await openUp(redis.url);
    await put(store, 'token', 'key', 'value');
    await redis.send('CONFIG', 'SET', 'maxmemory', '1mb');
    await answersAsWithout(store);
    store.store.of('token').write('another', 'value');
    await until(() => store.count('write', 'failed') > 0);
    for (let time = 0; time < 10; time += 1) {
      store.store.of('token').write('another', 'value');
      expect(await store.store.of('token').read('key')).toBe('value');
    }
    expect(await store.store.of('token').read('another')).toBeUndefined();
    expect(store.count('write', 'done')).toBe(1);
    expect(await store.store.count('name', 1000)).toBeNull();
    expect(store.logLines).toEqual([{ level: 'warn', fields: { reason: 'OOM' }, message: REFUSED.slice(6) }]);
  });
});

describe('ways to it', () => {
  let directory: string;
  let ca: string;
  let tls: string[];
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'certificates-'));
    const authority = await generate([{ name: 'commonName', value: 'Example CA' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: authority.private, cert: authority.cert },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    ca = authority.cert;
    const write = (name: string, text: string): string => {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    };
    tls = [
      ...['--tls-cert-file', write('cert.pem', leaf.cert)],
      ...['--tls-key-file', write('key.pem', leaf.private)],
      ...['--tls-ca-cert-file', write('ca.pem', ca)],
      ...['--tls-auth-clients', 'no'],
    ];
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  /** Writes and reads back. */
  async function works(store: TestStore): Promise<void> {
    await put(store, 'token', 'key', 'value');
    expect(await store.store.of('token').read('key')).toBe('value');
    expect((await store.store.count('name', 1000))?.count).toBe(1);
    store.store.of('token').drop();
    await until(() => store.count('drop', 'done') === 1);
    expect(await store.store.of('token').read('key')).toBeUndefined();
    expect(store.told.at(-1)?.outcome).toBe('miss');
  }

  test('TLS, with an authority of its own; without it, it is not trusted', async () => {
    const port = await freePort();
    await withRedis([...tls, '--tls-port', String(port)]);
    await works(await openUp(`rediss://localhost:${port}`, { ca }));
    const untrusting = open(`rediss://localhost:${port}`);
    await until(() => untrusting.logLines.length > 0);
    expect(untrusting.logLines[0]?.fields).toEqual({
      reason: expect.stringMatching(/^[A-Z_]*(CERT|ISSUER|LEAF)[A-Z_]*$/),
    });
    const elsewhere = open(`rediss://127.0.0.1:${port}`, { ca });
    await until(() => elsewhere.logLines.length > 0);
    expect(elsewhere.logLines[0]?.fields).toEqual({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('TLS that is never answered is given up, and made again', async () => {
    const port = await freePort();
    await withRedis([...tls, '--tls-port', String(port)]);
    const proxy = await withProxy(port, ['']);
    const store = open(`rediss://localhost:${proxy.port}`, { ca });
    await until(() => store.logLines.length > 0);
    await until(() => store.store.isUp());
    await works(store);
  });

  test('a cluster that is asked for its nodes and never answers is asked anew, by one connection at a time', async () => {
    const redis = await withRedis(['--cluster-enabled', 'yes']);
    await redis.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await redis.send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const proxy = await withProxy(redis.port, ['SLOTS', 'SLOTS']);
    const store = open(`redis://127.0.0.1:${proxy.port}`, { isCluster: true });
    await until(() => proxy.taken() === 3);
    await until(() => store.store.isUp());
    await until(() => proxy.open() === 0); // nodes are connected to by their own addresses
    expect(store.logLines.map(({ level }) => level)).toEqual(['warn', 'info']);
    await works(store);
  });

  test('a cluster that is closed while it connects to a node leaves no connection behind', async () => {
    const redis = await withRedis(['--cluster-enabled', 'yes']);
    await redis.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await redis.send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const clients = async (): Promise<number> =>
      String(await redis.send('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    const before = await clients();
    for (let time = 0; time < 5; time += 1) {
      const store = await openUp(redis.url, { isCluster: true });
      store.store.of('token').write('key', 'value'); // the first thing that is sent to the node
      await Promise.resolve();
      await store.store.close();
    }
    await until(async () => (await clients()) === before);
    const store = await openUp(redis.url, { isCluster: true });
    await works(store);
    expect(await clients()).toBe(before + 1);
  });

  test('a user with a password, and with no more rights than the docs name', async () => {
    const redis = await withRedis();
    const rights = '~backup365:* -@all +hget +hstrlen +eval +hset +hincrby +pttl +pexpire +incr +unlink'.split(' ');
    await redis.send('ACL', 'SETUSER', 'gateway', 'on', '>p@ss/word', ...rights);
    await redis.send('ACL', 'SETUSER', 'default', 'resetpass', '>other');
    const at = `127.0.0.1:${redis.port}`;
    const store = await openUp(`redis://gateway:${encodeURIComponent('p@ss/word')}@${at}`);
    await works(store);
    await put(await openUp(`redis://:other@${at}`), 'token', 'key', 'value'); // as the user `default`
    const refused = open(`redis://gateway:wrong@${at}`);
    await until(() => refused.logLines.length > 0);
    expect(refused.logLines).toEqual([{ level: 'warn', fields: { reason: 'WRONGPASS' }, message: expect.any(String) }]);
    expect(await refused.store.of('token').read('key')).toBeUndefined();
    expect(refused.told.map(({ outcome }) => outcome)).toEqual(['skipped']);
  });

  test('a user who lacks a right: the log has it', async () => {
    const redis = await withRedis();
    const rights = '~backup365:* -@all +hget +eval +hset +hincrby +pttl +pexpire +incr'.split(' ');
    await redis.send('ACL', 'SETUSER', 'gateway', 'on', '>secret', ...rights);
    const store = await openUp(`redis://gateway:secret@127.0.0.1:${redis.port}`);
    for (let time = 0; time < 2; time += 1) expect(await store.store.of('token').read('key')).toBeUndefined(); // no HSTRLEN
    store.store.of('token').drop(); // no UNLINK
    await until(() => store.count('drop', 'failed') === 1);
    expect(store.logLines.map(({ fields }) => fields)).toEqual([{ reason: 'ERR' }, { reason: 'NOPERM' }]);
    expect((await store.store.count('name', 1000))?.count).toBe(1);
  });

  test('a cluster, of one node, also where it is away at start', async () => {
    const redis = await prepareRedis(['--cluster-enabled', 'yes']);
    opened.push(redis.close);
    const store = open(redis.url, { isCluster: true });
    await until(() => store.logLines.length > 0);
    expect(await store.store.of('token').read('key')).toBeUndefined();
    await redis.start();
    await until(() => store.store.isUp()); // it has asked for the nodes, and there are none yet
    await redis.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await redis.send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    await until(async () => {
      await store.store.of('token').read('key');
      return store.told.at(-1)?.outcome === 'miss';
    });
    await works(store);
    await redis.kill();
    await until(async () => {
      await store.store.of('token').read('key');
      return !store.store.isUp();
    });
    await redis.start();
    await redis.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383').catch(() => undefined); // it may have kept them
    await until(async () => {
      store.forget();
      await store.store.of('token').read('key');
      return store.told.at(-1)?.outcome === 'miss';
    });
  });
});
