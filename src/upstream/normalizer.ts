import { UpstreamError, type Field } from './errors.js';
import { isObject, Reader, toUuid } from './raw.js';
import type { Identified, ListName, Notice, Resource } from './resource.js';
import type { Version } from './versions/version.js';

/** Makes records of what the server answers. */
export type Normalizer = Readonly<{
  /** Reads the item that was asked for by id; throws an `UpstreamError` if it cannot be read, or has another id. */
  readItem: <Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
    askedId: string,
  ) => Row;
  /** Reads a row of a list. A row that cannot be read spoils its own place, not the list. */
  readRow: <Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
  ) => Field<Row>;
}>;

/** Made for one operation: it reads each row once, however often lists that come whole are looked through. */
export function createNormalizer(notice: Notice): Normalizer {
  const known = new Map<ListName, WeakMap<object, unknown>>();

  function normalize<Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
    askedId?: string,
  ): Row {
    const ownId = isObject(body) && typeof body['id'] === 'string' ? (toUuid(body['id']) ?? undefined) : undefined;
    const about = { resource: resource.name, id: askedId ?? ownId };
    const adapt = spoken.adapt[resource.name];
    const canonical = adapt && isObject(body) ? adapt(body, notice) : body;
    const row = resource.normalize(new Reader(canonical, about, notice));
    if (askedId !== undefined && row.id !== askedId) {
      throw new UpstreamError({ ...about, fault: 'badResponse', field: 'id', reason: 'another id than asked' });
    }
    return row;
  }

  function tryNormalize<Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
  ): Field<Row> {
    try {
      return normalize(spoken, resource, body);
    } catch (error) {
      if (error instanceof UpstreamError) return error;
      throw error;
    }
  }

  return {
    readItem: normalize,
    readRow: (spoken, resource, body) => {
      const rows = known.get(resource.name) ?? new WeakMap<object, unknown>();
      known.set(resource.name, rows);
      const before = isObject(body) ? rows.get(body) : undefined;
      if (before !== undefined) return before as ReturnType<typeof resource.normalize>; // set below, for this very resource
      const row = tryNormalize(spoken, resource, body);
      if (isObject(body)) rows.set(body, row);
      return row;
    },
  };
}
