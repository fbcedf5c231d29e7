// The schema that documents are written for, and what grows from it: types, fields and arguments.
import { readFileSync } from 'node:fs';
import { buildSchema, getNamedType, isCompositeType, isObjectType } from 'graphql';

const entities = 'JobSession | Job | Organization | BackupRepository | Proxy';

/** The schema of the graph with the two fields that a federation asks for. */
export const schema = buildSchema(`${readFileSync(new URL('../../api.graphql', import.meta.url), 'utf8')}
scalar _Any
union _Entity = ${entities}
type _Service { sdl: String }
extend type Query { _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }
`);

export const fieldsOf = (type) => (isObjectType(type) ? Object.values(type.getFields()) : []);

/** True for fields that have fields of their own. */
export const isBranch = (field) => isCompositeType(getNamedType(field.type));

export const leavesOf = (type) => fieldsOf(type).filter((field) => !isBranch(field));
