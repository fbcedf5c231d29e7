import { jobs, type DemoJob } from './landscape.js';
import { createRandom, uuidFrom } from './random.js';

/** A moment as .NET counts it: 100 ns since 1970. */
export type Ticks = bigint;

const TICKS_PER_SECOND = 10_000_000n;
const TICKS_PER_MINUTE = 60n * TICKS_PER_SECOND;

export const ticksOfMs = (ms: number): Ticks => BigInt(Math.floor(ms)) * 10_000n;

export type DemoStatistics = Readonly<{
  processingRateBytes: number;
  processingRateItems: number;
  readRateBytes: number;
  writeRateBytes: number;
  transferredBytes: number;
  processedObjects: number;
  bottleneck: 'NA' | 'Detecting' | 'Source' | 'Target';
}>;

/** A session as it will have been when it has ended. */
export type DemoSession = Readonly<{
  id: string;
  job: DemoJob;
  start: Ticks;
  end: Ticks;
  outcome: 'Success' | 'Warning' | 'Failed' | 'Stopped';
  isFull: boolean;
  /** How many users, sites, … it processes. */
  objects: number;
  statistics: DemoStatistics;
  /** How many lines its log has, where that is not for the objects to say. */
  logLines?: number;
  /** What v2 printed, where documentation shows it verbatim. */
  v2Text?: Readonly<Record<string, string>>;
}>;

/** A session as it stands at a moment. */
export type DemoSnapshot = Readonly<{
  session: DemoSession;
  isRunning: boolean;
  status: string;
  progress: number;
  statistics: DemoStatistics;
}>;

function jobOf(id: string): DemoJob {
  const job = jobs.find((candidate) => candidate.id === id);
  if (!job) throw new Error(`no such demo job: ${id}`);
  return job;
}

const documentedSessions: readonly DemoSession[] = [
  {
    id: 'be376069-2865-4156-a9bc-825cef7d687e',
    job: jobOf('00b96531-1a68-4c90-a398-91141ffedb3b'),
    start: ticksOfMs(Date.UTC(2017, 3, 4, 7, 7, 21)) + 3_994_255n,
    end: ticksOfMs(Date.UTC(2017, 3, 4, 7, 11, 36)) + 9_857_918n,
    outcome: 'Success',
    isFull: true,
    objects: 3,
    statistics: {
      processingRateBytes: 101478,
      processingRateItems: 6,
      readRateBytes: 1048576,
      writeRateBytes: 21810381,
      transferredBytes: 12345,
      processedObjects: 1655,
      bottleneck: 'Source',
    },
    v2Text: {
      processingRate: '99.1 KB/s (6 items/s)',
      readRate: '1.0 MB/s',
      writeRate: '20.8 MB/s',
      transferredData: '12345 B',
    },
  },
  {
    id: 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d',
    job: jobOf('b20cedd4-66b2-49b1-86de-a575dc67e83b'),
    start: ticksOfMs(Date.UTC(2019, 1, 4, 16, 49, 22)) + 8_529_769n,
    end: ticksOfMs(Date.UTC(2019, 1, 4, 16, 50, 21)) + 3_024_288n,
    outcome: 'Success',
    isFull: true,
    objects: 1,
    statistics: {
      processingRateBytes: 1683256,
      processingRateItems: 20,
      readRateBytes: 5383429,
      writeRateBytes: 26015396,
      transferredBytes: 98142970,
      processedObjects: 1193,
      bottleneck: 'Source',
    },
  },
];

/** The run of a job that was planned for a moment. All of it follows from the seed, the job and the moment. */
function plan(seed: string, job: DemoJob, planned: Ticks): DemoSession {
  const id = uuidFrom(`${seed} ${job.id} ${planned}`);
  const random = createRandom(id);
  const luck = random.fraction();
  // Those around the clock do not fail, so that there is always something to watch run.
  const outcome =
    luck < 0.05 && job.everyMinutes >= 1440 ? 'Failed' : luck < 0.14 ? 'Warning' : luck < 0.15 ? 'Stopped' : 'Success';
  const seconds =
    outcome === 'Failed' ? random.between(8, 40) : random.between(job.minMinutes * 60, job.maxMinutes * 60);
  const start = planned + BigInt(random.between(0, 9_999_999));
  const readRateBytes = random.between(400_000, 40_000_000);
  const writeRateBytes = Math.floor(readRateBytes * (0.3 + random.fraction() / 2));
  const items = random.between(1, 60);
  const isEmpty = outcome === 'Failed';
  return {
    id,
    job,
    start,
    end: start + BigInt(seconds) * TICKS_PER_SECOND + BigInt(random.between(0, 9_999_999)),
    outcome,
    isFull: random.fraction() < 0.05,
    objects: isEmpty ? 0 : random.between(3, 45),
    statistics: {
      processingRateBytes: isEmpty ? 0 : Math.floor(readRateBytes / 3),
      processingRateItems: isEmpty ? 0 : items,
      readRateBytes: isEmpty ? 0 : readRateBytes,
      writeRateBytes: isEmpty ? 0 : writeRateBytes,
      transferredBytes: isEmpty ? 0 : writeRateBytes * seconds,
      processedObjects: isEmpty ? 0 : items * seconds,
      bottleneck: isEmpty ? 'NA' : random.fraction() < 0.5 ? 'Source' : 'Target',
    },
  };
}

/** How a session stands at a moment: counts and the log grow with time. */
export function snapshotOf(session: DemoSession, now: Ticks): DemoSnapshot {
  if (session.end <= now) {
    return {
      session,
      isRunning: false,
      status: session.outcome,
      progress: session.objects,
      statistics: session.statistics,
    };
  }
  const elapsed = now > session.start ? Number(now - session.start) : 0;
  const done = elapsed / Number(session.end - session.start);
  const { statistics } = session;
  return {
    session,
    isRunning: true,
    status: 'Running',
    progress: Math.floor(session.objects * done),
    statistics: {
      ...statistics,
      transferredBytes: Math.floor(statistics.transferredBytes * done),
      processedObjects: Math.floor(statistics.processedObjects * done),
      bottleneck: done < 0.05 ? 'Detecting' : statistics.bottleneck,
    },
  };
}

export type History = Readonly<{
  /** All sessions that have started, newest first. */
  sessions: () => readonly DemoSession[];
  /**
   * Adds a session as if its job had been started by hand at this moment; it runs for `seconds`, and its log comes to so many
   * lines, if that is given.
   */
  insert: (jobId: string, seconds?: number, logLines?: number) => DemoSession;
  /** Lets a running session end at this moment. */
  finish: (id: string) => void;
  remove: (id: string) => void;
}>;

/** What has run in the last `days` and what runs now: the schedule goes on as the clock does. */
export function createHistory(options: Readonly<{ seed: string; days: number; nowMs: () => number }>): History {
  const { seed, days, nowMs } = options;
  let newestFirst: DemoSession[] = [...documentedSessions].reverse();
  let plannedUntil = ticksOfMs(nowMs()) - BigInt(days) * 1440n * TICKS_PER_MINUTE;
  let byHand = 0;

  const sort = (): void => {
    newestFirst.sort((a, b) => (a.start > b.start ? -1 : a.start < b.start ? 1 : a.id < b.id ? -1 : 1));
  };

  /** Adds what the schedule has started since it was last looked at. */
  function catchUp(): void {
    const now = ticksOfMs(nowMs());
    if (now <= plannedUntil) return; // a clock that was set back plans nothing twice
    const started: DemoSession[] = [];
    for (const job of jobs) {
      const every = BigInt(job.everyMinutes) * TICKS_PER_MINUTE;
      const offset = BigInt(job.offsetMinutes) * TICKS_PER_MINUTE;
      // A run starts within a second after its moment, so a moment counts when its second is over.
      const isDue = (planned: Ticks, at: Ticks): boolean => planned + TICKS_PER_SECOND <= at;
      for (let planned = (plannedUntil / every) * every + offset - every; isDue(planned, now); planned += every) {
        if (!isDue(planned, plannedUntil)) started.push(plan(seed, job, planned));
      }
    }
    plannedUntil = now;
    if (started.length === 0) return;
    const oldest = now - BigInt(days) * 1440n * TICKS_PER_MINUTE;
    newestFirst = newestFirst.filter((session) => session.start >= oldest || documentedSessions.includes(session));
    newestFirst.push(...started);
    sort();
  }

  const replace = (id: string, change: (session: DemoSession) => DemoSession): void => {
    newestFirst = newestFirst.map((session) => (session.id === id ? change(session) : session));
  };

  return {
    sessions: () => {
      catchUp();
      return newestFirst;
    },
    insert: (jobId, seconds = 60, logLines) => {
      catchUp();
      const now = ticksOfMs(nowMs());
      byHand += 1;
      const planned = plan(`${seed} by hand ${byHand}`, jobOf(jobId), now);
      const session = {
        ...planned,
        start: now,
        end: now + BigInt(seconds) * TICKS_PER_SECOND,
        ...(logLines !== undefined && { logLines }),
      };
      newestFirst.push(session);
      sort();
      return session;
    },
    finish: (id) => {
      replace(id, (session) => ({ ...session, end: ticksOfMs(nowMs()) }));
    },
    remove: (id) => {
      newestFirst = newestFirst.filter((session) => session.id !== id);
    },
  };
}
