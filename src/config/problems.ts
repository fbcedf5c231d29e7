/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(found: readonly string[]) {
    const problems = [...new Set(found)]; // one that two readers met is told once
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** What a thrown thing says of itself. */
export function textOf(error: unknown, property: 'message' | 'code'): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, property) : undefined;
  return typeof value === 'string' ? value : undefined;
}
