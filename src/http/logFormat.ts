import { describeRefusal } from '../graph/formatError.js';
import { UpstreamError, type Field } from '../upstream/errors.js';
import { createNegotiation } from './negotiation.js';
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

/** Returns false for a `format` parameter that is absent or empty. */
export function isNamed(name: unknown): boolean {
  return [name].flat().some((value) => value !== undefined && value !== '');
}

/** The format with this name; null where there is none. */
export function formatNamed(name: unknown): LogFormat | null {
  return name === 'ndjson' || name === 'text' ? logFormats[name] : null;
}

const { ndjson, text } = logFormats;
const negotiateFormat = createNegotiation([ndjson.mediaType, text.mediaType]);
const negotiateWithJson = createNegotiation([ndjson.mediaType, 'application/json', text.mediaType]);
const negotiateNdjson = createNegotiation([ndjson.mediaType]);

/**
 * Returns the format that an `Accept` header prefers; null when it takes neither. A program that would rather have JSON than text
 * gets NDJSON if it takes that at all: Axios sends `application/json, text/plain, *\/*`.
 */
export function formatAccepted(accept: string | undefined): LogFormat | null {
  if (negotiateWithJson(accept) === 'application/json' && negotiateNdjson(accept) !== null) return ndjson;
  const chosen = negotiateFormat(accept);
  return chosen === null ? null : chosen === text.mediaType ? text : ndjson;
}
