// Prints what clients see into schema.graphql: committed, and compared by `npm test`.
import { writeFileSync } from 'node:fs';
import { printSchema } from '../dist/graph/schema.js';

writeFileSync(new URL('../schema.graphql', import.meta.url), printSchema());
