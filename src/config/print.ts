import { settings } from './settings.js';

/** What `--help` prints. */
export function renderHelp(): string {
  const lines = Object.values(settings).map(({ env, flag, expects, fallback }) => {
    const head = `  --${flag}`.padEnd(24);
    return `${head}${env}\n${' '.repeat(24)}${expects}${fallback === undefined ? '' : ` (${fallback})`}`;
  });
  return `Usage: backup365-gateway [options]            start the gateway
       backup365-gateway simulator [options]  start the demo backup server alone (--port, 4443 by default)
       backup365-gateway doctor [options]     check the way to the backup server, step by step; with BACKUP_TOKEN
                                              in the environment, one call with that token as well

Each option can be given as a flag or as an environment variable; flags go first. Defaults are in parentheses.

${lines.join('\n')}
  --help, -h            print this
  --version, -v         print the version
`;
}

/** `docs/configuration.md`. */
export function renderSettingsTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = Object.values(settings).map(
    ({ env, flag, expects, fallback, describe }) =>
      `| \`${env}\` | \`--${flag}\` | ${cell(expects)} | ${fallback === undefined ? '' : `\`${fallback}\``} | ${cell(describe)} |`,
  );
  return `# Configuration

Each setting is an environment variable and a flag; the flag goes first. An empty variable is an unset one. What cannot be
used ends the start, with one message that lists every problem. This page is made from the code by \`npm run build\`.

| variable | flag | value | default | meaning |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

\`backup365-gateway simulator\` starts the demo server alone; of these settings it takes \`PORT\` (4443 unless set) and \`LOG_LEVEL\`.
\`backup365-gateway doctor\` takes those that say where the backup server is and how to trust it, and \`BACKUP_TOKEN\`, which nothing else
reads. Traces are set up by the standard variables of OpenTelemetry (\`OTEL_EXPORTER_OTLP_ENDPOINT\` and others), see
[operations.md](operations.md#traces).
`;
}
