import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { UpstreamError } from '../upstream/errors.js';
import type { UpstreamServer } from '../upstream/server.js';
import type { Context } from './context.js';

type Gateway = ApolloServerOptionsWithGateway<Context>['gateway'];

/** Memory for one operation's answer, until its caller has read it. Methods throw `overloaded` when there is none. */
export type AnswerMemory = Readonly<{
  /** True once the estimated size is reserved. */
  isReserved: boolean;
  /** Sets the estimated size of the answer, in bytes. Throws if there is no room for it now, and reserves nothing yet. */
  estimate: (bytes: number) => void;
  /** Throws if what is estimated cannot be reserved now. */
  check: () => void;
  /** Reserves what is estimated, once. */
  reserve: () => void;
  /** Reserves more, for long texts that the estimate does not have. */
  addTexts: (characters: number) => void;
}>;

/**
 * Reserves an operation's answer when the backup server has answered it for the first time: made-up tokens reserve nothing.
 * Before that, checks that there is room, so that the server does no work for an answer that is refused.
 */
export function reserveBeforeRows(get: UpstreamServer['get'], memory: AnswerMemory): UpstreamServer['get'] {
  const getAndReserve: UpstreamServer['get'] = async (operation, request) => {
    memory.check();
    const json = await get(operation, request);
    memory.reserve();
    return json;
  };
  return (operation, request) => (memory.isReserved ? get : getAndReserve)(operation, request);
}

/** Reserves the long texts of each answer before it is serialized. Replaces an answer that has no room by one error. */
export function reserveTexts(gateway: Gateway): Gateway {
  return {
    ...gateway,
    load: async (options) => {
      const { executor } = await gateway.load(options);
      if (!executor) throw new TypeError('Expected an executor of the graph, got none.');
      return {
        executor: async (request) => {
          const result = await executor(request);
          const { answerSize, answerMemory } = request.context as Context; // as `createGraphqlRoute` made it
          if (answerSize.characters === 0) return result;
          try {
            answerMemory.addTexts(answerSize.characters);
            return result;
          } catch (error) {
            if (!(error instanceof UpstreamError)) throw error;
            const path = Object.keys(result.data ?? {}).slice(0, 1);
            return { data: null, errors: [new GraphQLError(error.message, { path, originalError: error })] };
          }
        },
      };
    },
  };
}
