// From the server's JSON to what the schema says, for all contestants but the gateway.

/** The same moment in UTC with the server's own fraction digits. */
function toUtc(text) {
  if (text === undefined || text === null || text.endsWith('Z')) return text ?? null;
  const seconds = new Date(text).toISOString().slice(0, 19); // the offset is whole minutes, so the fraction stays
  const fraction = /\.\d+/.exec(text)?.[0] ?? '';
  return `${seconds}${fraction}Z`;
}

const bottlenecks = { Detecting: 'DETECTING', Source: 'SOURCE', Target: 'TARGET', NA: 'NOT_AVAILABLE' };

export function toSession({ id, jobId, status, creationTime, endTime, statistics }) {
  return {
    id,
    jobId,
    status: status.toUpperCase(),
    creationTime: toUtc(creationTime),
    endTime: toUtc(endTime),
    statistics: {
      processingRateBytesPerSecond: statistics.processingRateBytesPS,
      transferredDataBytes: statistics.transferredDataBytes,
      bottleneck: bottlenecks[statistics.bottleneck] ?? 'UNKNOWN',
    },
  };
}

export function toJob({ id, name }) {
  return { id, name };
}

export function toLogItem({ usn, type, message, creationTime }) {
  return {
    sequenceNumber: usn,
    type: type === 'Stop' ? 'STOPPED' : type.toUpperCase(),
    message,
    creationTime: toUtc(creationTime),
  };
}
