import type { Api } from '../upstream/api.js';
import { UpstreamError, type Field } from '../upstream/errors.js';
import type { Identified, ItemResource, ListName } from '../upstream/resource.js';
import { mapInSlices } from '../upstream/slices.js';
import { requestFault } from './requestFault.js';

/**
 * Reads records in the plain or in the extended view. The server asks the proxies for the extended one, so it fails when one
 * of them is offline. Then the plain one is read instead, with one request more, and the error is in the extended fields alone.
 */
export type Views = Readonly<{
  readItem: Api['readItem'];
  readWhole: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    isExtended: boolean,
  ) => Promise<readonly Field<Row>[]>;
}>;

type InPlainView<Row extends Identified> = NonNullable<ItemResource<ListName, Row>['inPlainView']>;

/** Made for one operation. */
export function createViews(api: Api): Views {
  const wholes = new Map<ListName, Promise<unknown>>();

  async function readExtendedItem<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    inPlainView: InPlainView<Row>,
    id: string,
  ): Promise<Row | null> {
    // A 404 may be about a proxy that the server asked. Only the plain view says that the record itself is missing.
    let reason = new UpstreamError({ fault: 'notFound', resource: resource.name, id, reason: 'no extended view' });
    try {
      const row = await api.readItem(resource, id, true);
      if (row !== null) return row;
    } catch (error) {
      reason = requestFault(error);
    }
    const row = await api.readItem(resource, id, false);
    return row && inPlainView(row, reason);
  }

  async function readExtendedWhole<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    inPlainView: InPlainView<Row>,
  ): Promise<readonly Field<Row>[]> {
    let reason: UpstreamError;
    try {
      return await api.readCollection(resource, resource.whole(true));
    } catch (error) {
      reason = requestFault(error);
    }
    const rows = await api.readCollection(resource, resource.whole(false));
    const mark = (row: Field<Row>): Field<Row> => (row instanceof Error ? row : inPlainView(row, reason));
    return mapInSlices(rows, mark, () => api.yieldToOthers(resource.name));
  }

  return {
    readItem: (resource, id, isExtended) =>
      isExtended && resource.inPlainView
        ? readExtendedItem(resource, resource.inPlainView, id)
        : api.readItem(resource, id, isExtended),
    readWhole: (resource, isExtended) => {
      if (!isExtended || !resource.inPlainView) return api.readCollection(resource, resource.whole(isExtended));
      type Rows = readonly Field<ReturnType<typeof resource.normalize>>[];
      const known = wholes.get(resource.name) as Promise<Rows> | undefined; // set below, for this very resource
      const rows = known ?? readExtendedWhole(resource, resource.inPlainView);
      wholes.set(resource.name, rows);
      return rows;
    },
  };
}
