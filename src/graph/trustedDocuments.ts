import {
  getOperationAST,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import type { TrustedDocument } from '../config/manifest.js';
import { show } from '../config/show.js';
import { createDocumentCheck } from './documentLimits.js';

/** What a request says of its document: ids, and texts, as they came. All must mean the same one. */
export type Claims = Readonly<{ ids: readonly unknown[]; texts: readonly unknown[] }>;

export type TrustedDocuments = Readonly<{
  /** The text of the trusted document that is meant, or why the request is refused. */
  find: (claims: Claims) => string | GraphQLError;
}>;

/** How the identifiers of GraphQL over HTTP's persisted documents say that they are hashes. */
const PREFIX = 'sha256:';

function describe({ ids, texts }: Claims): string {
  const [id] = ids;
  if (ids.length + texts.length > 1) return 'an id and a text, or two ids, that are not of one and the same document';
  return ids.length > 0 ? `the id ${show(id)}, which is not among them` : 'a text that is not among them';
}

function notTrusted(claims: Claims): GraphQLError {
  const got = claims.ids.length + claims.texts.length === 0 ? 'neither' : describe(claims);
  return new GraphQLError(
    `Only trusted documents are run here. Expected the id of one ("extensions.persistedQuery.sha256Hash" or "documentId"), or its exact text; got ${got}.`,
    { extensions: { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 400 } } },
  );
}

/** The documents that may run, found by what requests say of them. */
export function createTrustedDocuments(documents: readonly TrustedDocument[]): TrustedDocuments {
  const bodies = new Map(documents.map(({ id, body }) => [id, body]));
  const texts = new Set(bodies.values());

  function bodyOf(id: unknown): string | undefined {
    if (typeof id !== 'string') return undefined;
    return bodies.get(id) ?? (id.startsWith(PREFIX) ? bodies.get(id.slice(PREFIX.length)) : undefined);
  }

  const trustedText = (text: unknown): string | undefined =>
    typeof text === 'string' && texts.has(text) ? text : undefined;

  return {
    find: (claims) => {
      const [document, ...others] = new Set([...claims.ids.map(bodyOf), ...claims.texts.map(trustedText)]);
      return document === undefined || others.length > 0 ? notTrusted(claims) : document;
    },
  };
}

/** Why nobody could run an operation of the manifest; null when it can be run. */
function problemWith(
  { name, type, body }: TrustedDocument,
  schema: GraphQLSchema,
  rules: readonly ValidationRule[],
): string | null {
  const excess = createDocumentCheck()(body);
  if (excess) return excess.message;
  try {
    const document = parse(body);
    const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (operations.length !== 1) return `Its body must have one operation; it has ${operations.length}.`;
    const found: string | undefined = getOperationAST(document, name)?.operation;
    if (found !== type) return `Its body must have a ${type} of that name.`;
    const [problem] = validate(schema, document, rules, { maxErrors: 1 });
    return problem?.message ?? null;
  } catch (error) {
    return error instanceof GraphQLError ? error.message : String(error);
  }
}

/**
 * What is wrong with the operations of a manifest, a sentence each with the operation's name: texts that are no GraphQL, do not
 * fit the schema, are beyond the limits on documents, or ask for the schema where that is off.
 */
export function problemsOfDocuments(
  documents: readonly TrustedDocument[],
  schema: GraphQLSchema,
  options: Readonly<{ introspection: boolean; validationRules: readonly ValidationRule[] }>,
): readonly string[] {
  const rules = [
    ...specifiedRules,
    ...options.validationRules,
    ...(options.introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ];
  return documents.flatMap((document) => {
    const problem = problemWith(document, schema, rules);
    return problem === null ? [] : [`operation "${document.name}" cannot be run: ${problem}`];
  });
}
