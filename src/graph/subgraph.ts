import {
  buildASTSchema,
  isObjectType,
  isScalarType,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  isTypeSystemExtensionNode,
  isUnionType,
  Kind,
  parse,
  visit,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Context } from './context.js';
import { createEntities, type ReferenceResolver } from './entities.js';
import type { Resolvers } from './generated.js';
import { printDocument } from './printDocument.js';

/**
 * The part of a subgraph that Federation 2.5 defines, with the names that `schema/base.graphql` imports: `@key` and
 * `@shareable` bare, all others behind `federation__`. A directive that is imported as well loses its prefix here too.
 */
const federation = parse(
  `
  schema @link(url: "https://specs.apollo.dev/link/v1.0") {
    query: Query
  }
  directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
  directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @federation__requires(fields: federation__FieldSet!) on FIELD_DEFINITION
  directive @federation__provides(fields: federation__FieldSet!) on FIELD_DEFINITION
  directive @federation__external(reason: String) on OBJECT | FIELD_DEFINITION
  directive @federation__tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
    | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
  directive @federation__extends on OBJECT | INTERFACE
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
  directive @federation__inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
    | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
  directive @federation__override(from: String!) on FIELD_DEFINITION
  directive @federation__composeDirective(name: String) repeatable on SCHEMA
  directive @federation__interfaceObject on OBJECT
  directive @federation__authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @federation__requiresScopes(scopes: [[federation__Scope!]!]!)
    on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  enum link__Purpose {
    "\`SECURITY\` features provide metadata necessary to securely resolve fields."
    SECURITY
    "\`EXECUTION\` features provide metadata necessary for operation execution."
    EXECUTION
  }
  scalar link__Import
  scalar federation__FieldSet
  scalar federation__Scope
  scalar _Any
  type _Service {
    sdl: String
  }
  `,
  { noLocation: true },
);

/** Parses the fields that Federation adds to `Query`. */
function queryFields(): readonly FieldDefinitionNode[] {
  const text = 'type Query { _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }';
  const [query] = parse(text, { noLocation: true }).definitions;
  return query?.kind === Kind.OBJECT_TYPE_DEFINITION ? (query.fields ?? []) : [];
}

/** Returns the names of the types that other subgraphs may refer to: those with a `@key`. */
function entityNames({ definitions }: DocumentNode): string[] {
  return definitions
    .filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION)
    .filter(({ directives = [] }) => directives.some(({ name }) => name.value === 'key'))
    .map(({ name }) => name.value);
}

/** Keys of groups that are no type. */
const SCHEMA = '';
const DIRECTIVES = '@';

function groupOf(node: DefinitionNode): string {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return DIRECTIVES;
  return isTypeDefinitionNode(node) || isTypeExtensionNode(node) ? node.name.value : SCHEMA;
}

/** Returns the schema first, then directives, then types where they are named first. Definitions come before extensions. */
function orderDefinitions(definitions: readonly DefinitionNode[]): DocumentNode {
  const groups = new Map<string, DefinitionNode[]>([
    [SCHEMA, []],
    [DIRECTIVES, []],
  ]);
  for (const node of definitions) {
    const key = groupOf(node);
    const group = groups.get(key) ?? [];
    if (isTypeSystemExtensionNode(node) || key === DIRECTIVES) group.push(node);
    else group.unshift(node);
    groups.set(key, group);
  }
  return { kind: Kind.DOCUMENT, definitions: [...groups.values()].flat() };
}

/** Returns a subgraph's document with all that Federation adds to it: what `_service { sdl }` answers. */
function addFederation(typeDefs: DocumentNode): DocumentNode {
  const { definitions } = visit(typeDefs, {
    ObjectTypeDefinition: (node) =>
      node.name.value === 'Query' ? { ...node, fields: [...queryFields(), ...(node.fields ?? [])] } : undefined,
  });
  const union = parse(`union _Entity = ${entityNames(typeDefs).join(' | ')}`, { noLocation: true });
  return orderDefinitions([...definitions, ...federation.definitions, ...union.definitions]);
}

/** Sets a field's resolver. Throws when there is no such field. */
function setResolver(type: GraphQLObjectType, name: string, resolve: GraphQLFieldResolver<unknown, Context>): void {
  const field = type.getFields()[name];
  if (!field) throw new Error(`The resolver of ${type.name}.${name} names no field of the schema.`);
  field.resolve = resolve;
}

/** Gives the schema's types their resolvers, and returns the reference resolvers by type name. Throws for one that fits nothing. */
function attachResolvers(schema: GraphQLSchema, resolvers: Resolvers): Map<string, ReferenceResolver> {
  const references = new Map<string, ReferenceResolver>();
  for (const [typeName, given] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (isScalarType(given)) {
      if (!isScalarType(type)) throw new Error(`The resolver of ${typeName} names no scalar of the schema.`);
      const { serialize, parseValue, parseLiteral } = given;
      Object.assign(type, { serialize, parseValue, parseLiteral });
      continue;
    }
    if (!isObjectType(type)) throw new Error(`The resolvers of ${typeName} name no object type of the schema.`);
    const functions: Record<string, unknown> = given;
    for (const [name, resolve] of Object.entries(functions)) {
      if (name === '__resolveReference') references.set(typeName, resolve as ReferenceResolver);
      else setResolver(type, name, resolve as GraphQLFieldResolver<unknown, Context>);
    }
  }
  return references;
}

/** Builds the schema of a Federation 2 subgraph. Throws unless each resolver has its field and each entity its reference resolver. */
export function buildSubgraph(typeDefs: DocumentNode, resolvers: Resolvers): GraphQLSchema {
  const document = addFederation(typeDefs);
  const schema = buildASTSchema(document);
  const references = attachResolvers(schema, resolvers);
  const query = schema.getQueryType();
  const union = schema.getType('_Entity');
  if (!query || !isUnionType(union)) throw new Error('The schema has no query type.');
  for (const { name } of union.getTypes()) {
    if (!references.has(name)) throw new Error(`The entity ${name} has no reference resolver.`);
  }
  const entities = createEntities(references);
  union.resolveType = entities.typeNameOf;
  setResolver(query, '_entities', entities.resolve);
  let sdl: string | undefined;
  setResolver(query, '_service', () => ({ sdl: (sdl ??= printDocument(document)) }));
  return schema;
}

/** Returns the subgraph's own definitions as text: what a supergraph is composed from. */
export function printSubgraph(typeDefs: DocumentNode): string {
  return printDocument(orderDefinitions(typeDefs.definitions));
}
