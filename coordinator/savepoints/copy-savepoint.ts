import { copyObjects, putOnce } from '../../shared/checkpoint/copy-objects.ts';
import { formatMetadata } from '../../shared/checkpoint/format-metadata.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { metadataKeyIn, parseSnapshotFolder } from '../../shared/checkpoint/snapshot-folder.ts';
import { failpointAsync } from '../../shared/failpoints/failpoint.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { SavepointPin } from '../checkpoints/checkpoint-events.ts';
import { planSavepoint } from './plan-savepoint.ts';

export interface SavepointDeps {
  /** Where the checkpoints stand. */
  readonly checkpoints: SnapshotStore;
  /** Opens a store that a user named; it is closed again. */
  readonly open: (location: string) => Promise<SnapshotStore>;
  /** Milliseconds for each call of a store, retries included. */
  readonly callMs: number;
}

/**
 * Copies a completed, pinned checkpoint into the directory of its pin. The metadata comes last: a directory without it is no
 * savepoint. Repeating it after a failure, or by the next leader after a crash, goes on where it was.
 * @throws StreamError as of `copyObjects` and `readMetadata`, `snapshot-location-invalid`
 */
export async function copySavepoint(pin: SavepointPin, deps: SavepointDeps, signal: AbortSignal): Promise<void> {
  const { location, folder } = parseSnapshotFolder(pin.directory);
  const call = { deadlineMs: deps.callMs, signal };
  const { objects, metadata } = planSavepoint(await readMetadata(deps.checkpoints, pin.metadataKey, call), folder);
  const target = await deps.open(location);
  try {
    await copyObjects(objects, { from: deps.checkpoints, to: target, call });
    await failpointAsync('savepoint.before-manifest');
    await putOnce(target, metadataKeyIn(folder), formatMetadata(metadata, folder), call);
    await failpointAsync('savepoint.manifest-written');
  } finally {
    await target.close();
  }
}
