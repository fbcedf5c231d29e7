// Pieces of syntax trees, and what a tree has.
import { Kind, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { schema } from './schema.mjs';

export const nameNode = (value) => ({ kind: Kind.NAME, value });
export const fieldNode = (name, selections, args = []) => ({
  kind: Kind.FIELD,
  name: nameNode(name),
  arguments: args,
  directives: [],
  ...(selections ? { selectionSet: { kind: Kind.SELECTION_SET, selections } } : {}),
});
export const inlineNode = (selections, typeName) => ({
  kind: Kind.INLINE_FRAGMENT,
  ...(typeName ? { typeCondition: { kind: Kind.NAMED_TYPE, name: nameNode(typeName) } } : {}),
  directives: [],
  selectionSet: { kind: Kind.SELECTION_SET, selections },
});
export const argumentNode = (name, text) =>
  parse(`{a(${name}:${text})}`).definitions[0].selectionSet.selections[0].arguments[0];
export const directiveNodes = (text) => parse(`{a ${text}}`).definitions[0].selectionSet.selections[0].directives;
export const copyOf = (node) => structuredClone(node);

/** The selection sets of a document with the types that they select from, and its fields with their definitions. */
export function look(document) {
  const sets = [];
  const fields = [];
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: (node) => {
        const type = types.getParentType();
        if (type) sets.push({ node, type });
      },
      Field: (node) => {
        const definition = types.getFieldDef();
        if (definition) fields.push({ node, definition, type: types.getParentType() });
      },
    }),
  );
  return { sets, fields };
}
