// Parts of documents that seeds are made of.
import { idOf } from '../rows.mjs';

export const range = (count, make) => Array.from({ length: Math.max(1, Math.round(count)) }, (_, index) => make(index));
export const joined = (count, make) => range(count, make).join(' ');
export const nested = (depth, inner) =>
  `${'...{'.repeat(Math.max(1, Math.round(depth)))}${inner}${'}'.repeat(Math.max(1, Math.round(depth)))}`;
export const longName = (index) => `${'a'.repeat(75)}${String(index).padStart(5, '0')}`;
export const job = idOf('Jobs', 1);
export const session = idOf('JobSessions', 1);
export const statuses = ['SUCCESS', 'WARNING', 'FAILED', 'STOPPED', 'RUNNING', 'QUEUED', 'UNKNOWN'];
export const sessionFields =
  'id creationTime endTime durationSeconds progress status details type configType retryCount willBeRetried logUrl statistics{processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond writeRateBytesPerSecond transferredDataBytes processedObjects bottleneck isEstimated}';
export const jobFields =
  'id name description type backupType isEnabled schedulePolicy{type dailyType dailyTime periodMinutes retryEnabled retryNumber retryWaitMinutes backupWindowEnabled} lastRun nextRun lastBackup lastStatus';
export const organizationFields =
  'id name officeName description type region isExchangeOnline isSharePointOnline isTeamsOnline isTeamsChatsOnline';
export const repositoryFields =
  'id name description path capacityBytes freeSpaceBytes retentionType isOutOfSync isLongTerm isOutdated isOutOfOrder outOfOrderReason';
export const representation = (type, id) => ({ __typename: type, id });
export const entitiesQuery = (selection) => `query($r:[_Any!]!){_entities(representations:$r){${selection}}}`;
export const typeRef = (depth) => (depth <= 0 ? 'name' : `name kind ofType{${typeRef(depth - 1)}}`);
