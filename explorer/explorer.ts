/** What the gateway's page hands to this script (`src/http/explorerPage.ts`). */
type Settings = Readonly<{
  isDemo: boolean;
  authorization: string;
  sessionId: string;
  jobId: string;
  nonce: string;
}>;

const LAST_NIGHTS_FAILURES = `# What went wrong since yesterday, 18:00.
# "since" is among the variables below.
query LastNightsFailures($since: DateTime!) {
  jobSessions(
    first: 50
    filter: {
      statuses: [FAILED, WARNING]
      endedAfter: $since
    }
  ) {
    nodes {
      id
      status
      endTime
      job { id name }
      log(first: 5, types: [ERROR, WARNING]) {
        nodes { type message }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const SESSION_WITH_LOG = `# One run: how fast it was, what held it
# up, and its log. "id" is below.
query SessionWithLog($id: ID!) {
  jobSession(id: $id) {
    status
    creationTime
    endTime
    durationSeconds
    job { name organization { name } }
    statistics {
      transferredDataBytes
      processingRateBytesPerSecond
      bottleneck
    }
    log(first: 100) {
      nodes { type message creationTime }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

const JOB_HISTORY = `# How the runs of one job went, newest
# first. "id" is below.
query JobHistory($id: ID!) {
  job(id: $id) {
    name
    isEnabled
    nextRun
    sessions(first: 30) {
      nodes {
        id
        status
        creationTime
        durationSeconds
        statistics {
          transferredDataBytes
          bottleneck
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

/** Six o'clock yesterday evening, where the browser is. */
function lastEvening(): string {
  const moment = new Date();
  moment.setDate(moment.getDate() - 1);
  moment.setHours(18, 0, 0, 0);
  return moment.toISOString();
}

/** GraphiQL's history keeps headers, and so tokens: nothing of it outlives the page. */
function createPageStorage() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
    clear: () => {
      values.clear();
    },
    get length() {
      return values.size;
    },
  };
}

const asText = (value: object): string => JSON.stringify(value, null, 2);

function mount(container: HTMLElement, settings: Settings): void {
  globalThis.__webpack_nonce__ = settings.nonce;
  const headers = asText({ Authorization: settings.authorization });
  const tab = (query: string, variables: object) => ({ query, variables: asText(variables), headers });
  const first = tab(LAST_NIGHTS_FAILURES, { since: lastEvening() });
  const props = {
    fetcher: GraphiQL.createFetcher({ url: 'graphql' }),
    defaultTabs: [first, tab(SESSION_WITH_LOG, { id: settings.sessionId }), tab(JOB_HISTORY, { id: settings.jobId })],
    variables: first.variables, // those of the tab that is shown first are read from nowhere else
    defaultEditorToolsVisibility: settings.isDemo ? 'variables' : 'headers', // what is to be filled in first
    defaultHeaders: headers,
    defaultQuery: '',
    shouldPersistHeaders: false,
    storage: createPageStorage(),
  };
  const noLogo = React.createElement(GraphiQL.Logo, null, '');
  ReactDOM.createRoot(container).render(React.createElement(GraphiQL, props, noLogo));
}

const container = document.getElementById('explorer');
const settings = document.getElementById('settings')?.textContent;
if (container && settings) mount(container, JSON.parse(settings) as Settings);
