import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../src/config/load.js';
import { createCertificate } from '../src/simulator/certificate.js';
import { startChromium, type Chromium } from './helpers/chromium.js';
import { startGateway, type Gateway } from './helpers/gateway.js';

/**
 * A page of https://studio.apollographql.com in a real browser, which resolves that name to a server of this test: what the
 * hosted Sandbox asks a gateway on the same machine, preflight included. The hosted Sandbox itself is not run.
 */

const SANDBOX = 'studio.apollographql.com';
const STRANGER = 'studio.example.com';

let site: Server;
let chromium: Chromium;
let gateway: Gateway;
const preflights: string[] = [];
beforeAll(async () => {
  const { key, cert } = await createCertificate(SANDBOX);
  site = createServer({ key, cert }, (_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>a page of another origin</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { port } = site.address() as AddressInfo;
  chromium = await startChromium([
    '--ignore-certificate-errors',
    `--host-resolver-rules=MAP ${SANDBOX}:443 127.0.0.1:${port}, MAP ${STRANGER}:443 127.0.0.1:${port}`,
    `--proxy-bypass-list=${SANDBOX};${STRANGER}`,
  ]);
  // What a gateway allows in development.
  gateway = await startGateway({ corsOrigins: [...loadConfig({}, [], []).config.corsOrigins] });
  gateway.app.http.server.on('request', ({ method, headers }) => {
    if (method === 'OPTIONS') preflights.push(headers.origin ?? '');
  });
});
afterAll(async () => {
  await chromium.close();
  await gateway.close();
  await new Promise((resolve) => site.close(resolve));
});

type Told = { answer?: any; requestId?: string | null; error?: string };

/** Asks the gateway from a page of a host, as any page can. */
async function askFrom(host: string, query: string): Promise<Told> {
  const page = await chromium.browser.newPage();
  try {
    await page.goto(`https://${host}/`);
    return await page.evaluate(
      async ({ url, token, body }) => {
        try {
          const response = await fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body,
          });
          return { answer: await response.json(), requestId: response.headers.get('x-request-id') };
        } catch (error) {
          return { error: String(error) };
        }
      },
      { url: `${gateway.url}/graphql`, token: gateway.token, body: JSON.stringify({ query }) },
    );
  } finally {
    await page.close();
  }
}

test('a page of the Sandbox passes preflight, introspects, and runs an authorized query', async () => {
  const schema = await askFrom(SANDBOX, '{ __schema { queryType { fields { name } } } }');
  expect(schema.answer.data.__schema.queryType.fields).toContainEqual({ name: 'jobSessions' });
  const jobs = await askFrom(SANDBOX, '{ jobs(first: 3) { nodes { name } } }');
  expect(jobs).toEqual({ answer: { data: { jobs: { nodes: expect.any(Array) } } }, requestId: expect.any(String) });
  expect(jobs.answer.data.jobs.nodes).toHaveLength(3);
  expect(preflights).toContain(`https://${SANDBOX}`);
});

test('a page of an origin that is not allowed is refused by the browser, and nothing of it reaches the graph', async () => {
  gateway.simulator.forgetRequests();
  expect(await askFrom(STRANGER, '{ jobs(first: 3) { nodes { name } } }')).toEqual({
    error: 'TypeError: Failed to fetch',
  });
  expect(preflights).toContain(`https://${STRANGER}`);
  expect(gateway.simulator.requests).toEqual([]);
});

test('no other host was asked', () => {
  expect(chromium.escaped).toEqual([]);
});
