import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
} from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { setTimeout as wait } from 'node:timers/promises';
import type { TracingConfig } from '../config/tracing.js';
import type { Attributes, Span, Tracer } from '../trace.js';

/** How often the log has it at the most that traces cannot be sent. */
const TELL_EVERY_MS = 60_000;

/** How long what was not sent yet may take. */
const CLOSE_MS = 1000;

export type TracingOptions = TracingConfig &
  Readonly<{
    version: string;
    log: Readonly<{ warn: (fields: Record<string, unknown>, message: string) => void }>;
  }>;

const kinds = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** Tells that traces do not arrive, without what the exporter says of it: that may hold headers. */
function tellOfFailures(log: TracingOptions['log']): (error: unknown) => void {
  let toldAtMs = -Infinity;
  const tell = (error: unknown): void => {
    if (performance.now() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = performance.now();
    const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
    const word = typeof code === 'string' || typeof code === 'number' ? code : 'unknown';
    log.warn({ code: word }, 'traces cannot be sent');
  };
  setGlobalErrorHandler(tell);
  return tell;
}

/**
 * Traces for OpenTelemetry, sent over OTLP. Where to, how many of them and under which name is said by the standard `OTEL_…` variables,
 * which its packages read themselves. Nothing is global in it: a step knows the one that it is in.
 */
export function createTracer({ protocol, version, log }: TracingOptions): Tracer {
  const tell = tellOfFailures(log);
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const own = resourceFromAttributes({ 'service.name': 'backup365-gateway', 'service.version': version });
  const provider = new BasicTracerProvider({
    // The name that the environment gives goes before ours.
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('backup365-gateway', version);
  const propagator = new W3CTraceContextPropagator();

  function start(name: string, kind: keyof typeof kinds, attributes: Attributes, within: Context): Span {
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, within);
    const own = trace.setSpan(within, span);
    return {
      traceId: span.spanContext().traceId,
      headers: () => {
        const headers: Record<string, string> = {};
        propagator.inject(own, headers, defaultTextMapSetter);
        return headers;
      },
      start: (childName, childKind, childAttributes) => start(childName, childKind, childAttributes, own),
      rename: (newName) => {
        span.updateName(newName);
      },
      set: (more) => {
        span.setAttributes(more);
      },
      end: (fault) => {
        if (fault !== undefined) {
          span.setAttribute('error.type', fault);
          span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
        }
        span.end();
      },
    };
  }

  return {
    startRequest: (name, headers, attributes) =>
      start(name, 'server', attributes, propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)),
    close: () => Promise.race([provider.shutdown().catch(tell), wait(CLOSE_MS, undefined, { ref: false })]),
  };
}
