import { organizations } from './landscape.js';
import { snapshotOf, type DemoSession, type Ticks } from './history.js';
import { uuidFrom } from './random.js';

export type DemoLogLine = Readonly<{
  id: string;
  usn: number;
  type: 'Success' | 'Warning' | 'Error' | 'Running' | 'Stop';
  message: string;
  start: Ticks;
  end: Ticks | null;
}>;

/** A log, of which lines are made as they are asked for: there can be more than anybody would keep. */
export type DemoLog = Readonly<{ length: number; slice: (from?: number, to?: number) => readonly DemoLogLine[] }>;

/** `4/4/2017 12:07:21 AM`: the server's culture and zone, as titles have it. */
function cultureTime(ticks: Ticks): string {
  const local = new Date(Number(ticks / 10_000n) - 7 * 3_600_000);
  const hours = local.getUTCHours();
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${local.getUTCMonth() + 1}/${local.getUTCDate()}/${local.getUTCFullYear()}`;
  return `${day} ${hours % 12 || 12}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`;
}

/** The two lines that documentation shows of its one session. */
function documentedLines(session: DemoSession): DemoLogLine[] {
  return [
    {
      id: 'e7668151-524f-4fa5-a30a-c647bf7ca8c5',
      usn: 1,
      type: 'Success',
      message: 'Job started at 4/4/2017 12:07:21 AM',
      start: session.start - 330_089n,
      end: session.start - 330_089n,
    },
    {
      id: 'a6c7a35c-20e1-4cf9-931e-c1e060172b43',
      usn: 2,
      type: 'Success',
      message: 'Connected to organization',
      start: session.start - 320_112n,
      end: session.start + 39_957_918n,
    },
  ];
}

const troubles = [
  'The mailbox is being moved; it will be processed in the next run',
  'Item was skipped: its attachment is larger than the service allows',
  'The site is locked for reading; permissions were not backed up',
];

/** A log of as many lines as the session says, spread over its time. */
function longLog({ id, start, end }: DemoSession, lines: number, now: Ticks): DemoLog {
  const at = (index: number): Ticks => start + ((end - start) * BigInt(index)) / BigInt(lines);
  const elapsed = now > start ? now - start : 0n;
  const length = end <= now ? lines : Number((BigInt(lines) * elapsed) / (end - start));
  const lineAt = (index: number): DemoLogLine => {
    const usn = index < 2 ? index + 1 : 998 + index;
    const isTroubled = index % 7 === 2;
    const trouble = isTroubled ? ` with warning: ${troubles[index % troubles.length] ?? ''}` : '';
    return {
      id: uuidFrom(`${id} line ${usn}`),
      usn,
      type: isTroubled ? 'Warning' : 'Success',
      message: `Processing mailbox user${index}@abc.onmicrosoft.com completed${trouble}`,
      start: at(index),
      end: at(index + 1),
    };
  };
  return {
    length,
    slice: (from = 0, to = length) =>
      Array.from({ length: Math.max(0, Math.min(to, length) - from) }, (_, index) => lineAt(from + index)),
  };
}

/** A session's log at a moment, oldest line first. Numbers have gaps, as the server's do; lines are added, not rewritten. */
export function logOf(session: DemoSession, now: Ticks): DemoLog {
  if (session.id === 'be376069-2865-4156-a9bc-825cef7d687e') return documentedLines(session);
  if (session.logLines !== undefined) return longLog(session, session.logLines, now);
  const { isRunning, progress } = snapshotOf(session, now);
  const organization = organizations.find(({ id }) => id === session.job.organizationId);
  const users = organization?.users ?? [];
  const lines: DemoLogLine[] = [];
  const add = (usn: number, type: DemoLogLine['type'], message: string, start: Ticks, end: Ticks | null): void => {
    lines.push({ id: uuidFrom(`${session.id} line ${usn}`), usn, type, message, start, end });
  };
  const { start, end } = session;

  add(1, 'Success', `Job started at ${cultureTime(start)}`, start, start);
  if (session.outcome === 'Failed') {
    const name = organization?.name ?? '';
    if (isRunning) add(2, 'Running', `Connecting to organization ${name}`, start, null);
    else {
      add(
        2,
        'Error',
        `Failed to connect to organization ${name}. The remote server returned an error: (401) Unauthorized.`,
        start,
        end,
      );
      add(1000, 'Error', 'Job finished with error: no object could be processed', end, end);
    }
    return lines;
  }
  add(2, 'Success', 'Connected to organization', start, start);
  add(1000, 'Success', `Found ${session.objects} objects`, start, start);
  // As far as `progress` counts: object n is done when n + 1 parts of the time are over.
  const doneAt = (index: number): Ticks =>
    start + ((end - start) * BigInt(index)) / BigInt(Math.max(session.objects, 1));
  for (let index = 0; index < progress; index += 1) {
    const user = `${users[index % users.length] ?? 'object'}${index < users.length ? '' : ` (archive ${Math.floor(index / users.length)})`}`;
    const isTroubled = session.outcome === 'Warning' && index % 7 === 2;
    const trouble = troubles[index % troubles.length] ?? '';
    const message = `Processing mailbox ${user} completed${isTroubled ? ` with warning: ${trouble}` : ''}`;
    add(1001 + index, isTroubled ? 'Warning' : 'Success', message, doneAt(index), doneAt(index + 1));
  }
  const next = 1001 + progress;
  if (isRunning)
    add(next, 'Running', `Processing mailbox ${users[progress % users.length] ?? 'object'}`, doneAt(progress), null);
  else if (session.outcome === 'Stopped') add(next, 'Stop', 'Job was stopped by an administrator', end, end);
  else
    add(next, session.outcome === 'Warning' ? 'Warning' : 'Success', `Job finished at ${cultureTime(end)}`, end, end);
  return lines;
}
