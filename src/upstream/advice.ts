import { faultOfCode } from './errorBody.js';
import type { UpstreamErrorDetails } from './errors.js';
import { adviceFor as adviceForReason } from './tls.js';

/** Says, for the log, what to change after an error of the backup server; undefined when nothing is known to help. */
export function adviceFor({ status, errorCode, reason }: UpstreamErrorDetails): string | undefined {
  if (status === 400 && faultOfCode(errorCode) === undefined) {
    return 'if the server answers 400 to all that a token asks, the token was got without disable_antiforgery_token=true: log in with it';
  }
  return reason === undefined ? undefined : adviceForReason(reason);
}
