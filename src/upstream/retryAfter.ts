const MAX_RETRY_AFTER_SECONDS = 86_400;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(?<month>${months.join('|')})`;
const time = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';

/** The three forms of a date in HTTP (RFC 9110, 5.6.7), the obsolete ones included. All of them are UTC. */
const dateForms = [
  new RegExp(`^${shortDay}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^${longDay}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^${shortDay} ${month} (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
];

/** Returns the year that two digits stand for: never one that is more than 50 years ahead. */
function fullYear(twoDigits: number, thisYear: number): number {
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/** Returns the moment of an HTTP date, in milliseconds of Unix time; undefined for any other text. */
function readHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of dateForms) {
    const groups = form.exec(text)?.groups;
    if (!groups) continue;
    const { day = '', year = '', hour, minute, second } = groups;
    const written = Number(year);
    const fullYears = year.length === 2 ? fullYear(written, new Date(nowMs).getUTCFullYear()) : written;
    const midnight = new Date(0);
    midnight.setUTCFullYear(fullYears, months.indexOf(groups['month'] ?? ''), Number(day));
    if (midnight.getUTCDate() !== Number(day)) return undefined; // such as 31 April
    return midnight.getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  }
  return undefined;
}

/**
 * Returns the wait that a `Retry-After` header names, in whole seconds rounded up, a day at most. Anything but seconds or an HTTP
 * date counts as absent.
 */
export function readRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const nowMs = Date.now();
  const dateMs = readHttpDate(text, nowMs);
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : dateMs === undefined ? NaN : (dateMs - nowMs) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(0, Math.ceil(seconds)));
}
