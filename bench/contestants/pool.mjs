// Reads JSON from the upstream through one undici pool, for the contestants that use undici.
import { Pool } from 'undici';
import { upstream } from './runner.mjs';

const pool = new Pool(upstream, { connections: 64 });

export async function getJson(path, authorization) {
  const { statusCode, body } = await pool.request({ method: 'GET', path: `/v8/${path}`, headers: { authorization } });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`The server answered ${statusCode}.`);
  }
  return body.json();
}
