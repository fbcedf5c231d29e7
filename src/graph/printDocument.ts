import {
  isTypeSystemDefinitionNode,
  isTypeSystemExtensionNode,
  Kind,
  print,
  type DirectiveNode,
  type DocumentNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type OperationTypeDefinitionNode,
  type StringValueNode,
  type TypeSystemDefinitionNode,
  type TypeSystemExtensionNode,
} from 'graphql';

/** Longest description that is printed on one line with its quotes, in characters. */
const MAX_INLINE_CHARACTERS = 70;

const keywords: Readonly<Partial<Record<Kind, string>>> = {
  [Kind.SCHEMA_DEFINITION]: 'schema',
  [Kind.SCHEMA_EXTENSION]: 'extend schema',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
  [Kind.SCALAR_TYPE_EXTENSION]: 'extend scalar',
  [Kind.OBJECT_TYPE_DEFINITION]: 'type',
  [Kind.OBJECT_TYPE_EXTENSION]: 'extend type',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.INTERFACE_TYPE_EXTENSION]: 'extend interface',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.UNION_TYPE_EXTENSION]: 'extend union',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.ENUM_TYPE_EXTENSION]: 'extend enum',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: 'extend input',
};

/** A line inside a definition: a field, an argument, a value or a root type. */
type Member = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode | OperationTypeDefinitionNode;

type SystemNode = TypeSystemDefinitionNode | TypeSystemExtensionNode;

function printDescription(description: StringValueNode | undefined, indent: string): string {
  if (!description) return '';
  const text = description.value.replaceAll('"""', '\\"""');
  const isInline = !text.includes('\n') && text.length <= MAX_INLINE_CHARACTERS && !/["\\]$/.test(text);
  const lines = isInline ? [`"""${text}"""`] : ['"""', ...text.split('\n'), '"""'];
  return lines.map((line) => (line === '' ? '\n' : `${indent}${line}\n`)).join('');
}

/** Prints one member per line, and an empty line before each that has a description. */
function printMembers(members: readonly Member[], indent: string): string {
  return members
    .map((member, index) => {
      const description = 'description' in member ? member.description : undefined;
      const gap = description && index > 0 ? '\n' : '';
      return `${gap}${printDescription(description, indent)}${indent}${printMember(member, indent)}\n`;
    })
    .join('');
}

function printArguments(given: readonly InputValueDefinitionNode[] = [], indent = ''): string {
  if (given.length === 0) return '';
  const hasDescription = given.some(({ description }) => description);
  if (!hasDescription) return `(${given.map((argument) => printMember(argument, indent)).join(', ')})`;
  return `(\n${printMembers(given, `${indent}  `)}${indent})`;
}

const printDirectives = (directives: readonly DirectiveNode[] = [], separator = ' '): string =>
  directives.map((directive) => `${separator}${print(directive)}`).join('');

function printMember(member: Member, indent: string): string {
  switch (member.kind) {
    case Kind.OPERATION_TYPE_DEFINITION:
      return `${member.operation}: ${print(member.type)}`;
    case Kind.ENUM_VALUE_DEFINITION:
      return `${member.name.value}${printDirectives(member.directives)}`;
    case Kind.INPUT_VALUE_DEFINITION: {
      const initial = member.defaultValue ? ` = ${print(member.defaultValue)}` : '';
      return `${member.name.value}: ${print(member.type)}${initial}${printDirectives(member.directives)}`;
    }
    case Kind.FIELD_DEFINITION: {
      const head = `${member.name.value}${printArguments(member.arguments, indent)}`;
      return `${head}: ${print(member.type)}${printDirectives(member.directives)}`;
    }
  }
}

function membersOf(node: SystemNode): readonly Member[] {
  if ('fields' in node) return node.fields ?? [];
  if ('values' in node) return node.values ?? [];
  return 'operationTypes' in node ? (node.operationTypes ?? []) : [];
}

function printDefinition(node: SystemNode): string {
  const description = printDescription('description' in node ? node.description : undefined, '');
  if (node.kind === Kind.DIRECTIVE_DEFINITION) {
    const head = `directive @${node.name.value}${printArguments(node.arguments)}`;
    const locations = node.locations.map(({ value }) => value).join(' | ');
    return `${description}${head}${node.repeatable ? ' repeatable' : ''} on ${locations}`;
  }
  const name = 'name' in node ? ` ${node.name.value}` : '';
  const interfaces = 'interfaces' in node ? (node.interfaces ?? []).map(print) : [];
  const parts = 'types' in node ? (node.types ?? []).map(print) : [];
  const members = printMembers(membersOf(node), '  ');
  const directives = printDirectives(node.directives, '\n  ');
  return [
    `${description}${keywords[node.kind] ?? ''}${name}`,
    interfaces.length > 0 ? ` implements ${interfaces.join(' & ')}` : '',
    directives,
    parts.length > 0 ? ` = ${parts.join(' | ')}` : '',
    members === '' ? '' : `${directives === '' ? ' ' : '\n'}{\n${members}}`,
  ].join('');
}

/** Returns the text of a schema document, in the layout that Federation's own tools print. graphql-js prints a schema without its directives. */
export function printDocument({ definitions }: DocumentNode): string {
  return definitions
    .filter((node) => isTypeSystemDefinitionNode(node) || isTypeSystemExtensionNode(node))
    .map(printDefinition)
    .join('\n\n');
}
