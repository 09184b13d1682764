import { folderOf } from '../../shared/checkpoint/object-keys.ts';
import type { SavepointDeps } from '../savepoints/copy-savepoint.ts';
import type { CopiesRegistry } from '../savepoints/copies-in-use.ts';
import type { JobStore } from '../job-store/job-store.ts';

/** What the admin API needs for savepoints, and for what is left of checkpoints. */
export interface SnapshotDeps extends SavepointDeps {
  readonly copies: CopiesRegistry;
  readonly jobStore: JobStore;
  /** state.checkpoints.dir, as users and other processes name it. */
  readonly checkpointDirectory: string;
  /** state.savepoints.dir; undefined: a savepoint must be given a directory. */
  readonly savepointDirectory: string | undefined;
  /** Short, and never the same: tells apart the savepoints of a job. */
  readonly newSuffix: () => string;
}

/** The directory of a checkpoint as users and other processes name it: what a job can begin from. */
export function directoryOf(metadataKey: string, { checkpointDirectory }: SnapshotDeps): string {
  return `${checkpointDirectory.replace(/\/+$/, '')}/${folderOf(metadataKey)}`;
}
