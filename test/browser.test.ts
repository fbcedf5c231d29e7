import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startChromium, type Chromium } from './helpers/chromium.js';
import { startGateway, TEST_NOW_MS, type Gateway } from './helpers/gateway.js';

/** The explorer in a real browser that reaches nothing but the gateway. Screenshots are in test-results/. */

let chromium: Chromium;
let gateway: Gateway;
beforeAll(async () => {
  chromium = await startChromium();
  gateway = await startGateway({ explorer: true });
});
afterAll(async () => {
  await chromium.close();
  await gateway.close();
});

type Opened = {
  page: Page;
  /** What the page asked for elsewhere, what it complained of, and what its policy kept it from. */
  problems: string[];
  close: () => Promise<void>;
};

async function open(url: string, viewport: { width: number; height: number }): Promise<Opened> {
  const page = await chromium.browser.newPage({ viewport });
  const problems: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:'))
      problems.push(`asked for ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`threw ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  await page.addInitScript(`addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error('the policy forbids ' + violatedDirective + ' ' + blockedURI);
  })`);
  await page.clock.setFixedTime(TEST_NOW_MS);
  await page.goto(`${url}/`);
  await page.locator('.graphiql-execute-button').waitFor();
  return { page, problems, close: () => page.close() };
}

/** Shows the tab of an example, runs it, and gives its answer. */
async function run(page: Page, tab: string): Promise<any> {
  await page.getByRole('tab', { name: tab }).click();
  // GraphiQL reads an operation's name a moment after it is shown, and until then would ask for the last one's.
  await page.waitForFunction((name) => {
    const { document } = globalThis as any;
    return document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.operationName === name;
  }, tab);
  const answered = page.waitForResponse((response) => response.request().postData()?.includes(`query ${tab}`) ?? false);
  await page.locator('.graphiql-execute-button').click();
  const answer = (await (await answered).json()) as unknown;
  await page.locator('.result-window .CodeMirror-line', { hasText: '"data"' }).waitFor();
  return answer;
}

describe.each([
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
])('at $width pixels', (viewport) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(gateway.url, viewport);
  });
  afterAll(() => opened.close());

  const look = (name: string): Promise<unknown> =>
    opened.page.screenshot({ path: `test-results/explorer-${name}-${viewport.width}.png`, fullPage: true });

  test.each([
    ['LastNightsFailures', (data: any) => data.jobSessions.nodes.map(({ status }: any) => status)],
    ['SessionWithLog', (data: any) => data.jobSession.log.nodes.map(({ message }: any) => message)],
    ['JobHistory', (data: any) => data.job.sessions.nodes.map(({ id }: any) => id)],
  ])('%s, run as it stands, shows rows', async (tab, rowsOf) => {
    const { page } = opened;
    const { data, errors } = await run(page, tab);
    expect(errors).toBeUndefined();
    const rows = rowsOf(data);
    expect(rows.length).toBeGreaterThan(1);
    expect(await page.locator('.result-window').textContent()).toContain(rows[0]);
    await look(tab);
  });

  test('a field that is begun is completed', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.locator('.graphiql-query-editor .CodeMirror').click();
    await page.keyboard.type('{ backupRepos', { delay: 20 });
    const hint = page.locator('.CodeMirror-hints li', { hasText: 'backupRepositories' });
    await hint.waitFor();
    await look('completion');
    await hint.click();
    const text = await page.locator('.graphiql-query-editor .CodeMirror-code').textContent();
    expect(text).toContain('backupRepositories');
  });

  test('the documentation and the settings open', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer', { hasText: 'query: Query' }).waitFor();
    await look('documentation');
    await page.getByRole('button', { name: 'Open settings dialog' }).click();
    await page.getByRole('dialog').waitFor();
    await look('settings');
    await page.keyboard.press('Escape');
  });

  test('nothing sticks out of the page at its side', async () => {
    expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
  });

  test('no other host was asked, nothing was complained of, and nothing is kept', async () => {
    expect(opened.problems).toEqual([]);
    expect(chromium.escaped).toEqual([]);
    expect(await opened.page.evaluate('[{ ...localStorage }, { ...sessionStorage }, document.cookie]')).toEqual([
      {},
      {},
      '',
    ]);
  });
});
