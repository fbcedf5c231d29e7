/** What a step found. */
export type Report = Readonly<{
  verdict: 'ok' | 'FAIL' | 'skip';
  found: string;
  /** Lines beneath: what was seen, whatever is made of it. */
  details?: readonly string[];
  /** What is well, and yet to be looked after. */
  warnings?: readonly string[];
  /** What to change, where it failed; or how to have it done, where it was skipped. */
  remedy?: readonly string[];
}>;

export const ok = (found: string, more: Pick<Report, 'details' | 'warnings'> = {}): Report => ({
  verdict: 'ok',
  found,
  ...more,
});

export const fail = (found: string, remedy: readonly string[], details: readonly string[] = []): Report => ({
  verdict: 'FAIL',
  found,
  remedy,
  details,
});

export const skip = (found: string, remedy: readonly string[] = []): Report => ({ verdict: 'skip', found, remedy });

/** One step for whoever reads a terminal: what was found, and beneath it, indented, the rest. */
export function renderReport(step: string, report: Report): string {
  const { verdict, found, details = [], warnings = [], remedy = [] } = report;
  return [
    `${verdict.padEnd(5)} ${step}: ${found}`,
    ...details.map((line) => `        ${line}`),
    ...warnings.map((line) => `      ! ${line}`),
    ...remedy.map((line, index) => `      ${index === 0 ? '→' : ' '} ${line}`),
  ].join('\n');
}

const MAX_FOREIGN_CHARACTERS = 300;

/** Text that a stranger wrote, such as the names in a certificate, so that it is one line and steers no terminal. */
export function foreign(text: string): string {
  const line = text.trim().replace(/\n/g, ', ').replace(/\p{C}/gu, '?');
  return line.length > MAX_FOREIGN_CHARACTERS ? `${line.slice(0, MAX_FOREIGN_CHARACTERS)}…` : line;
}
