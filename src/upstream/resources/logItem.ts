import type { LogItem, LogItemType } from '../../graph/generated.js';
import type { Fields } from '../errors.js';
import { endSince } from '../moment.js';
import type { Raw, Resource } from '../resource.js';

/** Without how long a step took: a resolver works it out where it is asked for, as it costs more than all the rest. */
export type LogItemRecord = Fields<Omit<LogItem, '__typename' | 'id' | 'durationSeconds'>> & { readonly id: string };

/** Types as v8 spells them, and the words that older versions put in brackets before a title. */
export const logItemTypes: Readonly<Record<string, LogItemType>> = {
  running: 'RUNNING',
  success: 'SUCCESS',
  warning: 'WARNING',
  error: 'ERROR',
  failed: 'ERROR',
  stop: 'STOPPED',
  stopped: 'STOPPED',
  unknown: 'UNKNOWN', // a title without a prefix
};

/** The parts of `[Success] Done`: a word in brackets, and the text after it. */
const prefixed = /^\s*\[([^\]]{1,40})\]\s*(.*)$/s;

const isTypeWord = (word: string | undefined): boolean =>
  word !== undefined && Object.hasOwn(logItemTypes, word.toLowerCase());

/** Splits a message that begins with a type in brackets. Called for a line that has no other text and no type. */
function splitMessage(raw: Raw): Raw {
  const [, bracketed, text] = typeof raw['message'] === 'string' ? (prefixed.exec(raw['message']) ?? []) : [];
  const word = bracketed?.trim();
  return isTypeWord(word) ? { ...raw, type: word, message: text } : raw;
}

const isFilled = (value: unknown): boolean =>
  typeof value === 'string' ? /\S/.test(value) : value !== undefined && value !== null;

/**
 * Gives a line with a title such as `[Success] Done` its type and its message. Lines have a title up to v7, but some
 * builds differ, so the line itself decides: a type or message of its own counts. A title in brackets that tell no type
 * keeps them, because they may be part of the text.
 */
export function splitTitle(raw: Raw): Raw {
  const { title, type, message } = raw;
  if (isFilled(type) && isFilled(message)) return raw;
  if (!isFilled(title)) return isFilled(type) ? raw : splitMessage(raw);
  if (typeof title !== 'string') return { ...raw, message: isFilled(message) ? message : title };
  const match = prefixed.exec(title);
  const word = match?.[1]?.trim();
  return {
    ...raw,
    type: isFilled(type) ? type : (word ?? 'Unknown'),
    message: isFilled(message) ? message : isTypeWord(word) ? match?.[2] : title,
  };
}

export const logItems: Resource<'logItem', LogItemRecord> = {
  name: 'logItem',
  normalize: (read) => {
    const creationTime = read.moment('creationTime');
    return {
      id: read.id(),
      sequenceNumber: read.integer('usn'),
      type: read.oneOf('type', logItemTypes),
      message: read.text('message'),
      creationTime,
      endTime: endSince(creationTime, read.moment('endTime')),
    };
  },
  rank: (raw) => {
    const number = typeof raw['usn'] === 'string' ? Number(raw['usn']) : raw['usn'];
    return typeof number === 'number' && Number.isFinite(number) ? number : -Infinity;
  },
};
