import { showGiven } from './show.js';

/** That traces are made, and how they are sent; where to, the packages of OpenTelemetry read themselves. */
export type TracingConfig = Readonly<{ protocol: 'http/protobuf' | 'http/json' }>;

const protocols = ['http/protobuf', 'http/json'] as const;

/** Traces are made when the standard variables name an endpoint, and do not say otherwise. Null for none. */
export function readTracing(
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): TracingConfig | null {
  const given = (name: string): string | undefined => (env[name] ?? '').trim() || undefined;
  const isOff = given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || given('OTEL_TRACES_EXPORTER') === 'none';
  const name = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((each) => given(each));
  if (isOff || name === undefined) return null;
  const endpoint = given(name) ?? '';
  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
    problems.push(`${name} must be a URL such as http://collector:4318; it is something else`);
  }
  const variable = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find((each) => given(each));
  const wanted = (variable && given(variable)) ?? 'http/protobuf';
  const protocol = protocols.find((each) => each === wanted);
  if (protocol === undefined) {
    problems.push(`${String(variable)} must be "http/protobuf" or "http/json"; got ${showGiven(wanted)}`);
  }
  return { protocol: protocol ?? 'http/protobuf' };
}
