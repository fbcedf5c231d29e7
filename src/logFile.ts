import { constants, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STDOUT = 1;

/** Lines are gathered up to this length and for this time, because a write for each line costs more than the line. */
const GATHERED_BYTES = 4096;
const GATHER_MS = 100;

/** Maximum log kept while stdout takes nothing, in bytes. Later lines are dropped. */
const MAX_PENDING_BYTES = 256 * 1024;

/** Longest time that the end of the process waits for a reader: in all, and without a byte read. */
const MAX_END_MS = 1000;
const MAX_STALL_MS = 500;
const PAUSE_MS = 5;

/** The beginning of a line of pino's highest level, which says why the process ends. */
const FATAL = '{"level":60';

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN';

/** Returns stdout, opened anew where it is a terminal: Node.js puts those into blocking mode, and one that is halted would halt the gateway. */
function openStdout(): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return isatty(STDOUT) ? openSync('/proc/self/fd/1', O_WRONLY | O_NONBLOCK | O_NOCTTY) : STDOUT;
  } catch {
    return STDOUT; // another system, or another user's terminal
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

/**
 * Writes lines to stdout and never waits for its reader. While stdout takes nothing (nobody reads the pipe, the disk is full), lines
 * are kept up to a bound. Beyond it they are dropped and counted, and a line says how many once stdout takes something again.
 * pino's own destination tries again for ever, whatever the error. A pipe must be in non-blocking mode, which Node.js sets at the
 * first use of the process's own stream.
 */
export class LogFile {
  readonly #format: (line: string) => string;
  readonly #descriptor = openStdout();
  #gathered = '';
  #timer: NodeJS.Timeout | undefined;
  /** Texts that stdout has not taken yet. The first one may be the rest of a text, so that no line is cut. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isFull = false;
  #isBusy = false;
  #untoldLines = 0;
  #droppedLines = 0;
  #endMs: number | undefined;

  constructor(format: (line: string) => string) {
    this.#format = format;
  }

  /** Number of lines dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Takes a line of JSON. The last word of a process that ends is never dropped. */
  write(line: string): void {
    if (this.#isFull && !line.startsWith(FATAL)) {
      this.#untoldLines += 1;
      this.#droppedLines += 1;
      return;
    }
    this.#gathered += this.#format(line);
    if (this.#gathered.length >= GATHERED_BYTES) this.flush();
    else this.#flushLater();
  }

  /** Writes as much as stdout takes at once, and the rest later. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#takeGathered();
    this.#writePending();
    if (this.#isFull && this.#pendingBytes <= MAX_PENDING_BYTES / 2) this.#resume();
    else this.#isFull ||= this.#pendingBytes > MAX_PENDING_BYTES;
    if (this.#pendingBytes > 0) this.#flushLater();
  }

  /** Writes all, and waits a short while for a reader that is behind. For the end of the process: later calls do not wait anew. */
  flushSync(): void {
    if (this.#untoldLines > 0) this.#resume();
    this.flush();
    let lastMs = performance.now();
    this.#endMs ??= lastMs + MAX_END_MS;
    while (this.#isBusy && performance.now() < Math.min(this.#endMs, lastMs + MAX_STALL_MS)) {
      pause();
      const before = this.#pendingBytes;
      this.#writePending();
      if (this.#pendingBytes < before) lastMs = performance.now();
    }
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, GATHER_MS).unref();
  }

  /** Takes lines again, and first says how many were dropped. */
  #resume(): void {
    this.#isFull = false;
    if (this.#untoldLines === 0) return;
    const time = new Date().toISOString();
    const notice = { level: 40, time, dropped: this.#untoldLines, msg: 'log lines dropped' };
    this.#untoldLines = 0;
    this.#gathered += this.#format(`${JSON.stringify(notice)}\n`);
    this.#takeGathered();
    if (!this.#isBusy) this.#writePending();
  }

  #takeGathered(): void {
    if (this.#gathered === '') return;
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = '';
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #writePending(): void {
    this.#isBusy = false;
    try {
      for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
        const written = writeSync(this.#descriptor, first);
        this.#pendingBytes -= written;
        if (written < first.length) this.#pending[0] = first.subarray(written);
        else this.#pending.shift();
      }
    } catch (error) {
      this.#isBusy = isBusy(error);
    }
  }
}
