const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** JSON that cannot end the element that it is in. */
const asData = (value: object): string => JSON.stringify(value).replaceAll('<', String.raw`\u003c`);

export type PageOptions = Readonly<{
  /** Where the explorer's files are: bundles, and the module that uses what these make global. */
  bundles: readonly string[];
  module: string;
  styles: readonly string[];
  nonce: string;
  /** A line that asks this gateway something, for a person to paste. */
  curl: string;
  /** What there is to ask about on the embedded server, and a token for it; null with a server of one's own. */
  demo: Readonly<{ token: string; sessionId: string; jobId: string }> | null;
  introspection: boolean;
  /** Whether a list of operations is all that is run. */
  trustedOnly: boolean;
}>;

/** What is filled in where only the reader knows the value: the headers must be ASCII, and no id is a UUID by chance. */
const blank = {
  authorization: 'Bearer <token of your backup server>',
  sessionId: '<id of a session: the first tab lists some>',
  jobId: '<id of a job: the first tab lists some>',
};

const TOKEN_LINE =
  "curl https://<backup server>:4443/v8/token -d 'grant_type=password&username=…&password=…&disable_antiforgery_token=true'";

function describeServer(demo: PageOptions['demo']): string {
  if (demo) {
    return '<p>Answers come from the <strong>embedded demo server</strong>; a token for it is filled in.</p>';
  }
  return '<p>Put a token of your backup server into <strong>Headers</strong>. It is sent to this gateway alone, and gone when the page is.</p>';
}

function describeLimits({ introspection, trustedOnly }: PageOptions): string {
  if (trustedOnly) {
    return '<p><strong>Trusted documents alone are run</strong>: of what is asked here, only their exact text, and nothing of the schema.</p>';
  }
  if (introspection) return '';
  return '<p><strong>Introspection is off</strong>, so no names are completed and there is no documentation; operations are answered.</p>';
}

/** What a person sees who opens the gateway in a browser: an explorer of the graph and, where scripts are off, a line to paste. */
export function renderExplorerPage(options: PageOptions): string {
  const { bundles, module, styles, nonce, curl, demo } = options;
  const settings = {
    nonce,
    isDemo: demo !== null,
    authorization: demo ? `Bearer ${demo.token}` : blank.authorization,
    sessionId: demo?.sessionId ?? blank.sessionId,
    jobId: demo?.jobId ?? blank.jobId,
  };
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>backup365-gateway</title>
<link rel="icon" href="data:,">
${styles.map((url) => `<link rel="stylesheet" href="${escape(url)}">`).join('\n')}
<script type="application/json" id="settings">${asData(settings)}</script>
${bundles.map((url) => `<script defer src="${escape(url)}"></script>`).join('\n')}
<script type="module" src="${escape(module)}"></script>
<header>
<h1>backup365-gateway</h1>
${describeServer(demo)}
${describeLimits(options)}
<p>State: <a href="livez">livez</a>, <a href="readyz">readyz</a>.</p>
${demo ? '' : `<details><summary>How to get a token</summary><pre><code>${escape(TOKEN_LINE)}</code></pre></details>`}
<details><summary>Ask from a terminal</summary><pre><code>${escape(curl)}</code></pre></details>
</header>
<main id="explorer"><p>GraphQL is at <code>graphql</code> below this address.</p>
<noscript><p>The explorer needs JavaScript; the line above does without.</p></noscript></main>
</html>
`;
}
