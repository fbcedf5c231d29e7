// @graphql-hive/gateway in front of both subgraphs: hive-gateway supergraph --config-path hive.config.mjs
import { defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  supergraph: process.env.SUPERGRAPH ?? './supergraph.graphql',
  port: Number(process.env.PORT ?? 4002),
  propagateHeaders: {
    // The backup server's token is for the subgraph in front of that server, and nobody else's business.
    fromClientToSubgraphs: ({ request, subgraphName }) =>
      subgraphName === 'backup365' ? { authorization: request.headers.get('authorization') } : {},
  },
});
