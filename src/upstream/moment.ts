import type { Field } from './errors.js';

/**
 * Moments as the REST API writes them: ISO 8601 with 0 to 7 fraction digits, in `Z` or at an offset, both from one server.
 * They are carried as text, because a JavaScript `Date` keeps 3 digits.
 */
const pattern = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

/** The same moment in UTC with the same fraction digits, `2017-04-04T07:07:21.3994255Z`; null when `text` is no moment. */
export function toUtc(text: string): string | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, , sign, offsetHours = '0', offsetMinutes = '0'] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;

  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day)); // Date.UTC would read year 1 as 1901
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() + 1 !== Number(month)) return null;
  const aheadMinutes = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
  date.setUTCHours(Number(hour), Number(minute) - aheadMinutes, Number(second));
  if (date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999) return null;
  return `${date.toISOString().slice(0, 19)}${fraction === undefined ? '' : `.${fraction}`}Z`;
}

/** A text that sorts as the moment does, whatever its fraction digits. */
export function sortKey(utc: string): string {
  return `${utc.slice(0, 19)}.${utc.slice(20, -1).padEnd(9, '0')}`;
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
