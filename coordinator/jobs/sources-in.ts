import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { parseVertexId } from '../../shared/ids.ts';
import type { VertexId } from '../../shared/ids.ts';
import { parseKnownSplits } from '../checkpoints/known-splits-wire.ts';
import { progressOf } from './source-progress.ts';
import type { SourceProgress } from './source-progress.ts';

/** What a checkpoint knows of its sources, each under the vertex that is named after it. */
export function sourcesIn({ operators }: CheckpointMetadata): ReadonlyMap<VertexId, SourceProgress> {
  const sources = new Map<VertexId, SourceProgress>();
  for (const { uid, coordinatorState, subtasks } of operators) {
    const known = coordinatorState === undefined ? undefined : parseKnownSplits(coordinatorState);
    if (known !== undefined) {
      sources.set(parseVertexId(uid), progressOf(known, subtasks));
    }
  }
  return sources;
}
