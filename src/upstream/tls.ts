import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { Duplex } from 'node:stream';

/** How the server's certificate is judged before anything is sent to it. */
export type Trust =
  | Readonly<{ by: 'system' }>
  | Readonly<{ by: 'ca'; pem: string }>
  | Readonly<{ by: 'fingerprint'; sha256: string }> // upper case hex in pairs, as Node gives it: AB:CD:…
  | Readonly<{ by: 'nothing' }>;

/** Carries the code that the log explains; Node's own errors have theirs. */
const FINGERPRINT_MISMATCH = 'ERR_CERTIFICATE_FINGERPRINT';

/** What to say, in the log, to whoever can change the configuration; undefined when `code` has nothing to do with TLS. */
export function adviceFor(code: string): string | undefined {
  if (code === FINGERPRINT_MISMATCH) {
    return 'the server shows another certificate than BACKUP_SERVER_FINGERPRINT names: if it was renewed, set its new SHA-256 fingerprint';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return "the server's certificate is for another name than BACKUP_SERVER_URL has: use that name, or pin the certificate with BACKUP_SERVER_FINGERPRINT";
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return "the server's certificate is not valid at this time: renew it, or pin it with BACKUP_SERVER_FINGERPRINT";
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return "the server's certificate is signed by no authority known here (the server's default is self-signed): set BACKUP_SERVER_CA_FILE or BACKUP_SERVER_FINGERPRINT";
  }
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) {
    return 'no TLS connection could be made: is BACKUP_SERVER_URL the REST service (https, mostly port 4443)?';
  }
  return undefined;
}

/**
 * Connects, then compares the certificate, then hands the socket over: no byte of a request leaves before. Chain, name and
 * date are not looked at, as the pin says more than they do. Sessions are not resumed, for a resumed one shows no certificate.
 */
class PinnedAgent extends https.Agent {
  readonly #sha256: string;
  readonly #timeoutMs: number;
  /** Sockets that no request has yet, so that none but this agent can close them. */
  readonly #pending = new Set<tls.TLSSocket>();

  constructor(sha256: string, timeoutMs: number, options: https.AgentOptions) {
    super({ ...options, maxCachedSessions: 0 });
    this.#sha256 = sha256;
    this.#timeoutMs = timeoutMs;
  }

  override destroy(): void {
    for (const socket of this.#pending) socket.destroy();
    super.destroy();
  }

  override createConnection(
    options: tls.ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const socket = tls.connect({ ...options, rejectUnauthorized: false });
    const fail = (code: string): void => {
      socket.destroy(Object.assign(new Error('no trusted connection'), { code }));
    };
    const late = setTimeout(fail, this.#timeoutMs, 'ETIMEDOUT');
    this.#pending.add(socket);
    const finish = (error: Error | null): void => {
      clearTimeout(late);
      this.#pending.delete(socket);
      socket.removeListener('error', finish);
      callback?.(error, socket);
    };
    socket.once('error', finish);
    socket.once('close', () => {
      clearTimeout(late);
      this.#pending.delete(socket);
    });
    socket.once('secureConnect', () => {
      if (socket.getPeerCertificate().fingerprint256 === this.#sha256) finish(null);
      else fail(FINGERPRINT_MISMATCH);
    });
    return undefined;
  }
}

/** The agents for one server. Connections are kept open between requests; `timeoutMs` is for making one. */
export function createAgents(trust: Trust, timeoutMs: number): { http: http.Agent; https: https.Agent } {
  const options = { keepAlive: true, scheduling: 'lifo' } as const;
  const https_ = (() => {
    switch (trust.by) {
      case 'fingerprint':
        return new PinnedAgent(trust.sha256, timeoutMs, options);
      case 'ca':
        return new https.Agent({ ...options, ca: trust.pem });
      case 'nothing':
        return new https.Agent({ ...options, rejectUnauthorized: false });
      case 'system':
        return new https.Agent(options);
    }
  })();
  return { http: new http.Agent(options), https: https_ };
}
