// Changes to a document that keep it GraphQL: each takes its syntax tree, changes one thing, and mostly fits the schema.
import { getNamedType, isCompositeType, isObjectType, Kind, parse } from 'graphql';
import { createGrower } from './grow.mjs';
import { argumentNode, copyOf, directiveNodes, fieldNode, inlineNode, look, nameNode } from './nodes.mjs';
import { fieldsOf, schema } from './schema.mjs';

/** Creates the mutations; `cursors` are valid ones by the name of their list. */
export function createMutations(random, cursors) {
  const { newName, textFor, growField, growSelections } = createGrower(random, cursors);

  const anySet = (document) => {
    const { sets } = look(document);
    const objects = sets.filter(({ type }) => isObjectType(type));
    return objects.length > 0 ? random.pick(objects) : null;
  };
  const anyField = (document, test = () => true) => {
    const fields = look(document).fields.filter(test);
    return fields.length > 0 ? random.pick(fields) : null;
  };
  const setOf = (document, field) => look(document).sets.find(({ node }) => node.selections.includes(field))?.node;

  const mutations = {
    multiply: ({ document }) => {
      const found = anyField(document);
      const set = found && setOf(document, found.node);
      if (!set) return;
      const isLong = random.chance(0.3);
      const copies = Array.from({ length: random.upTo(200) }, () => ({
        ...copyOf(found.node),
        alias: nameNode(newName(isLong)),
      }));
      set.selections.push(...copies);
    },
    repeat: ({ document }) => {
      const found = anyField(document);
      const set = found && setOf(document, found.node);
      if (set) set.selections.push(...Array.from({ length: random.upTo(250) }, () => copyOf(found.node)));
    },
    halve: ({ document }) => {
      const sets = look(document).sets.filter(({ node }) => node.selections.length > 1);
      if (sets.length === 0) return;
      const { node } = sets.reduce((a, b) => (b.node.selections.length > a.node.selections.length ? b : a));
      node.selections.length = Math.ceil(node.selections.length * (random.chance(0.5) ? 0.5 : 0.8));
    },
    nest: ({ document }) => {
      const found = anySet(document);
      if (!found) return;
      const typeName = random.chance(0.3) ? found.type.name : null;
      let { selections } = found.node;
      for (let depth = random.upTo(400); depth > 0; depth -= 1) selections = [inlineNode(selections, typeName)];
      found.node.selections = selections;
    },
    flatten: ({ document }) => {
      const found = anySet(document);
      if (found)
        found.node.selections.push(
          ...Array.from({ length: random.upTo(100) }, () => inlineNode([fieldNode('__typename')])),
        );
    },
    share: ({ document }) => {
      const { sets } = look(document);
      const found = sets.length > 0 ? random.pick(sets) : null;
      if (!found) return;
      const name = `F${newName(false)}`;
      const spread = { kind: Kind.FRAGMENT_SPREAD, name: nameNode(name), directives: [] };
      document.definitions.push({
        kind: Kind.FRAGMENT_DEFINITION,
        name: nameNode(name),
        typeCondition: { kind: Kind.NAMED_TYPE, name: nameNode(found.type.name) },
        directives: [],
        selectionSet: { kind: Kind.SELECTION_SET, selections: found.node.selections.map(copyOf) },
      });
      found.node.selections = [spread];
      for (const { node, type } of sets) {
        if (node !== found.node && type === found.type && random.chance(0.4)) node.selections.push(copyOf(spread));
      }
    },
    fanOut: ({ document }) => {
      const found = anySet(document);
      const links = found
        ? fieldsOf(found.type).filter((field) => isCompositeType(getNamedType(field.type)) && field.args.length === 0)
        : [];
      if (links.length === 0) return;
      const link = random.pick(links);
      const target = getNamedType(link.type);
      const [levels, width] = [1 + random.below(5), random.upTo(40)];
      const back = target === found.type ? link : fieldsOf(target).find((field) => getNamedType(field.type) === target);
      const names = Array.from({ length: back ? levels : 1 }, () => `F${newName(false)}`);
      const spreadOf = (name) => ({ kind: Kind.FRAGMENT_SPREAD, name: nameNode(name), directives: [] });
      const placesOf = (field, name) =>
        Array.from({ length: width }, () => ({
          ...fieldNode(field.name, [spreadOf(name)]),
          alias: nameNode(newName()),
        }));
      names.forEach((name, level) => {
        const next = names[level + 1];
        document.definitions.push({
          kind: Kind.FRAGMENT_DEFINITION,
          name: nameNode(name),
          typeCondition: { kind: Kind.NAMED_TYPE, name: nameNode(target.name) },
          directives: [],
          selectionSet: {
            kind: Kind.SELECTION_SET,
            selections: next ? placesOf(back, next) : growSelections(target, 0),
          },
        });
      });
      found.node.selections.push(...placesOf(link, names[0]));
    },
    skip: ({ document }) => {
      const found = anySet(document);
      if (!found) return;
      const directives = random.pick([
        '@skip(if:true)',
        '@include(if:false)',
        '@skip(if:false)',
        '@include(if:true) @skip(if:true)',
      ]);
      const grown = random.chance(0.5) ? growField(found.type, 1) : fieldNode('__typename');
      const fields = Array.from({ length: random.upTo(95) }, () => ({
        ...copyOf(grown),
        ...(random.chance(0.5) ? { alias: nameNode(newName()) } : {}),
        directives: directiveNodes(directives),
      }));
      found.node.selections.push(...fields);
    },
    grow: ({ document }) => {
      const found = anySet(document);
      if (found) found.node.selections.push(growField(found.type, 3));
    },
    prune: ({ document }) => {
      const sets = look(document).sets.filter(({ node }) => node.selections.length > 1);
      if (sets.length > 0) {
        const { node } = random.pick(sets);
        node.selections.splice(random.below(node.selections.length), 1);
      }
    },
    lengthen: ({ document }) => {
      for (const { node } of look(document).fields) if (random.chance(0.8)) node.alias = nameNode(newName(true));
    },
    argue: ({ document }) => {
      const found = anyField(document, ({ definition }) =>
        definition.args.some(({ name }) => textFor(definition.name, { name }) !== null),
      );
      if (!found) return;
      const argument = random.pick(found.definition.args);
      const text = textFor(found.definition.name, argument);
      if (text === null) return;
      const isSame = ({ node }) => node.name.value === found.node.name.value;
      const isAll = random.chance(0.5);
      for (const { node } of look(document).fields.filter((field) =>
        isAll ? isSame(field) : field.node === found.node,
      )) {
        const own = isAll && random.chance(0.5) ? textFor(found.definition.name, argument) : text;
        node.arguments = [
          ...node.arguments.filter((one) => one.name.value !== argument.name),
          argumentNode(argument.name, own),
        ];
      }
    },
    passVariable: (candidate) => {
      const { document } = candidate;
      const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      const found = anyField(
        document,
        ({ definition }) => definition.args.length > 0 && !definition.name.startsWith('_'),
      );
      if (!operation || !found) return;
      const argument = random.pick(found.definition.args);
      const text = textFor(found.definition.name, argument);
      if (text === null || argument.name === 'filter') return;
      const name = `v${newName(false)}`;
      const [definition] = parse(`query($${name}:${argument.type}){a}`).definitions[0].variableDefinitions;
      operation.variableDefinitions = [...(operation.variableDefinitions ?? []), definition];
      const value = /^\[/.test(text)
        ? Array.from({ length: random.upTo(20_000) }, () => 'UNKNOWN')
        : /^[A-Z]/.test(text)
          ? text
          : JSON.parse(text);
      candidate.variables = { ...candidate.variables, [name]: value };
      for (const { node } of look(document).fields.filter(
        ({ node: one }) => one.name.value === found.node.name.value,
      )) {
        node.arguments = [
          ...node.arguments.filter((one) => one.name.value !== argument.name),
          argumentNode(argument.name, `$${name}`),
        ];
      }
    },
    moreOperations: (candidate) => {
      const operation = candidate.document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
      if (!operation) return;
      operation.name ??= nameNode(`Q${newName(false)}`);
      candidate.operationName = operation.name.value;
      for (let more = random.upTo(9); more > 0; more -= 1) {
        candidate.document.definitions.push({ ...copyOf(operation), name: nameNode(`Q${newName(false)}`) });
      }
    },
    pad: (candidate) => {
      const unit = random.pick(['\n', ',', '#x\n', ' ']);
      candidate.padding = unit.repeat(random.upTo(100_000));
    },
    behave: (candidate, variants) => {
      candidate.variant = random.pick(variants);
    },
    send: (candidate) => {
      candidate.way = random.pick(['post', 'get', 'register', 'hash']);
    },
    freshen: (candidate) => {
      candidate.isFreshToken = !candidate.isFreshToken;
    },
  };

  return {
    names: Object.keys(mutations),
    mutate: (name, candidate, variants) => {
      mutations[name](candidate, variants);
    },
    /** A whole new query. */
    grow: () => {
      const root = schema.getQueryType();
      const selections = Array.from({ length: 1 + random.below(4) }, () => growField(root, 4));
      return {
        kind: Kind.DOCUMENT,
        definitions: [
          {
            kind: Kind.OPERATION_DEFINITION,
            operation: 'query',
            selectionSet: { kind: Kind.SELECTION_SET, selections },
          },
        ],
      };
    },
    /** Puts selections of another document into places of the same type. */
    splice: (document, other) => {
      const found = anySet(document);
      const same = found ? look(other).sets.filter(({ type }) => type === found.type) : [];
      if (same.length === 0) return;
      const fields = random.pick(same).node.selections.filter(({ kind }) => kind === Kind.FIELD);
      found.node.selections.push(...fields.map((field) => ({ ...copyOf(field), alias: nameNode(newName()) })));
    },
  };
}
