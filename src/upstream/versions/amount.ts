/** Assumes 1 KB = 1,024 bytes, as Windows tools do. No document says. */
const unitBytes: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };

/** Longer than any amount, and short enough for the patterns' repeated blanks. */
const MAX_AMOUNT_CHARACTERS = 64;

/** Up to here every whole number is exact. */
const MAX_DIGITS = 15;

/** Digits with single separators between them: a comma, a point, blanks of several widths, an apostrophe. */
const number = String.raw`(\d+(?:[.,'’ \u00a0\u2009\u202f]\d+)*)`;
const countPattern = new RegExp(String.raw`^\s*${number}\s*$`);
const bytesPattern = new RegExp(String.raw`^\s*${number}\s*([kmgt]?b)(?:/s)?\s*$`, 'i');
const itemsPattern = new RegExp(String.raw`^\s*\(\s*${number}\s*items?/s\s*\)\s*$`, 'i');

type Mark = '.' | ',';
const isMark = (separator: string | undefined): separator is Mark => separator === '.' || separator === ',';

/** A number, and what it shows of the culture that it is written in: which mark comes before decimals. */
type Written = Readonly<{ value: number; mark: Mark | null }>;

/** True for `1 234 567`, and for `12 34 567`, as it is written in India. */
function isGrouped([first = '', ...groups]: readonly string[]): boolean {
  const [last, ...middle] = groups.toReversed();
  if (last === undefined) return true;
  if (last.length !== 3 || first.length > 3 || first.startsWith('0')) return false;
  return middle.every(({ length }) => length === 3) || (first.length < 3 && middle.every(({ length }) => length === 2));
}

/**
 * Reads a number that may have separators of thousands. Null where the digits leave a doubt, as in `1,234`: then `mark`
 * decides, if another number of the same text shows it. `isWhole` says that the number cannot have thousandths.
 */
function readNumber(text: string, mark: Mark | null, isWhole = false): Written | null {
  const digits = text.split(/\D/);
  const separators = text.split(/\d+/).slice(1, -1);
  const last = separators.at(-1);
  const others = separators.slice(0, -1);
  const isAlike = others.every((separator) => separator === others[0]);
  if (text.length - separators.length > MAX_DIGITS || !isAlike) return null;

  const isGroups = (last === undefined || others.every((separator) => separator === last)) && isGrouped(digits);
  const isDecimal = isMark(last) && !others.includes(last) && isGrouped(digits.slice(0, -1));
  const isInDoubt = isGroups && isDecimal && !isWhole;
  if (isInDoubt ? mark === last : isDecimal && !isGroups) {
    return {
      value: Number(`${digits.slice(0, -1).join('')}.${digits.at(-1) ?? ''}`),
      mark: isMark(last) ? last : null,
    };
  }
  if (!isGroups || (isInDoubt && mark === null)) return null;
  return { value: Number(digits.join('')), mark: last === ',' ? '.' : last === '.' ? ',' : null };
}

type Amount = Readonly<{ bytes: number | null; items: number | null }>;

/**
 * Reads `99.1 KB/s (1,234 items/s)`, `20,8 MB/s`, `12345 B`, each part for itself: one that is missing, in doubt or of
 * another form is null. So are items that are no whole number, because the graph has whole ones alone.
 */
export function readAmount(text: string): Amount {
  if (text.length > MAX_AMOUNT_CHARACTERS) return { bytes: null, items: null };
  const bracketAt = text.includes('(') ? text.indexOf('(') : text.length;
  const [, bytesText, unit = ''] = bytesPattern.exec(text.slice(0, bracketAt)) ?? [];
  const [, itemsText] = itemsPattern.exec(text.slice(bracketAt)) ?? [];
  const isWhole = unit.toLowerCase() === 'b'; // a byte has no thousandths
  const readBytes = (mark: Mark | null): Written | null =>
    bytesText === undefined ? null : readNumber(bytesText, mark, isWhole);
  const items = itemsText === undefined ? null : readNumber(itemsText, readBytes(null)?.mark ?? null);
  const amount = readBytes(items?.mark ?? null);
  return {
    bytes: amount && Math.round(amount.value * (unitBytes[unit.toLowerCase()] ?? NaN)),
    items: items && Number.isInteger(items.value) ? items.value : null,
  };
}

/** Returns the whole number of a text such as `1,234`; null for any other text. */
export function readCount(text: string): number | null {
  if (text.length > MAX_AMOUNT_CHARACTERS) return null;
  const [, digits] = countPattern.exec(text) ?? [];
  const value = digits === undefined ? undefined : readNumber(digits, null, true)?.value;
  return value !== undefined && Number.isInteger(value) ? value : null;
}
