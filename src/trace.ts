import type { IncomingHttpHeaders } from 'node:http';

/** What is said of a step. Never a token, an id, or text of a caller's but an operation's name. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One step of a trace. It is handed down as an argument: what follows the calls by itself costs a quarter of a short operation. */
export type Span = Readonly<{
  traceId: string;
  /** What tells somebody who is asked within this step where it belongs: `traceparent`, and `tracestate` where there is one. */
  headers: () => Readonly<Record<string, string>>;
  /** A step within this one: ours, or the call of another server. */
  start: (name: string, kind: 'internal' | 'client', attributes: Attributes) => Span;
  rename: (name: string) => void;
  set: (attributes: Attributes) => void;
  /** With a word for what went wrong, if anything did. */
  end: (fault?: string) => void;
}>;

export type Tracer = Readonly<{
  /** A request of a caller's, in the trace that its headers name, or in one of its own. */
  startRequest: (name: string, headers: IncomingHttpHeaders, attributes: Attributes) => Span;
  /** Sends what was not sent yet. */
  close: () => Promise<void>;
}>;
