import { openApi, type UpstreamServer, type NoToken } from '../upstream/api.js';
import { createLoaders, type Loaders } from './loaders.js';

/** What one operation is answered with. */
export type Context = Readonly<{
  /** Names the operation in its answer's errors and in the log. */
  requestId: string;
  loaders: Loaders;
}>;

export function createContext(server: UpstreamServer, token: string | NoToken, requestId: string): Context {
  return { requestId, loaders: createLoaders(openApi(server, token)) };
}
