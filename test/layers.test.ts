import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Arrows point down: code that runs is imported from lower rungs alone, and each package in its own places. */

const rungs: [RegExp, number, RegExp][] = [
  [/^main\.ts$/, 7, /^$/],
  [/^cli\//, 6, /^$/],
  [
    /^http\/(caching|compression|crossOrigin|negotiation|rateLimit)\.ts$/,
    5,
    /^(fresh|negotiator|@fastify\/(compress|cors|rate-limit))$/,
  ],
  [/^http\/rateLimitStore\.ts$/, 5, /^lru-cache$/],
  [/^doctor\//, 5, /^$/],
  [/^telemetry\/(metrics|gauges|processMetrics|promClientParts\.d)\.ts$/, 4, /^prom-client$/],
  [/^telemetry\/tracing\.ts$/, 4, /^@opentelemetry\//],
  [/^http\//, 5, /^(fastify|@apollo\/server)$/],
  [/^graph\/(server|schema)\.ts$/, 4, /^(@apollo\/server|graphql|graphql-tag)$/],
  [/^graph\/generated\.ts$/, 0, /^graphql$/],
  [/^graph\/(documentLimits|documentStore|persistedQueries)\.ts$/, 3, /^(graphql|lru-cache)$/],
  [/^graph\/compiled\.ts$/, 3, /^(graphql|graphql-jit|lru-cache)$/],
  [/^graph\//, 3, /^(graphql|dataloader|@apollo\/server)$/],
  [/^upstream\/(raw|notice)\.ts$/, 1, /^$/],
  [/^upstream\/(versions\/version|operation|answer|body|errorBody)\.ts$/, 1, /^$/],
  [/^upstream\/tls\.ts$/, 0, /^undici$/],
  [/^store\/redis\.ts$/, 1, /^@redis\/client$/],
  [/^store\//, 2, /^$/],
  [/^upstream\/(errors|observer|resource|moment|turn|jsonMeter|longJson|informational|retryAfter)\.ts$/, 0, /^$/],
  [/^upstream\/client\.ts$/, 2, /^got$/],
  [/^upstream\/wire\.ts$/, 1, /^undici$/],
  [/^upstream\/(sharing|acceptedTokens)\.ts$/, 1, /^lru-cache$/],
  [/^upstream\//, 2, /^$/],
  [/^log\.ts$/, 0, /^pino(-pretty)?$/],
  [/^logFile\.ts$/, 0, /^$/],
  [/^(config\/|trace\.ts$|sharedStore\.ts$|fingerprint\.ts$|circuit\.ts$)/, 0, /^$/],
];

/** Files of one rung that may still import each other: each of them is one idea in several files. */
const together = [
  /^cli\//,
  /^http\//,
  /^doctor\//,
  /^store\//,
  /^telemetry\//,
  /^graph\//,
  /^upstream\//,
  /^config\//,
  /^log(File)?\.ts$/,
];

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function importsOf(file: string): { target: string; isType: boolean }[] {
  const text = readFileSync(join('src', file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from '([^']+)';$/gm)].map(
    ([, type, target = '']) => ({ target, isType: type !== undefined }),
  );
}

const rungOf = (file: string): [RegExp, number, RegExp] => {
  const rung = rungs.find(([pattern]) => pattern.test(file));
  if (!rung) throw new Error(`${file} stands on no rung`);
  return rung;
};

test.each(files.filter((file) => !file.startsWith('simulator/')))('%s', (file) => {
  const [, height, packages] = rungOf(file);
  for (const { target, isType } of importsOf(file)) {
    if (isType || target.startsWith('node:')) continue;
    if (!target.startsWith('.')) {
      expect({
        file,
        imports: target
          .split('/')
          .slice(0, target.startsWith('@') ? 2 : 1)
          .join('/'),
      }).toEqual({ file, imports: expect.stringMatching(packages) });
      continue;
    }
    const imported = normalize(join(dirname(file), target)).replace(/\.js$/, '.ts');
    if (imported.startsWith('simulator/')) {
      expect(file).toBe('cli/demo.ts');
      continue;
    }
    const isTogether =
      together.some((room) => room.test(file) && room.test(imported)) && rungOf(imported)[1] === height;
    expect({ file, imported, points: rungOf(imported)[1] < height || isTogether ? 'down' : 'up' }).toEqual({
      file,
      imported,
      points: 'down',
    });
  }
});

test('the simulator stands apart, types included', () => {
  for (const file of files.filter((name) => name.startsWith('simulator/'))) {
    for (const { target } of importsOf(file)) {
      if (target.startsWith('.'))
        expect({ file, target }).toEqual({ file, target: expect.stringMatching(/^\.\/[^.]/) });
      else expect({ file, target }).toEqual({ file, target: expect.stringMatching(/^(node:|selfsigned$)/) });
    }
  }
});

test('the command line alone touches the process', () => {
  for (const file of files.filter((name) => !name.startsWith('cli/'))) {
    expect({
      file,
      touches: /\bprocess\.(env|argv|exit|on|stdout|stderr)\b/.test(readFileSync(join('src', file), 'utf8')),
    }).toEqual({ file, touches: false });
  }
});

test('main loads nothing but Node.js before it hears signals', () => {
  const isLoaded = (file: string): string[] =>
    importsOf(file).flatMap(({ target, isType }) => (isType ? [] : [target]));
  expect(isLoaded('main.ts')).toEqual(['./cli/signals.js']);
  expect(isLoaded('cli/signals.ts')).toEqual(['node:os']);
  const text = readFileSync('src/main.ts', 'utf8');
  expect(text.indexOf('hearSignals()')).toBeLessThan(text.indexOf('await import('));
});
