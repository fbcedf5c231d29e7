// Reads a gateway's own figures.

/** All of a gateway's metrics at this moment: `sum(name, labels)` adds up those whose labels are as given. */
export async function readMetrics(url) {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return {
    sum: (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return lines
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((pair) => line.includes(pair)))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}

/** How often Redis has answered a gateway. */
export function storeAnswers({ sum }) {
  const count = (outcome) => sum('backup365_store_request_duration_seconds_count', { outcome });
  return count('hit') + count('miss') + count('done');
}
