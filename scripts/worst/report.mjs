// The report: the worst documents of each category with medians of three.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lexer, Source, TokenKind } from 'graphql';

const SHOWN_CHARACTERS = 160;

/** Counts a document's tokens; null when it is no GraphQL. */
function countTokens(text) {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count += 1;
    return count;
  } catch {
    return null;
  }
}

/** Shortens a document: each repeated part once with its count, then the beginning and the end. */
export function abbreviate(text) {
  const plain = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(.{1,6}?)\1{5,}/g, (run, part) => `${part}…×${run.length / part.length}`);
  return plain.length <= SHOWN_CHARACTERS ? plain : `${plain.slice(0, SHOWN_CHARACTERS - 40)} … ${plain.slice(-40)}`;
}

const round = (value) => (Number.isFinite(value) ? String(Math.round(value)) : 'died');

/** Returns the lines of a category. */
export function linesOf(title, rows) {
  const header =
    'block ms | wall ms | memory MB | crowd MB | kept MB | characters | tokens | sight | answer | document';
  const lines = rows.map(({ candidate, measured, crowdMB, keptMB }) =>
    [
      measured.died ? 'died' : round(measured.blockMs),
      round(measured.wallMs),
      round(measured.growthMB),
      crowdMB === undefined ? '-' : round(crowdMB),
      keptMB === undefined ? '-' : round(keptMB),
      candidate.query.length,
      countTokens(candidate.query) ?? 'none',
      measured.sight,
      `${measured.status} ${measured.codes[0] ?? 'no error'}${measured.bytes > 1e5 ? ` ${(measured.bytes / 1e6).toFixed(1)} MB` : ''}`,
      `[${candidate.trail}; ${candidate.variant} server, ${candidate.way}] ${abbreviate(candidate.query)}`,
    ].join(' | '),
  );
  return [`## ${title}`, header, ...lines, ''];
}

/** Writes each document whole, with what it takes to send it again. */
export function writeDocuments(folder, title, rows) {
  mkdirSync(folder, { recursive: true });
  rows.forEach(({ candidate, measured }, index) => {
    const name = `${title.replaceAll(/\W+/g, '-')}-${index + 1}.json`;
    const { sight, blockMs, wallMs, growthMB, status, codes } = measured;
    const content = { ...candidate, measured: { sight, blockMs, wallMs, growthMB, status, codes } };
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
  });
}
