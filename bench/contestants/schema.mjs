// The part of the gateway's schema that the three queries ask for, for the contestants that read a schema.
export const typeDefs = /* GraphQL */ `
  scalar DateTime
  scalar Long

  type Query {
    jobSession(id: ID!): JobSession
    jobSessions(first: Int = 30): JobSessionConnection
  }

  type JobSessionConnection {
    nodes: [JobSession]!
  }

  type JobSession {
    id: ID!
    status: JobSessionStatus
    creationTime: DateTime
    endTime: DateTime
    statistics: Statistics
    job: Job
    log(first: Int = 30): LogItemConnection
  }

  type Statistics {
    processingRateBytesPerSecond: Long
    transferredDataBytes: Long
    bottleneck: Bottleneck
  }

  type Job {
    id: ID!
    name: String
  }

  type LogItemConnection {
    nodes: [LogItem]!
  }

  type LogItem {
    sequenceNumber: Long
    type: LogItemType
    message: String
    creationTime: DateTime
  }

  enum JobSessionStatus {
    RUNNING
    SUCCESS
    WARNING
    FAILED
    STOPPED
    QUEUED
    DISCONNECTED
    NOT_CONFIGURED
    UNKNOWN
  }

  enum Bottleneck {
    DETECTING
    SOURCE
    TARGET
    NOT_AVAILABLE
    UNKNOWN
  }

  enum LogItemType {
    RUNNING
    SUCCESS
    WARNING
    ERROR
    STOPPED
    UNKNOWN
  }
`;
