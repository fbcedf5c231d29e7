const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** What a person sees who opens the gateway in a browser: what it is, and a line to paste that gets a real answer. */
export function renderLandingPage(
  options: Readonly<{ curl: string; isEmbedded: boolean; introspection: boolean }>,
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>backup365-gateway</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1d2733 }
  pre { background: #f2f4f7; border-radius: 6px; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere }
  code { font-family: ui-monospace, monospace }
</style>
<h1>backup365-gateway</h1>
<p>One typed graph in front of the REST API of Veeam Backup for Microsoft 365. GraphQL is at
<code>/graphql</code>.</p>
${options.isEmbedded ? '<p>No backup server is configured: answers come from the <strong>embedded demo server</strong>.</p>' : ''}
<p>Try it: paste this into a terminal.</p>
<pre><code>${escape(options.curl)}</code></pre>
<p>${
    options.introspection
      ? 'Introspection is on: any GraphQL client, Apollo Sandbox among them, can read the schema.'
      : 'Introspection is off.'
  } State: <a href="/livez"><code>/livez</code></a>, <a href="/readyz"><code>/readyz</code></a>.</p>
</html>
`;
}
