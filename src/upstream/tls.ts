import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { buildConnector } from 'undici';

/** How the server's certificate is judged before anything is sent to it. */
export type Trust =
  | Readonly<{ by: 'system' }>
  | Readonly<{ by: 'ca'; pem: string }>
  | Readonly<{ by: 'fingerprint'; sha256: string }> // upper case hex in pairs, as Node gives it: AB:CD:…
  | Readonly<{ by: 'nothing' }>;

/** Carries the code that the log explains; Node's own errors have theirs. */
const FINGERPRINT_MISMATCH = 'ERR_CERTIFICATE_FINGERPRINT';

/** What to say, in the log, to whoever can change the configuration; undefined when `code` has nothing to do with TLS. */
export function adviceFor(reason: string): string | undefined {
  const code = reason.replace(/^circuit open after /, '');
  if (code === FINGERPRINT_MISMATCH) {
    return 'the server shows another certificate than BACKUP_SERVER_FINGERPRINT names: if it was renewed, set its new SHA-256 fingerprint';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return "the server's certificate is for another name than BACKUP_SERVER_URL has: use that name, or pin the certificate with BACKUP_SERVER_FINGERPRINT";
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return "the server's certificate is not valid at this time: renew it, or pin it with BACKUP_SERVER_FINGERPRINT";
  }
  if (isAboutCertificate(code)) {
    return "the server's certificate is signed by no authority known here (the server's default is self-signed): set BACKUP_SERVER_CA_FILE or BACKUP_SERVER_FINGERPRINT";
  }
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) {
    return 'no TLS connection could be made: is BACKUP_SERVER_URL the REST service (https, mostly port 4443)?';
  }
  return undefined;
}

/** Whether a connection failed, or was refused, for the server's certificate. */
export const isAboutCertificate = (code: string): boolean => /CERT|SIGNATURE|ISSUER/.test(code);

function verification(trust: Trust): buildConnector.BuildOptions {
  switch (trust.by) {
    case 'fingerprint':
      // Chain, name and date are not looked at, as the pin says more than they do. A session that is resumed shows no
      // certificate to compare with it.
      return { rejectUnauthorized: false, maxCachedSessions: 0 };
    case 'ca':
      return { ca: trust.pem };
    case 'nothing':
      return { rejectUnauthorized: false };
    case 'system':
      return {};
  }
}

/** Makes connections to one server, and judges its certificate before any byte of a request can leave. */
export type Connector = Readonly<{
  connect: buildConnector.connector;
  /** Until when the certificate is valid that was seen last, in milliseconds of Unix time; null before there was one. */
  certificateEndsMs: () => number | null;
  /** Ends the connections that are not made yet; nobody else knows of them. */
  close: () => void;
}>;

export function createConnector(trust: Trust, timeoutMs: number): Connector {
  const connect = buildConnector({ ...verification(trust), timeout: timeoutMs });
  const pending = new Set<Socket>();
  let endsMs: number | null = null;

  function isTrusted(protocol: string, socket: Socket): boolean {
    if (protocol !== 'https:') return true;
    if (!(socket instanceof TLSSocket)) return trust.by !== 'fingerprint';
    const { fingerprint256, valid_to: validTo } = socket.getPeerCertificate();
    const validToMs = Date.parse(validTo);
    if (!Number.isNaN(validToMs)) endsMs = validToMs;
    return trust.by !== 'fingerprint' || fingerprint256 === trust.sha256;
  }

  return {
    certificateEndsMs: () => endsMs,
    connect: (target, callback) => {
      const settle: buildConnector.Callback = (...result) => {
        const [error, socket] = result;
        if (made instanceof Socket) pending.delete(made);
        if (error || isTrusted(target.protocol, socket)) {
          callback(...result);
          return;
        }
        socket.destroy();
        callback(Object.assign(new Error('no trusted connection'), { code: FINGERPRINT_MISMATCH }), null);
      };
      // eslint-disable-next-line @typescript-eslint/no-confusing-void-expression -- it gives the socket, whatever its type says
      const made: unknown = connect(target, settle);
      if (!(made instanceof Socket)) return;
      pending.add(made);
      made.once('close', () => pending.delete(made));
    },
    close: () => {
      for (const socket of pending) socket.destroy();
    },
  };
}

/** Lets Node's own client, and so got, connect in the same way. */
class TrustingAgent extends https.Agent {
  readonly #connector: Connector;

  constructor(connector: Connector) {
    super({ keepAlive: true, scheduling: 'lifo' });
    this.#connector = connector;
  }

  override createConnection(
    { host, port, servername }: https.RequestOptions & Readonly<{ servername?: string }>,
    callback?: (error: Error | null, stream: Duplex) => void, // without a stream, where there is an error
  ): Duplex | null | undefined {
    const hostname = host ?? '';
    const target = {
      protocol: 'https:',
      hostname,
      host: hostname,
      port: String(port),
      ...(servername && { servername }),
    };
    this.#connector.connect(target, (error, socket) => {
      callback?.(error, socket as Duplex);
    });
    return undefined;
  }
}

/** The agents for what undici does not send. Connections are kept open between requests. */
export function createAgents(connector: Connector): { http: http.Agent; https: https.Agent } {
  return { http: new http.Agent({ keepAlive: true, scheduling: 'lifo' }), https: new TrustingAgent(connector) };
}
