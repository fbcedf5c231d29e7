import type { TokenStore } from '../sharedStore.js';
import { openApi } from '../upstream/api.js';
import type { Costs } from '../upstream/costs.js';
import type { NoToken, Operation } from '../upstream/operation.js';
import type { UpstreamServer } from '../upstream/server.js';
import { emptyAnswer, type AnswerSize } from './answerSize.js';
import { reserveBeforeRows, type AnswerMemory } from './answerMemory.js';
import { createLoaders, type Loaders } from './loaders.js';
import type { Summary } from './summary.js';

/** What one operation is answered with. */
export type Context = Readonly<{
  /** Names the operation in its answer's errors and in the log. */
  requestId: string;
  /** See `Operation`. */
  logFields: Operation['logFields'];
  /** The most requests that it may cost the server. */
  maxRequests: number;
  loaders: Loaders;
  answerSize: AnswerSize;
  /** Why the caller has no token; null when it sent one, good or bad. Without one nothing is asked of the server. */
  noToken: NoToken | null;
  /** `isAllowed` is true when compiled code may execute the operation: graphql-js takes its variables, and its answer is not large. */
  compiling: { isAllowed: boolean };
  /** Where the caller's token has its persisted queries for all instances; null for nowhere. */
  queryStore: TokenStore | null;
  /** Whether the backup server has answered the operation. */
  isAuthorized: () => boolean;
  summary: Summary;
  /** What its requests to the server took; null where nobody wants to know. */
  costs: Costs | null;
  /** Memory for its answer. It is reserved when the backup server has answered for the first time. */
  answerMemory: AnswerMemory;
}>;

export function createContext(
  server: UpstreamServer,
  operation: Operation,
  summary: Summary,
  queryStore: TokenStore | null,
  answerMemory: AnswerMemory,
): Context {
  return {
    requestId: operation.requestId,
    logFields: operation.logFields,
    maxRequests: server.maxRequests,
    answerSize: { ...emptyAnswer },
    noToken: typeof operation.token === 'string' ? null : operation.token,
    compiling: { isAllowed: false },
    queryStore,
    isAuthorized: operation.share.isAuthorized,
    summary,
    costs: operation.costs,
    answerMemory,
    loaders: createLoaders(openApi(server, operation, reserveBeforeRows(server.get, answerMemory))),
  };
}
