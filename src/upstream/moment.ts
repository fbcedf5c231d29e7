import type { Field } from './errors.js';

/**
 * Moments as the REST API writes them: ISO 8601 with 0 to 7 fraction digits, in `Z` or at an offset, both from one server.
 * They are carried as text, because a JavaScript `Date` keeps 3 digits.
 */
const pattern =
  /^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** The same on a day that every month has, written as nearly all servers do: these need no calendar, which takes ten times as long. */
const plain =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const MINUTES_A_DAY = 24 * 60;

const ZERO = 48;

/** The number that two digits at an index write. */
function twoDigitsAt(text: string, index: number): number {
  return (text.charCodeAt(index) - ZERO) * 10 + text.charCodeAt(index + 1) - ZERO;
}

/** The minutes that `HH:MM` at an index is. */
function minutesAt(text: string, index: number): number {
  return twoDigitsAt(text, index) * 60 + twoDigitsAt(text, index + 3);
}

const twoDigits = (number: number): string => (number < 10 ? `0${number}` : String(number));

/** A plain moment in UTC; null where that is on another day. */
function plainToUtc(text: string): string | null {
  if (text.endsWith('Z')) return text;
  const signAt = text.length - 6;
  const aheadMinutes = minutesAt(text, signAt + 1) * (text[signAt] === '-' ? -1 : 1);
  const minutes = minutesAt(text, 11) - aheadMinutes;
  if (minutes < 0 || minutes >= MINUTES_A_DAY) return null;
  return `${text.slice(0, 11)}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}${text.slice(16, signAt)}Z`;
}

/** The same moment in UTC with the same fraction digits, `2017-04-04T07:07:21.3994255Z`; null when `text` is no moment. */
export function toUtc(text: string): string | null {
  const plainUtc = plain.test(text) ? plainToUtc(text) : null;
  if (plainUtc !== null) return plainUtc;
  const match = pattern.exec(text);
  if (!match) return null;
  const [, day = '', time = '', fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const localMs = Date.parse(`${day}T${time}Z`);
  // Of a day that its month has not, `Date` makes one of the next month.
  if (Number.isNaN(localMs) || new Date(localMs).getUTCDate() !== Number(day.slice(8))) return null;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const aheadMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60_000 : 60_000);
  const utc = new Date(localMs - aheadMs).toISOString();
  return /^(?!0000)\d/.test(utc) ? `${utc.slice(0, 19)}${fraction}Z` : null; // years beyond 9999 have a sign
}

/** Other forms of ISO 8601 that servers may write: a day alone, no seconds, `+0100` and `+01`. */
const shortForm =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(?:[Zz]|([+-]\d{2})(?::?(\d{2}))?)?)?$/;

function shortToUtc(text: string): string | null {
  const match = shortForm.exec(text);
  if (!match) return null;
  const [, day = '', time = '00:00', seconds = ':00', offsetHours = '+00', offsetMinutes = '00'] = match;
  return toUtc(`${day}T${time}${seconds}${offsetHours}:${offsetMinutes}`);
}

/** Returns a server's moment in UTC. Without an offset it is UTC, as Veeam documents. */
export function serverToUtc(text: string): string | null {
  const given = text.trim();
  return toUtc(given) ?? toUtc(`${given}Z`) ?? shortToUtc(given);
}

/** The end of 1970-01-01 in the time zone that reaches it last. */
const FIRST_MOMENT = '1970-01-02T12:00:00';
const LAST_YEAR = '9999';

/**
 * True for a moment that stands for "none". Programs write the first or the last day of their calendar for it: 0001-01-01,
 * 1601-01-01, 1753-01-01, 1900-01-01, 1970-01-01, 9999-12-31, or the day beside it in another time zone. No backup is as
 * old, or planned so late. The rest of a text that begins with such a day does not count.
 */
export function isNoMoment(text: string): boolean {
  return (text < FIRST_MOMENT || text >= LAST_YEAR) && /^\d{4}-\d{2}-\d{2}/.test(text);
}

/** A text that sorts as the moment does, whatever its fraction digits. */
export function sortKey(utc: string): string {
  return `${utc.slice(0, 19)}.${utc.slice(20, -1).padEnd(9, '0')}`;
}

/** Returns a test for moments before this one. A long list is tested in one go, so sort keys are made within one second only. */
export function isEarlierThan(boundUtc: string): (utc: string) => boolean {
  const second = boundUtc.slice(0, 19);
  const key = sortKey(boundUtc);
  return (utc) => (utc.startsWith(second) ? sortKey(utc) < key : utc < boundUtc);
}

/** The end of something that began at `start`; null for one before that, because nothing ends before it begins. */
export function endSince(start: Field<string | null>, end: Field<string | null>): Field<string | null> {
  if (typeof start !== 'string' || typeof end !== 'string') return end;
  const isBefore = end.startsWith(start.slice(0, 19)) ? sortKey(end) < sortKey(start) : end < start;
  return isBefore ? null : end;
}

/** Seconds from one UTC moment to another, exact to the nanosecond up to 104 days, within a double's precision beyond. */
export function secondsBetween(startUtc: string, endUtc: string): number {
  const wholeSeconds = (Date.parse(`${endUtc.slice(0, 19)}Z`) - Date.parse(`${startUtc.slice(0, 19)}Z`)) / 1000;
  const nanoseconds = Number(endUtc.slice(20, -1).padEnd(9, '0')) - Number(startUtc.slice(20, -1).padEnd(9, '0'));
  return (wholeSeconds * 1e9 + nanoseconds) / 1e9;
}

/** The same of two fields of a record: null while there is no end, and at fault when one of them is. */
export function duration(start: Field<string | null>, end: Field<string | null>): Field<number | null> {
  if (start instanceof Error) return start;
  if (end instanceof Error) return end;
  return start === null || end === null ? null : secondsBetween(start, end);
}

/** A record that began and, most often, ended. */
type Timed = Readonly<{ creationTime: Field<string | null>; endTime: Field<string | null> }>;

const known = new WeakMap<Timed, Field<number | null>>();

/** Returns how many seconds a record took; works it out once, however many aliases ask for it. */
export function durationOf(record: Timed): Field<number | null> {
  const before = known.get(record);
  if (before !== undefined) return before;
  const seconds = duration(record.creationTime, record.endTime);
  known.set(record, seconds);
  return seconds;
}
