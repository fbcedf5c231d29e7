/** Rows that are worked on before others get a turn: some milliseconds' work. */
export const SLICE_ROWS = 1000;

/** Lets others go on now and then; rejects once the operation is over. */
export type YieldToOthers = () => Promise<void>;

/** Converts each row, a slice at a time. */
export async function mapInSlices<Row, Result>(
  rows: readonly Row[],
  convert: (row: Row) => Result,
  yieldToOthers: YieldToOthers,
): Promise<Result[]> {
  if (rows.length <= SLICE_ROWS) return rows.map(convert);
  const results: Result[] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    await yieldToOthers();
    for (const row of rows.slice(start, start + SLICE_ROWS)) results.push(convert(row));
  }
  return results;
}

/** Rows that are merged or sorted in one go: sorting does more for each of them than converting. */
const RUN_ROWS = 4 * SLICE_ROWS;

/** Merges two sorted lists of indices. Equal ones keep the order of the lists. */
async function merge(
  left: readonly number[],
  right: readonly number[],
  compare: (a: number, b: number) => number,
  yieldToOthers: YieldToOthers,
): Promise<number[]> {
  const merged: number[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    if (merged.length % RUN_ROWS === 0) await yieldToOthers();
    const [a, b] = [left[l], right[r]];
    if (b === undefined || (a !== undefined && compare(a, b) <= 0)) {
      if (a !== undefined) merged.push(a);
      l += 1;
    } else {
      merged.push(b);
      r += 1;
    }
  }
  return merged;
}

/** Returns the indices from 0 to `count` in order; equal ones keep theirs. Long lists are sorted in runs, which are merged. */
export async function sortIndicesInSlices(
  count: number,
  compare: (a: number, b: number) => number,
  yieldToOthers: YieldToOthers,
): Promise<readonly number[]> {
  let runs: number[][] = [];
  for (let start = 0; start < count; start += RUN_ROWS) {
    if (count > RUN_ROWS) await yieldToOthers();
    const length = Math.min(RUN_ROWS, count - start);
    runs.push(Array.from({ length }, (_, index) => start + index).sort(compare));
  }
  while (runs.length > 1) {
    const merged: number[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(await merge(runs[index] ?? [], runs[index + 1] ?? [], compare, yieldToOthers));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}
