import { textOf } from './problems.js';
import { show } from './show.js';

/** One operation that front ends may run: as `@apollo/generate-persisted-query-manifest` writes it. */
export type TrustedDocument = Readonly<{ id: string; name: string; type: string; body: string }>;

const FORMAT = 'apollo-persisted-query-manifest';
const VERSION = 1;
const types = ['query', 'mutation', 'subscription'];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** What an operation of the manifest lacks. */
function problemWith(operation: Readonly<Record<string, unknown>>): string | undefined {
  const name = ['id', 'name', 'body'].find((member) => !isText(operation[member]));
  if (name !== undefined) return `"${name}" must be a text; got ${show(operation[name])}`;
  const { type } = operation;
  return types.some((known) => known === type)
    ? undefined
    : `"type" must be one of ${types.join(', ')}; got ${show(type)}`;
}

function readOperations(operations: readonly unknown[], problems: string[]): readonly TrustedDocument[] {
  const found = new Map<string, TrustedDocument>();
  for (const [index, operation] of operations.entries()) {
    if (!isRecord(operation)) {
      problems.push(
        `operation ${index + 1} must be an object with "id", "name", "type" and "body"; got ${show(operation)}`,
      );
      continue;
    }
    const { id, name, type, body } = operation;
    if (!isText(id) || !isText(name) || !isText(type) || !isText(body) || problemWith(operation) !== undefined) {
      problems.push(`operation ${index + 1} (${show(name)}): ${String(problemWith(operation))}`);
      continue;
    }
    const other = found.get(id);
    if (other && other.body !== body) {
      problems.push(`operations "${other.name}" and "${name}" have one id, ${show(id)}, and different bodies`);
    }
    found.set(id, { id, name, type, body });
  }
  return [...found.values()];
}

/**
 * The operations of a manifest. What is wrong with its text goes into `problems`, each a sentence that says what was expected
 * and what came; whether the operations fit the schema is found out where the schema is.
 */
export function readManifest(text: string, problems: string[]): readonly TrustedDocument[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    problems.push(`expected JSON; it cannot be parsed (${textOf(error, 'message') ?? 'unknown'})`);
    return [];
  }
  if (!isRecord(manifest)) {
    problems.push(`expected an object with "format", "version" and "operations"; got ${show(manifest)}`);
    return [];
  }
  const { format, version, operations } = manifest;
  if (format !== FORMAT) problems.push(`"format" must be "${FORMAT}"; got ${show(format)}`);
  if (version !== VERSION) problems.push(`"version" must be ${VERSION}; got ${show(version)}`);
  if (problems.length > 0) return [];
  if (!Array.isArray(operations) || operations.length === 0) {
    problems.push(`"operations" must be an array of one operation or more; got ${show(operations)}`);
    return [];
  }
  return readOperations(operations, problems);
}
