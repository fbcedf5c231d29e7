import { SMALL_BODY_BYTES } from './body.js';
import type { UpstreamRequest } from './client.js';
import type { Costs } from './costs.js';
import { UpstreamError, type Fault, type UpstreamErrorDetails } from './errors.js';
import { untilEnded, type Operation } from './operation.js';
import type { Flown } from './sharing.js';
import { requestKey } from './versions/version.js';

/** Faults that a request met because of who sent it: another operation may do better. */
const faultsOfOne: ReadonlySet<Fault> = new Set(['expired', 'cancelled', 'overloaded']);

const faultOf = (error: unknown): Fault | undefined =>
  error instanceof UpstreamError ? error.details.fault : undefined;

/** Returns true when the server refused the token, or something to it: by its error code or by the status. */
const isRefusal = ({ fault, status }: UpstreamErrorDetails): boolean =>
  fault === 'unauthenticated' || fault === 'forbidden' || status === 401 || status === 403;

/** Waits for what another operation of the same token has asked for; undefined if that one gave it up. */
async function join(
  operation: Operation,
  flight: Promise<Flown>,
  request: UpstreamRequest,
): Promise<Flown | undefined> {
  try {
    const flown = await untilEnded(operation, flight, request.about);
    operation.share.joined();
    if (flown.bytes > SMALL_BODY_BYTES) operation.keep(flown.bytes, request.about); // it may outlive the one that asked
    return flown;
  } catch (error) {
    const fault = faultOf(error);
    if (operation.signal.aborted || fault === undefined || !faultsOfOne.has(fault)) throw error;
    return undefined;
  }
}

async function lead(operation: Operation, key: string, send: () => Promise<Flown>): Promise<Flown> {
  const { flights } = operation.share;
  const flight = send();
  flights.set(key, flight);
  try {
    return await flight;
  } finally {
    flights.delete(key);
  }
}

/**
 * The JSON of a GET: of the same one that is in flight for the caller's token already, or of one that is sent. The answer
 * counts as the server's to this operation in both cases, and so does a refusal.
 */
export async function getShared(
  operation: Operation,
  request: UpstreamRequest,
  send: () => Promise<Flown>,
): Promise<unknown> {
  const { share } = operation;
  const key = requestKey(request.path, request.query);
  try {
    let flown: Flown | undefined;
    for (let flight = share.flights.get(key); flight && !flown; flight = share.flights.get(key)) {
      flown = await join(operation, flight, request);
    }
    flown ??= await lead(operation, key, send);
    share.authorize();
    return flown.json;
  } catch (error) {
    if (error instanceof UpstreamError && isRefusal(error.details)) share.drop();
    throw error;
  }
}

/** The same, with a note of what it took. */
export async function getNoted(
  operation: Operation,
  request: UpstreamRequest,
  costs: Costs,
  send: () => Promise<Flown>,
): Promise<unknown> {
  const startMs = performance.now();
  let isShared = true;
  const note = (fault: Fault | null): void => {
    costs.called({ resource: request.about.resource, durationMs: performance.now() - startMs, isShared, fault });
  };
  try {
    const json = await getShared(operation, request, () => {
      isShared = false;
      return send();
    });
    note(null);
    return json;
  } catch (error) {
    if (error instanceof UpstreamError) note(error.details.fault);
    throw error;
  }
}
