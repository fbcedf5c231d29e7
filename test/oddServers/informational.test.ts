import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withGateway } from '../helpers/gateway.js';
import { head, jsonAnswer, startRawServer, type RawServer } from '../helpers/rawServer.js';
import { InformationalFilter } from '../../src/upstream/informational.js';

/** Informational answers (1xx) that nobody asked for are skipped, however they come. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const CONTINUE = head('HTTP/1.1 100 Continue');
const session = { id: SESSION, details: 'HTTP/1.1 100 Continue\r\n\r\n' };

let server: RawServer | undefined;
afterEach(() => server?.close());

/** Asks twice through one connection while each answer, probes included, is what `wrap` makes of it. */
async function askTwice(wrap: (answer: string) => readonly string[]): Promise<unknown[]> {
  server = await startRawServer(({ path, socket }) => {
    const answer = path.includes('ServiceInstance') ? jsonAnswer('', '401 Unauthorized') : jsonAnswer(session);
    void (async () => {
      for (const piece of wrap(answer)) {
        socket.write(piece, 'latin1');
        await new Promise((resolve) => setTimeout(resolve, 2)); // so that the pieces come apart
      }
    })();
  });
  return withGateway({ origin: server.origin, trust: { by: 'system' }, timeoutMs: 4000 }, async ({ ask }) => [
    await ask(QUERY).then(({ data, errors }) => errors?.[0]?.extensions.code ?? data),
    await ask(QUERY).then(({ data, errors }) => errors?.[0]?.extensions.code ?? data),
  ]);
}

const answered = { jobSession: { id: SESSION } };

test.each<[string, (answer: string) => readonly string[]]>([
  ['100 comes before each answer', (answer) => [CONTINUE + answer]],
  ['100 comes in a packet of its own', (answer) => [CONTINUE, answer]],
  ['100 comes a byte at a time', (answer) => [...CONTINUE.split(''), answer]],
  ['100 is split from the status line that follows', (answer) => [`${CONTINUE}HTTP/1.1 `, answer.slice(9)]],
  ['100 has headers and no reason', (answer) => [head('HTTP/1.1 100 ', 'Date: x', 'X: HTTP/1.1 200 OK') + answer]],
  ['an empty line comes before 100', (answer) => [`\r\n${CONTINUE}${answer}`]],
  ['empty lines come before 100 and the answer, in pieces', (answer) => ['\r', `\n\n${CONTINUE}\r\n`, answer]],
  ['100 is of HTTP/1.0', (answer) => [`${head('HTTP/1.0 100 Continue')}${answer}`]],
  [
    '100, 102 and 103 come by turns',
    (answer) => [
      `${CONTINUE}${head('HTTP/1.1 102 Processing')}`,
      `${head('HTTP/1.1 103 Early Hints', 'Link: </x>')}${CONTINUE}${answer}`,
    ],
  ],
])('a session is answered when %s', async (_, wrap) => {
  expect(await askTwice(wrap)).toEqual([answered, answered]);
  // A probe and two calls: at least one connection was used again.
  expect(new Set(server?.requests.map(({ connection }) => connection)).size).toBeLessThan(3);
});

test.each<[string, (answer: string) => readonly string[]]>([
  ['they do not end', (answer) => [CONTINUE.repeat(500) + answer]],
  ['empty lines do not end', () => ['\r\n'.repeat(20_000)]],
  ['one of them has no end', () => ['HTTP/1.1 100 Continue\r\n', `x: ${'y'.repeat(40_000)}`]],
  ['the protocol is changed', (answer) => [head('HTTP/1.1 101 Switching Protocols') + answer]],
])('a session is UPSTREAM_BAD_RESPONSE when %s', async (_, wrap) => {
  const count = { of: 0 };
  const wrapLater = (answer: string) => ((count.of += 1) === 1 ? [answer] : wrap(answer));
  expect(await askTwice(wrapLater)).toEqual(['UPSTREAM_BAD_RESPONSE', 'UPSTREAM_BAD_RESPONSE']);
});

describe('the filter', () => {
  const informational = fc.record({
    status: fc.constantFrom(100, 102, 103, 199),
    headers: fc.array(fc.constantFrom('Link: </x>', 'X: HTTP/1.1 100 Continue', 'Y: '), { maxLength: 3 }),
  });

  test('leaves the bytes of final answers as they were, in any split', () => {
    fc.assert(
      fc.property(
        fc.array(informational, { maxLength: 20 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (hints, body, lengths) => {
          const final = Buffer.concat([Buffer.from(head('HTTP/1.1 200 OK')), Buffer.from(CONTINUE), body]);
          const heads = hints.map(({ status, headers }) => head(`HTTP/1.1 ${status} x`, ...headers)).join('');
          const all = Buffer.concat([Buffer.from(heads), final]);
          const filter = new InformationalFilter();
          filter.expectAnswer();
          const out: Buffer[] = [];
          for (let at = 0, turn = 0; at < all.length; turn += 1) {
            const length = lengths[turn % lengths.length] ?? 1;
            const rest = filter.filter(all.subarray(at, at + length));
            expect(rest).not.toBeNull();
            if (rest) out.push(rest);
            at += length;
          }
          expect(Buffer.concat(out).equals(final)).toBe(true);
        },
      ),
      { numRuns: 300, seed: 12 },
    );
  });

  test('takes nothing out of what comes without a request', () => {
    expect(new InformationalFilter().filter(Buffer.from(CONTINUE))?.toString()).toBe(CONTINUE);
  });
});
