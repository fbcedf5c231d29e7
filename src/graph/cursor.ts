import { hash } from 'node:crypto';
import { badInput } from './badInput.js';

/**
 * The row that a cursor stands at: where it was in the list, and what to know it by when rows have come in before it. A row
 * that could not be read has no id, and is known by its place alone.
 */
export type Anchor = Readonly<{ offset: number; id: string | null; key: string | number | null }>;

const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, 8);

/** A short name for one list with its filter and order, so that a cursor of another list is told apart. */
export function nameList(list: string, filter: unknown): string {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, v]) => v !== null && v !== undefined)
            .sort(),
        )
      : value;
  return digest(`${list} ${JSON.stringify(filter, sorted)}`);
}

/** An opaque cursor. It holds no secret and is checked, not trusted: each part of it is validated when it comes back. */
export function writeCursor(listName: string, { offset, id, key }: Anchor): string {
  const payload = JSON.stringify([offset, id, key]);
  return Buffer.from(`${listName}${digest(listName + payload)}${payload}`).toString('base64url');
}

/** The longest text that may be a cursor. */
export const MAX_CURSOR_CHARACTERS = 2000;

/** The anchor of a cursor that this list gave out; `BAD_USER_INPUT` for any other text. */
export function readCursor(listName: string, cursor: string): Anchor {
  const foreign = (): Error => badInput('after', 'a cursor that this very list, filter and order gave', cursor);
  if (cursor.length > MAX_CURSOR_CHARACTERS) throw foreign();
  const text = Buffer.from(cursor, 'base64url').toString();
  const [name, check, payload] = [text.slice(0, 8), text.slice(8, 16), text.slice(16)];
  if (name !== listName || check !== digest(listName + payload)) throw foreign();
  try {
    const [offset, id, key] = JSON.parse(payload) as [unknown, unknown, unknown];
    const isAnchor =
      typeof offset === 'number' &&
      Number.isSafeInteger(offset) &&
      offset >= 0 &&
      offset < 2 ** 31 &&
      (id === null || typeof id === 'string') &&
      (key === null || typeof key === 'string' || typeof key === 'number');
    if (!isAnchor) throw foreign();
    return { offset, id, key };
  } catch {
    throw foreign();
  }
}
