import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { required } from '../../shared/invariant.ts';
import type { ParticipantVertex, Participants } from '../checkpoints/plan-checkpoint.ts';
import type { AttemptRun } from './attempt-run.ts';
import type { JobSpec } from './job-spec.ts';

/** The subtasks of an attempt that starts, as its checkpoints see them. */
export function participantsOf(spec: JobSpec, run: AttemptRun): Participants {
  const vertices = spec.vertices.map(({ id, parallelism, firstSlot, inputs, operators }) => {
    const vertex: ParticipantVertex = {
      inputs,
      operators: operators.map((uid) => ({
        uid,
        name: uid,
        maxParallelism: spec.maxParallelism,
        hashId: KEY_HASH_ID,
      })),
      subtasks: Array.from({ length: parallelism }, (_, index) => {
        const { taskManager } = required(run.places[firstSlot + index], `the place of ${id}[${index}]`);
        const isFinished = run.tasks.get(id)?.[index] === 'finished';
        return { taskManager, state: isFinished ? 'finished' : 'running' };
      }),
    };
    return [id, vertex] as const;
  });
  return { vertices: new Map(vertices) };
}
