import { startSimulator, type Misbehaviour, type SeenRequest } from '../../src/simulator/index.js';
import { startGateway, TEST_NOW_MS, type Data, type Gateway, type GatewayOptions } from './gateway.js';

/** Answers by path and query, such as `Organizations?extendedView=true`; without a query, the path's whatever is asked of it. */
export type OddAnswers = Readonly<Record<string, Misbehaviour>>;

export type OddlyAnswered = Readonly<{
  data: Data;
  /** Path and code of each error. */
  errors: readonly (readonly [path: string, code: string])[];
  /** Paths with their queries, without `limit` and `offset`. */
  asked: readonly string[];
}>;

/** One simulator that speaks all versions, and a gateway for each of them. */
export type OddServer = Readonly<{
  gateway: (version: string) => Gateway;
  ask: (version: string, answers: OddAnswers, query: string, options?: { token?: string }) => Promise<OddlyAnswered>;
  close: () => Promise<void>;
}>;

function nameOf({ path, query }: SeenRequest): string {
  const rest = Object.entries(query).filter(([name]) => name !== 'limit' && name !== 'offset');
  return rest.length === 0 ? path : `${path}?${rest.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

export async function startOddServer(versions: readonly string[], options: GatewayOptions = {}): Promise<OddServer> {
  const simulator = await startSimulator({ days: 3, nowMs: () => TEST_NOW_MS });
  const gateways = new Map<string, Gateway>();
  for (const apiVersion of versions)
    gateways.set(apiVersion, await startGateway({ ...options, apiVersion, simulator }));
  const gateway = (version: string): Gateway => {
    const found = gateways.get(version);
    if (!found) throw new Error(`no gateway for ${version}`);
    return found;
  };
  return {
    gateway,
    ask: async (version, answers, query, askOptions) => {
      // The newest rule goes first, so those with a query are made last.
      const rules = Object.entries(answers).sort(([a], [b]) => Number(a.includes('?')) - Number(b.includes('?')));
      const undo = rules.map(([name, how]) =>
        simulator.misbehave(
          (request) =>
            request.headers['authorization'] !== undefined && (nameOf(request) === name || request.path === name),
          how,
        ),
      );
      try {
        const { data, errors, upstream } = await gateway(version).ask(query, {}, askOptions);
        return {
          data,
          errors: (errors ?? []).map(({ path, extensions }) => [path?.join('.') ?? '', extensions.code] as const),
          asked: upstream.map(nameOf),
        };
      } finally {
        for (const off of undo) off();
      }
    },
    close: async () => {
      for (const each of gateways.values()) await each.close();
      await simulator.close();
    },
  };
}
