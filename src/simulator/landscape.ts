import { uuidFrom } from './random.js';

/** What the demo server looks after: three organizations, their jobs, and the machines that do the work. */
export type DemoOrganization = Readonly<{
  id: string;
  name: string;
  type: 'Office365' | 'OnPremises' | 'Hybrid';
  region: string | null;
  users: readonly string[];
}>;

export type DemoProxy = Readonly<{
  id: string;
  hostName: string;
  description: string;
  status: 'Online' | 'Offline';
  type: 'Local' | 'Domain';
  operatingSystem: 'Windows' | 'Linux';
  threadsNumber: number;
  throttlingValue: number | null;
}>;

export type DemoRepository = Readonly<{
  id: string;
  name: string;
  description: string;
  path: string;
  proxyId: string;
  capacityBytes: number | null;
  freeSpaceBytes: number | null;
}>;

export type DemoJob = Readonly<{
  id: string;
  name: string;
  description: string;
  kind: 'Backup' | 'Copy';
  backupType: 'EntireOrganization' | 'SelectedItems';
  isEnabled: boolean;
  organizationId: string;
  repositoryId: string;
  /** The backup job that a copy job copies. */
  backupJobId: string | null;
  everyMinutes: number;
  /** After midnight, UTC. */
  offsetMinutes: number;
  minMinutes: number;
  maxMinutes: number;
}>;

const names = [
  'anna.berg',
  'ben.okafor',
  'carla.diaz',
  'dmitri.novak',
  'emma.li',
  'finn.olsen',
  'grace.kim',
  'hugo.martin',
];
const usersOf = (domain: string): string[] => names.map((name) => `${name}@${domain}`);

const abc = '5db60525-e59f-49b9-b49b-407fc9bf2642';
const northwind = uuidFrom('organization northwind');
const fabrikam = uuidFrom('organization fabrikam');

export const organizations: readonly DemoOrganization[] = [
  {
    id: abc,
    name: 'abc.onmicrosoft.com',
    type: 'Office365',
    region: 'Worldwide',
    users: usersOf('abc.onmicrosoft.com'),
  },
  {
    id: northwind,
    name: 'northwind.onmicrosoft.com',
    type: 'Hybrid',
    region: 'Germany',
    users: usersOf('northwind.example'),
  },
  { id: fabrikam, name: 'fabrikam.local', type: 'OnPremises', region: null, users: usersOf('fabrikam.local') },
];

const east = '46d10221-7974-42d7-bb38-f80e65f95f3d';
const west = uuidFrom('proxy west');

export const proxies: readonly DemoProxy[] = [
  {
    id: east,
    hostName: 'support.east.local',
    description: 'ABC Company Reports',
    status: 'Online',
    type: 'Local',
    operatingSystem: 'Windows',
    threadsNumber: 64,
    throttlingValue: 1250,
  },
  {
    id: west,
    hostName: 'proxy.west.local',
    description: 'Second site',
    status: 'Offline',
    type: 'Domain',
    operatingSystem: 'Linux',
    threadsNumber: 32,
    throttlingValue: null,
  },
];

const daily = '035bcd44-6f68-4335-b6b8-4e22452eb8ff';
const archive = uuidFrom('repository archive');
const second = uuidFrom('repository second');

export const repositories: readonly DemoRepository[] = [
  {
    id: daily,
    name: 'Reports Daily',
    description: 'ABC Company',
    path: 'C:\\VeeamRepository',
    proxyId: east,
    capacityBytes: 128479916032,
    freeSpaceBytes: 44658991104,
  },
  {
    id: second,
    name: 'Second site',
    description: '',
    path: 'D:\\Backups',
    proxyId: west,
    capacityBytes: 8796093022208,
    freeSpaceBytes: 1099511627776,
  },
  // Object storage tells no volume size.
  {
    id: archive,
    name: 'Archive',
    description: 'Copies, immutable',
    path: 'C:\\Cache',
    proxyId: east,
    capacityBytes: null,
    freeSpaceBytes: null,
  },
];

/** Every four hours for a little over two: two jobs like this, two hours apart, take turns, so that one runs at any moment. */
const aroundTheClock = { everyMinutes: 240, minMinutes: 121, maxMinutes: 125 } as const;
const onceADay = { everyMinutes: 1440, minMinutes: 3, maxMinutes: 25 } as const;

function backup(
  id: string,
  name: string,
  organizationId: string,
  offsetMinutes: number,
  more: Partial<DemoJob> = {},
): DemoJob {
  return {
    id,
    name,
    description: '',
    kind: 'Backup',
    backupType: 'SelectedItems',
    isEnabled: true,
    organizationId,
    repositoryId: daily,
    backupJobId: null,
    offsetMinutes,
    ...onceADay,
    ...more,
  };
}

const mailboxes = uuidFrom('job northwind mailboxes');
const documented = '00b96531-1a68-4c90-a398-91141ffedb3b';

export const jobs: readonly DemoJob[] = [
  backup(documented, 'test_job', abc, 7),
  backup('b20cedd4-66b2-49b1-86de-a575dc67e83b', 'Sites and teams', abc, 16 * 60 + 49),
  backup(uuidFrom('job abc everything'), 'Whole organization', abc, 22 * 60 + 10, { backupType: 'EntireOrganization' }),
  backup(uuidFrom('job abc onedrive'), 'OneDrive, around the clock', abc, 0, aroundTheClock),
  backup(uuidFrom('job abc leavers'), 'People who left', abc, 3 * 60 + 10, { isEnabled: false }),
  backup(mailboxes, 'Mailboxes', northwind, 70, { repositoryId: second }),
  backup(uuidFrom('job northwind teams'), 'Teams, around the clock', northwind, 120, {
    ...aroundTheClock,
    repositoryId: second,
  }),
  backup(uuidFrom('job northwind sites'), 'Sites', northwind, 6 * 60 + 10, { repositoryId: second }),
  backup(uuidFrom('job fabrikam exchange'), 'Exchange on premises', fabrikam, 23 * 60 + 10, {
    backupType: 'EntireOrganization',
  }),
  backup(uuidFrom('job fabrikam boards'), 'Board members', fabrikam, 5 * 60 + 10, { description: 'Legal hold' }),
  backup(uuidFrom('copy of test_job'), 'Copy of test_job', abc, 2 * 60 + 10, {
    kind: 'Copy',
    backupJobId: documented,
    repositoryId: archive,
  }),
  backup(uuidFrom('copy of mailboxes'), 'Copy of Mailboxes', northwind, 4 * 60 + 10, {
    kind: 'Copy',
    backupJobId: mailboxes,
    repositoryId: archive,
  }),
];
