import type { TokenStore } from '../sharedStore.js';
import { openApi } from '../upstream/api.js';
import type { Operation } from '../upstream/operation.js';
import type { UpstreamServer } from '../upstream/server.js';
import { emptyAnswer, type AnswerSize } from './answerSize.js';
import { createLoaders, type Loaders } from './loaders.js';

/** What one operation is answered with. */
export type Context = Readonly<{
  /** Names the operation in its answer's errors and in the log. */
  requestId: string;
  /** The most requests that it may cost the server. */
  maxRequests: number;
  loaders: Loaders;
  answerSize: AnswerSize;
  /** Whether graphql-js takes the operation's variables: compiled code takes some that it does not. */
  variables: { areGood: boolean };
  /** Where the caller's token has its persisted queries for all instances; null for nowhere. */
  queryStore: TokenStore | null;
  /** Whether the backup server has answered the operation. */
  isAuthorized: () => boolean;
}>;

export function createContext(
  server: UpstreamServer,
  operation: Operation,
  queryStore: TokenStore | null = null,
): Context {
  return {
    requestId: operation.requestId,
    maxRequests: server.maxRequests,
    answerSize: { ...emptyAnswer },
    variables: { areGood: false },
    queryStore,
    isAuthorized: operation.share.isAuthorized,
    loaders: createLoaders(openApi(server, operation)),
  };
}
