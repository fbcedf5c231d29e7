import { UpstreamError, type Fault } from '../upstream/errors.js';

/** Faults that the next request would meet as well, or after which nothing more may be sent. */
const operationFaults: ReadonlySet<Fault> = new Set([
  'unauthenticated',
  'rateLimited',
  'overloaded',
  'overBudget',
  'expired',
  'cancelled',
]);

/** Returns the error of a request beside which others may be answered; throws any other error again. */
export function requestFault(error: unknown): UpstreamError {
  if (error instanceof UpstreamError && !operationFaults.has(error.details.fault)) return error;
  throw error;
}
