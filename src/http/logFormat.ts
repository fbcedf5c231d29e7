import { describeRefusal } from '../graph/formatError.js';
import { UpstreamError, type Field } from '../upstream/errors.js';
import { duration } from '../upstream/moment.js';
import type { LogItemRecord } from '../upstream/resources/logItem.js';

/** What an error says to the caller of a download: a message, a code, the request id and maybe more. */
export type Told = Readonly<{ message: string; code: string; requestId: string }> & Readonly<Record<string, unknown>>;

/** How a log is written: each line ends with a line feed, and none has another one in it. */
export type LogFormat = Readonly<{
  mediaType: string;
  contentType: string;
  extension: string;
  renderLine: (line: Field<LogItemRecord>) => string;
  /** The last line of a log that could not be read to its end. */
  renderEnd: (told: Told) => string;
}>;

/**
 * What moves a terminal's cursor, ends a line for some reader of lines, or turns the direction of the text around it. JSON
 * itself escapes only those below U+0020.
 */
const active = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const activeOrControl = new RegExp(`[\\u0000-\\u001f]|${active.source}`, 'g');
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escape = (character: string): string =>
  shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const toJsonLine = (value: object): string => `${JSON.stringify(value).replace(active, escape)}\n`;

type FieldError = Readonly<{ field: string | null; message: string; code: unknown }>;

function tellField(field: string | null, error: UpstreamError): FieldError {
  const { message, extensions } = describeRefusal(error, '');
  return { field, message, code: extensions?.['code'] };
}

const nothing = {
  id: null,
  sequenceNumber: null,
  type: null,
  message: null,
  creationTime: null,
  endTime: null,
  durationSeconds: null,
};

/** A line as the graph's `LogItem` is; what is at fault in it is null, and told in `errors`. */
function toObject(line: Field<LogItemRecord>): object {
  if (line instanceof UpstreamError) return { ...nothing, errors: [tellField(null, line)] };
  const errors: FieldError[] = [];
  const read = <T>(field: string, value: Field<T>): T | null => {
    if (!(value instanceof UpstreamError)) return value;
    errors.push(tellField(field, value));
    return null;
  };
  const { id, sequenceNumber, type, message, creationTime, endTime } = line;
  const object = {
    id,
    sequenceNumber: read('sequenceNumber', sequenceNumber),
    type: read('type', type),
    message: read('message', message),
    creationTime: read('creationTime', creationTime),
    endTime: read('endTime', endTime),
    durationSeconds: read('durationSeconds', duration(creationTime, endTime)),
  };
  return errors.length === 0 ? object : { ...object, errors };
}

const toText = (value: Field<string | null>): string =>
  value instanceof UpstreamError ? '?' : (value ?? '-').replace(activeOrControl, escape);

function toTextLine(line: Field<LogItemRecord>): string {
  if (line instanceof UpstreamError) return '? [?] ?\n';
  return `${toText(line.creationTime)} [${toText(line.type)}] ${toText(line.message)}\n`;
}

/** The formats by the name that `?format=` has for them, the usual one first. */
export const logFormats: Readonly<Record<'ndjson' | 'text', LogFormat>> = {
  ndjson: {
    mediaType: 'application/x-ndjson',
    contentType: 'application/x-ndjson',
    extension: 'ndjson',
    renderLine: (line) => toJsonLine(toObject(line)),
    renderEnd: (told) => toJsonLine({ error: told }),
  },
  text: {
    mediaType: 'text/plain',
    contentType: 'text/plain; charset=utf-8',
    extension: 'txt',
    renderLine: toTextLine,
    renderEnd: ({ code, message, requestId }) => `!! ${code}: ${message} (request id ${requestId})\n`,
  },
};

/** The format with this name; null where there is none. */
export function formatNamed(name: unknown): LogFormat | null {
  return name === 'ndjson' || name === 'text' ? logFormats[name] : null;
}

/** The weight that an Accept header gives a media type: that of the range that fits it best; 0 where none does. */
function weightOf(mediaType: string, accept: string): number {
  const [group = ''] = mediaType.split('/');
  const fits = [mediaType, `${group}/*`, '*/*'];
  let [weight, rank] = [0, fits.length];
  for (const part of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim());
    const fit = fits.indexOf(range);
    if (fit === -1 || fit >= rank) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    [weight, rank] = [quality === undefined ? 1 : Number(quality) || 0, fit];
  }
  return weight;
}

/** The format that an Accept header likes best, NDJSON where it likes both; null where it takes neither. */
export function formatAccepted(accept: string): LogFormat | null {
  const { ndjson, text } = logFormats;
  const [json, plain] = [weightOf(ndjson.mediaType, accept), weightOf(text.mediaType, accept)];
  if (json === 0 && plain === 0) return null;
  return json >= plain ? ndjson : text;
}
