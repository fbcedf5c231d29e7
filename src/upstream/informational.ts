import type { Socket } from 'node:net';

/** Maximum number of informational answers before a final one. They come once or twice, if at all. */
const MAX_INFORMATIONAL = 20;

/** Maximum length of one of them, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** The first bytes of an informational answer. `#` is any digit. */
const START = Buffer.from('HTTP/1.# 1##');
const STATUS_AT = START.indexOf('1##');
const ONE = 0x31;
const ANY_DIGIT = 0x23;
const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Returns true for an informational answer, false for a final one, and null while there are too few bytes to say. */
function isInformational(data: Buffer, at: number): boolean | null {
  const status = data[at + STATUS_AT];
  if (status !== undefined && status !== ONE) return false; // nearly all answers
  for (const [index, expected] of START.entries()) {
    const byte = data[at + index];
    if (byte === undefined) return null;
    if (expected === ANY_DIGIT ? !isDigit(byte) : byte !== expected) return false;
  }
  return data.toString('latin1', at + START.length - 3, at + START.length) !== '101'; // which ends HTTP on this connection
}

/**
 * Takes informational answers (1xx, except 101) out of the bytes of a connection. It looks at what comes after a request, up to the
 * final answer's first bytes, and never into an answer. The bytes may come in pieces of any length.
 */
export class InformationalFilter {
  #isExpecting = false;
  /** Bytes that are too few to say what they begin. */
  #held: Buffer = NOTHING;
  #isInHead = false;
  #isLineEmpty = false;
  #headBytes = 0;
  #count = 0;
  /** Empty lines between answers, in bytes. */
  #blankBytes = 0;

  /** Expects an answer, because a request was sent. */
  expectAnswer(): void {
    this.#isExpecting = true;
    this.#held = NOTHING;
    this.#isInHead = false;
    this.#count = 0;
    this.#blankBytes = 0;
  }

  /** Returns the bytes that are left for the parser; null when informational answers do not end. */
  filter(chunk: Buffer): Buffer | null {
    if (!this.#isExpecting) return chunk;
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    let at = 0;
    while (at < data.length) {
      if (this.#isInHead) {
        at = this.#skipHead(data, at);
        if (this.#headBytes > MAX_HEAD_BYTES) return null;
        continue;
      }
      if (data[at] === CR || data[at] === LF) {
        this.#blankBytes += 1;
        if (this.#blankBytes > MAX_HEAD_BYTES) return null;
        at += 1;
        continue;
      }
      const isSkipped = isInformational(data, at);
      if (isSkipped === null) {
        this.#held = data.subarray(at);
        return NOTHING;
      }
      if (!isSkipped) {
        this.#isExpecting = false;
        return data.subarray(at);
      }
      this.#count += 1;
      if (this.#count > MAX_INFORMATIONAL) return null;
      this.#isInHead = true;
      this.#isLineEmpty = false;
      this.#headBytes = 0;
    }
    return NOTHING;
  }

  /** Returns where an informational answer ends, or the end of the data. */
  #skipHead(data: Buffer, from: number): number {
    let at = from;
    while (this.#isInHead && at < data.length) {
      const byte = data[at];
      if (byte === LF) {
        if (this.#isLineEmpty) this.#isInHead = false;
        this.#isLineEmpty = true;
      } else if (byte !== CR) this.#isLineEmpty = false;
      at += 1;
    }
    this.#headBytes += at - from;
    return at;
  }
}

/**
 * Removes informational responses before undici's parser reads them. Replaces `read` and `write` of this one socket: undici calls both once for
 * a GET, and has no other place between the connection and its parser. Destroys the socket with `excess` when they do not end.
 */
export function skipInformational(socket: Socket, excess: () => Error): void {
  const filter = new InformationalFilter();
  const read: (size?: number) => unknown = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    filter.expectAnswer();
    return write(...args);
  };
  socket.read = (size?: number): unknown => {
    for (;;) {
      const chunk = read(size);
      if (!Buffer.isBuffer(chunk)) return chunk;
      const rest = filter.filter(chunk);
      if (rest === null) {
        socket.destroy(excess());
        return null;
      }
      if (rest.length > 0) return rest;
    }
  };
}
