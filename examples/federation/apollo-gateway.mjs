// @apollo/gateway in front of both subgraphs.
import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

/** The backup server's token is for the subgraph in front of that server, and nobody else's business. */
class Backup365 extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization !== undefined) request.http.headers.set('authorization', context.authorization);
  }
}

const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(process.env.SUPERGRAPH ?? 'supergraph.graphql', 'utf8'),
  buildService: ({ name, url }) =>
    name === 'backup365' ? new Backup365({ url }) : new RemoteGraphQLDataSource({ url }),
});

const { url } = await startStandaloneServer(new ApolloServer({ gateway, includeStacktraceInErrorResponses: false }), {
  listen: { host: '127.0.0.1', port: Number(process.env.PORT ?? 4002) },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});
console.log(`the gateway listens at ${url}`);
