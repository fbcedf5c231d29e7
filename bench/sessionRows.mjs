// The query of growth.mjs: so many rows of a list, with the fields of Q2 less the job.

const fields =
  'id status creationTime endTime statistics { processingRateBytesPerSecond transferredDataBytes bottleneck }';

const ANSWER_LIMIT_MS = 60_000;

export function requestFor(rows, token) {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: `{ jobSessions(first: ${rows}) { nodes { ${fields} } } }` }),
  };
}

/** Asks once, and resolves with the answer's length when it is right. */
export async function askForRows(url, rows, token) {
  const response = await fetch(url, { ...requestFor(rows, token), signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const text = await response.text();
  const { data, errors } = JSON.parse(text);
  if (errors || data?.jobSessions?.nodes.length !== rows) {
    throw new Error(`The gateway answers a query for ${rows} rows with ${text.slice(0, 400)}`);
  }
  return text.length;
}
