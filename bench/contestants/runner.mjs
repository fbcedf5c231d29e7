// What ties a contestant to the process that runs the benchmark.

export const upstream = process.env.UPSTREAM;

/** Tells where it listens. It ends with the runner, however that ends. */
export function tellUrl(url) {
  process.on('disconnect', () => process.exit());
  process.send({ url });
}
