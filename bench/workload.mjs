// What the callers ask: three documents, and per regime whose token goes with it and which session it is about.

const Q1 = `query Q1($id: ID!) {
  jobSession(id: $id) {
    id status creationTime endTime
    statistics { processingRateBytesPerSecond transferredDataBytes bottleneck }
    job { id name }
  }
}`;

const Q2 = `query Q2 {
  jobSessions(first: 50) {
    nodes {
      id status creationTime endTime
      statistics { processingRateBytesPerSecond transferredDataBytes bottleneck }
      job { id name }
    }
  }
}`;

const Q3 = `query Q3 {
  jobSessions(first: 20) {
    nodes {
      id status creationTime endTime
      job { id name }
      log(first: 20) { nodes { sequenceNumber type message creationTime } }
    }
  }
}`;

const documents = { Q1, Q2, Q3 };

export const queryNames = Object.keys(documents);
export const regimeNames = ['first sight', 'polling'];

/** A step without a factor in common with the number of starts, so that one request's list is far from the next one's. */
const START_STEP = 37;

/** `upstream` is what the upstream said it has when it was ready. */
export function createWorkload({ firstSightIds, pollingLists }) {
  let seen = 0;

  const next = {
    /** A token that nobody has sent before, with a list of sessions, and a session, of its own. */
    'first sight': () => {
      seen += 1;
      const start = (seen * START_STEP) % firstSightIds.length;
      return { token: `first-sight-${process.pid}-${seen}-at-${start}`, id: firstSightIds[start] };
    },
    /** Eight tokens in turn, each for the same again; the first one looks at a session that is still running. */
    polling: (index) => {
      const list = index % pollingLists.length;
      const { start, finishedId, runningId } = pollingLists[list];
      return { token: `polling-${list}-at-${start}`, id: list === 0 ? runningId : finishedId };
    },
  };

  function requestFor(query, regime, index) {
    const { token, id } = next[regime](index);
    return {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ operationName: query, query: documents[query], variables: query === 'Q1' ? { id } : {} }),
    };
  }

  /** The requests of each connection, `amount` in all; where a list is shorter than that, it is begun anew. */
  function requestsFor(query, regime, amount, connections) {
    return Array.from({ length: connections }, (_, connection) => {
      const share = Math.ceil((amount - connection) / connections);
      const length = regime === 'polling' ? Math.min(share, pollingLists.length) : share;
      return Array.from({ length }, (_, index) => requestFor(query, regime, connection + index));
    });
  }

  return { requestFor, requestsFor };
}
