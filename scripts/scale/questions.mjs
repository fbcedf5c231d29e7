// What callers ask. The backup server's clock stands still, so that each question has one right answer.

const DETAILS = 'id status statistics { processedObjects bottleneck } job { id name }';
const PERSISTED = `query Session($id: ID!) { jobSession(id: $id) { ${DETAILS} } }`;
const PERSISTED_LIST = 'query Newest { jobSessions(first: 10) { nodes { id status job { name } } } }';

/** All of them, in the order in which each caller goes through them, from a place of its own on. */
export function makeQuestions(ids) {
  const groups = [
    ids.slice(0, 12).map((id) => ({ query: `{ jobSession(id: "${id}") { ${DETAILS} } }` })),
    ids.slice(12, 24).map((id) => ({
      query: `{ jobSession(id: "${id}") { id log(first: 5) { nodes { sequenceNumber message } } } proxies { nodes { hostName } } }`,
    })),
    ids.slice(24, 30).map((id) => ({ query: PERSISTED, variables: { id }, isPersisted: true })),
    [{ query: PERSISTED_LIST, isPersisted: true }],
    [
      {
        query:
          '{ jobSessions(first: 50) { nodes { id status job { name organization { name } repository { name } } } } }',
      },
      { query: '{ jobSessions(first: 20) { nodes { id job { name } log(first: 3) { nodes { message } } } } }' },
      { query: '{ jobs { nodes { name latestSession { id status } } } organizations { nodes { name isBackedUp } } }' },
      {
        query:
          'query ($r: [_Any!]!) { _entities(representations: $r) { ... on JobSession { id status job { name } } } }',
        variables: { r: ids.slice(0, 10).map((id) => ({ __typename: 'JobSession', id })) },
      },
    ],
    ids.slice(30, 33).map((id) => downloadOf(id)),
  ];
  // In turn one of each, so that no two callers' places differ much in what comes next.
  const questions = [];
  for (let index = 0; groups.some((group) => index < group.length); index += 1) {
    for (const group of groups) if (index < group.length) questions.push(group[index]);
  }
  return questions;
}

export const downloadOf = (id) => ({ path: `/sessions/${id}/log?format=ndjson` });
