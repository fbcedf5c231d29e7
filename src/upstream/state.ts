import type { Fault, UpstreamErrorDetails } from './errors.js';
import { isAboutCertificate } from './tls.js';

/** How the backup server does, as far as it is known without asking it. */
export const serverConditions = [
  'unknown', // nobody has asked it yet, or it no longer knew what it was asked
  'ready',
  'unreachable',
  'certificateRefused',
  'noVersionServed', // none that is spoken here, or not the one that is configured
  'failing', // it answers, and not as a backup server does
] as const;

export type ServerCondition = (typeof serverConditions)[number];

/** What is known of the server: the version that is spoken, null before one was found and after a failure, and that failure. */
export type ServerState = Readonly<{ state: ServerCondition; apiVersion: string | null; lastFault: Fault | null }>;

/** Why no version is spoken, where the server was asked for its versions. */
export const NO_VERSION = 'API version not served';

/** What a failure says of the server. */
export function conditionAfter({ fault, status, reason = '' }: UpstreamErrorDetails): ServerCondition {
  if (fault === 'notFound') return 'unknown';
  if (fault === 'timedOut' && status === undefined) return 'unreachable'; // else the server itself says so
  if (fault !== 'unavailable') return 'failing';
  if (reason === NO_VERSION) return 'noVersionServed';
  return isAboutCertificate(reason) ? 'certificateRefused' : 'unreachable';
}
