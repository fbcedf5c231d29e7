const known = new WeakMap<readonly string[], readonly string[]>();

/**
 * Returns the values of a list without repeats, in one order, so that equal filters are one. A list that a variable holds is
 * the same array for each row of an answer, and is looked through once.
 */
export function distinct<Value extends string>(list: readonly Value[]): readonly Value[] {
  const before = known.get(list) as readonly Value[] | undefined; // set below, for this very list
  const values = before ?? [...new Set(list)].sort();
  known.set(list, values);
  return values;
}
