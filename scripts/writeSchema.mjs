// Prints what supergraphs and clients see: schema.graphql and api.graphql are committed, and compared by `npm test`.
import { writeFileSync } from 'node:fs';
import { printApiSchema, printSchema } from '../dist/graph/schema.js';

writeFileSync(new URL('../schema.graphql', import.meta.url), printSchema());
writeFileSync(new URL('../api.graphql', import.meta.url), printApiSchema());
