/** How much is parsed at once: some milliseconds' work. */
const SLICE_BYTES = 512 * 1024;

/** Where a slice may end: between two objects. Inside of one such a place is rare in what servers send. */
const BETWEEN = Buffer.from('},{');
const MAX_TRIES = 8;

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];
const blanks = new Set([TAB, LINE_FEED, CARRIAGE_RETURN, SPACE]);

/** The text within the brackets of an array, blanks around them aside; null when it is none. */
function withinBrackets(json: Buffer): Buffer | null {
  let [start, end] = [0, json.length];
  while (blanks.has(json[start] ?? 0)) start += 1;
  while (blanks.has(json[end - 1] ?? 0)) end -= 1;
  return json[start] === OPEN_BRACKET && json[end - 1] === CLOSE_BRACKET ? json.subarray(start + 1, end - 1) : null;
}

/**
 * The rows up to the first place to cut from `SLICE_BYTES` on, and where that is; all of them where there is none. What ends
 * within an object, or a text, is no JSON, so that a cut in the wrong place shows itself, and the next one is tried.
 */
function parseSlice(rows: Buffer): { parsed: unknown[]; length: number } {
  let from = SLICE_BYTES;
  for (let attempt = 0; attempt < MAX_TRIES && rows.length > from; attempt += 1) {
    const cut = rows.indexOf(BETWEEN, from) + 1;
    if (cut === 0) break;
    try {
      return { parsed: JSON.parse(`[${rows.toString('utf8', 0, cut)}]`) as unknown[], length: cut + 1 };
    } catch {
      from = cut; // not between two rows
    }
  }
  return { parsed: JSON.parse(`[${rows.toString()}]`) as unknown[], length: rows.length };
}

/**
 * Parses an array of objects a slice at a time, and lets others go on in between: API v2 to v4 answer with all their sessions
 * at once. Throws what `JSON.parse` does; null when it is not an array that is parsed.
 */
export async function parseLongArray(json: Buffer, letOthersGoOn: () => Promise<void>): Promise<unknown[] | null> {
  let rest = withinBrackets(json);
  if (rest === null) return null;
  const rows: unknown[] = [];
  while (rest.length > 0) {
    const { parsed, length } = parseSlice(rest);
    for (const row of parsed) rows.push(row);
    rest = rest.subarray(length);
    await letOthersGoOn();
  }
  return rows;
}
