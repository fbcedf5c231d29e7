import { UpstreamError, type About, type Field } from './errors.js';
import { isNoMoment, serverToUtc } from './moment.js';
import type { Notice, Raw } from './resource.js';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nothingUuid = '00000000-0000-0000-0000-000000000000';
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** The longest link that is taken apart: a text of megabytes would be split for seconds. */
const MAX_LINK_CHARACTERS = 2000;

/** Maximum length of a text that is compared with words, such as enum values, or read as a number. */
const MAX_WORD_CHARACTERS = 100;

/** The id in lower case, or null when `text` is not a UUID. */
export function toUuid(text: string): string | null {
  return uuidPattern.test(text) ? text.toLowerCase() : null;
}

export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The target of a `_links` entry: the collection's name in lower case, and the id. */
type Link = Readonly<{ collection: string; id: string }>;

/** Returns the member with this name in any case. Called where there is none with this very name. */
function inAnyCase(object: Raw, name: string): unknown {
  const wanted = name.toLowerCase();
  for (const key in object) if (key.length === wanted.length && key.toLowerCase() === wanted) return object[key];
  return undefined;
}

/**
 * Reads a `_links` entry, an object with a `href` or the address alone. Links are absolute or relative, in any case, and of another API version at times, so only their
 * last two segments count. They are never followed.
 */
function toLink(entry: unknown): Link | null {
  const href = isObject(entry) ? entry['href'] : entry;
  if (typeof href !== 'string' || href.length > MAX_LINK_CHARACTERS) return null;
  const [collection, last] = (href.split(/[?#]/, 1)[0] ?? '').replace(/\/$/, '').split('/').slice(-2);
  const id = last === undefined ? null : toUuid(last);
  if (collection === undefined || id === null || id === nothingUuid) return null;
  return { collection: collection.toLowerCase(), id };
}

/** Returns a text without the blanks around it; null for a text that is longer than any word, and for other kinds. */
function toWord(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MAX_WORD_CHARACTERS ? value.trim() : null;
}

/**
 * Reads the fields of one raw object. Absent and null are null. So is an empty or blank text where another kind is expected:
 * some servers write "none" that way. A scalar of another kind is an `UpstreamError` in its place. A bad id, or a body that
 * is no object, is thrown, because it spoils the whole record.
 */
export class Reader {
  readonly #raw: Raw;
  readonly #about: About;
  readonly #notice: Notice;

  constructor(body: unknown, about: About, notice: Notice) {
    this.#about = about;
    this.#notice = notice;
    if (!isObject(body)) throw this.#bad('', `${body === null ? 'null' : kindOf(body)} instead of an object`);
    this.#raw = body;
  }

  #bad(field: string, reason: string): UpstreamError {
    // Without a spread, which takes longer than all the rest: a page can have ten thousand bad fields.
    const { resource, id } = this.#about;
    return new UpstreamError({ resource, id, field, fault: 'badResponse', reason });
  }

  #unexpected(field: string, expected: string, value: unknown): UpstreamError {
    return this.#bad(field, `${kindOf(value)} instead of ${expected}`);
  }

  /** Returns null for a blank text, else an error. Called when a value was not read. */
  #noneOr(field: string, expected: string, value: unknown): UpstreamError | null {
    return toWord(value) === '' ? null : this.#unexpected(field, expected, value);
  }

  /** Returns the record's own id, a UUID in lower case. A record without an id has that of its `self` link. */
  id(): string {
    const value = this.#raw['id'];
    const isMissing = value === undefined || value === null || toWord(value) === '';
    const id = isMissing ? (this.link('self')?.id ?? null) : typeof value === 'string' ? toUuid(value) : null;
    if (id === null) throw this.#unexpected('id', 'a UUID', value);
    return id;
  }

  /** The record's own id where the server gives any text. */
  textId(): string {
    const value = this.#raw['id'];
    if (typeof value !== 'string' || value === '') throw this.#unexpected('id', 'a text', value);
    return value;
  }

  /** Another thing's id, a UUID in lower case; the all-zero UUID is null. */
  uuid(field: string): Field<string | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    const id = typeof value === 'string' ? toUuid(value) : null;
    if (id === null) return this.#noneOr(field, 'a UUID', value);
    return id === nothingUuid ? null : id;
  }

  text(field: string): Field<string | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    return typeof value === 'string' ? value : this.#unexpected(field, 'a text', value);
  }

  /** True or false, or its text in any case: Veeam's own pages show both. */
  flag(field: string): Field<boolean | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    if (typeof value === 'boolean') return value;
    const word = toWord(value)?.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    return this.#noneOr(field, 'true or false', value);
  }

  /** A number, or its text: v8 builds are said to mix both. */
  decimal(field: string): Field<number | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    const word = toWord(value);
    const number = word !== null && /^-?\d{1,20}(\.\d{1,20})?$/.test(word) ? Number(word) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.#noneOr(field, 'a number', value);
  }

  /** A whole number that is exact. `JSON.parse` rounds beyond 2^53, so what is beyond is a fault, not a value. */
  integer(field: string): Field<number | null> {
    const number = this.decimal(field);
    if (typeof number !== 'number') return number;
    if (!Number.isInteger(number)) return this.#bad(field, 'a fraction instead of a whole number');
    return Number.isSafeInteger(number) ? number : this.#bad(field, 'a number beyond 2^53');
  }

  /** A whole number that fits GraphQL's `Int`. */
  int32(field: string): Field<number | null> {
    const number = this.integer(field);
    return typeof number === 'number' && (number < INT32_MIN || number > INT32_MAX)
      ? this.#bad(field, 'a number beyond 2^31')
      : number;
  }

  /** A moment in UTC with the digits that the server gave; null for one that stands for "none". */
  moment(field: string): Field<string | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') return this.#unexpected(field, 'a date and time', value);
    const utc = serverToUtc(value);
    if (isNoMoment(utc ?? value.trim())) return null;
    return utc ?? this.#noneOr(field, 'a date and time', value);
  }

  /** The enum value that `values` gives for the text in lower case; UNKNOWN, with a notice, for any other text. */
  oneOf<Value extends string>(field: string, values: Readonly<Record<string, Value>>): Field<Value | 'UNKNOWN' | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') return this.#unexpected(field, 'a text', value);
    const key = toWord(value)?.toLowerCase();
    if (key === '') return null;
    const known = key !== undefined && Object.hasOwn(values, key) ? values[key] : undefined;
    if (known !== undefined) return known;
    this.#notice({ resource: this.#about.resource, field, value, problem: 'unknown value' });
    return 'UNKNOWN';
  }

  /** The object in `field`; null when absent. */
  object(field: string): Field<Reader | null> {
    const value = this.#raw[field];
    if (value === undefined || value === null) return null;
    return isObject(value) ? new Reader(value, this.#about, this.#notice) : this.#noneOr(field, 'an object', value);
  }

  /** The first of these links that names an id; names are compared in any case. */
  link(...names: readonly string[]): Link | null {
    const links = this.#raw['_links'];
    if (!isObject(links)) return null;
    for (const name of names) {
      const link = toLink(links[name] ?? inAnyCase(links, name));
      if (link !== null) return link;
    }
    return null;
  }

  /** An id in the body or, where the body has none, in one of these links. */
  idOrLink(field: string, ...linkNames: readonly string[]): Field<string | null> {
    return this.uuid(field) ?? this.link(...linkNames)?.id ?? null;
  }
}
