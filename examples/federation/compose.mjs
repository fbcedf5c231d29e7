// Composes what a file in rover's format names, for who has no rover: node compose.mjs supergraph.yaml supergraph.graphql
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { composeServices } from '@theguild/federation-composition';
import { parse as parseDocument } from 'graphql';
import { parse as parseYaml } from 'yaml';

const [configFile, supergraphFile] = process.argv.slice(2);
const { subgraphs } = parseYaml(readFileSync(configFile, 'utf8'));

const { supergraphSdl, errors } = composeServices(
  Object.entries(subgraphs).map(([name, { routing_url: url, schema }]) => ({
    name,
    url,
    typeDefs: parseDocument(readFileSync(resolve(dirname(configFile), schema.file), 'utf8')),
  })),
);
if (errors) {
  for (const { message } of errors) console.error(message);
  process.exit(1);
}
writeFileSync(supergraphFile, `${supergraphSdl}\n`);
console.log(`composed ${Object.keys(subgraphs).join(' and ')} into ${supergraphFile}`);
