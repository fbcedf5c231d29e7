import { createClient, type ClientOptions } from '../upstream/client.js';
import type { NoToken } from '../upstream/operation.js';
import type { Version } from '../upstream/versions/version.js';
import { findAddresses } from './addresses.js';
import { callWithToken } from './call.js';
import { reachPort } from './reach.js';
import { renderReport, skip, type Report } from './report.js';
import { findServed } from './served.js';
import { describeConfiguration, readTarget } from './target.js';
import { examineCertificate } from './trust.js';

export type DoctorOptions = ClientOptions &
  Readonly<{
    /** `auto`, or the name of one version. */
    apiVersion: string;
    /** Names of variables that would have other programs use a proxy. */
    ignoredProxies?: readonly string[];
    /** For one call; without it, none is made that needs one. */
    token: string | NoToken;
  }>;

/**
 * Goes the way to the backup server step by step, as the gateway would, and prints what each step found and what to change. A step needs
 * all those before it, so after one that fails the others are skipped. True when nothing failed.
 */
export async function runDoctor(options: DoctorOptions, print: (text: string) => void): Promise<boolean> {
  const { token, ...rest } = options;
  const target = readTarget(rest);
  const client = createClient(target);
  const found: { version: Version | null } = { version: null };

  const steps: readonly (readonly [string, () => Report | Promise<Report>])[] = [
    ['configuration', () => describeConfiguration(target)],
    ['DNS', () => findAddresses(target)],
    ['TCP', () => reachPort(target)],
    ['TLS', () => examineCertificate(target)],
    [
      'API versions',
      async () => {
        const served = await findServed(target, client);
        found.version = served.version;
        return served.report;
      },
    ],
    [
      'authorized call',
      () =>
        found.version ? callWithToken(target, client, found.version, token) : skip('there is no version to speak'),
    ],
  ];

  let failed: string | null = null;
  for (const [name, examine] of steps) {
    const report = failed === null ? await examine() : skip(`needs ${failed}, which failed`);
    print(renderReport(name, report));
    if (report.verdict === 'FAIL') failed = name;
  }
  client.close();
  print(
    failed === null
      ? `\nAll is well: the gateway will speak ${found.version?.name ?? 'no version'}.`
      : `\n1 of ${steps.length} steps failed.`,
  );
  return failed === null;
}
