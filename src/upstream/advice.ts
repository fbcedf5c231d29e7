import { faultOfCode } from './errorBody.js';
import type { UpstreamErrorDetails } from './errors.js';
import { adviceFor as adviceForReason } from './tls.js';

/** Says, for the log, what to change after an error of the backup server; undefined when nothing is known to help. */
export function adviceFor({ status, errorCode, reason }: UpstreamErrorDetails): string | undefined {
  if (status === 400 && faultOfCode(errorCode) === undefined) {
    return 'if the server answers 400 to every request with this token, log in again with disable_antiforgery_token=true';
  }
  return reason === undefined ? undefined : adviceForReason(reason);
}
