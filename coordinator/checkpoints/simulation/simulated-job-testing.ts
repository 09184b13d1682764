import { parseJobId, parseOperatorUid, parseVertexId } from '../../../shared/ids.ts';
import type { TaskManagerId } from '../../../shared/ids.ts';
import type { ParticipantOperator, Participants } from '../plan-checkpoint.ts';

/** Two sources, each with one split, that both feed two keyed sinks. */
export const JOB = parseJobId('sim');
export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');
export const SOURCE_UID = parseOperatorUid('source');
export const SINK_UID = parseOperatorUid('sink');

export function participantsOn(taskManagers: readonly TaskManagerId[]): Participants {
  const subtasks = taskManagers.map((taskManager) => ({ taskManager, state: 'running' as const }));
  const operator = (uid: typeof SINK_UID): ParticipantOperator => ({
    uid,
    name: uid,
    maxParallelism: 2,
    hashId: 'none',
  });
  return {
    vertices: new Map([
      [SOURCE, { inputs: [], operators: [operator(SOURCE_UID)], subtasks }],
      [SINK, { inputs: [{ from: SOURCE, pairs: 'all' as const }], operators: [operator(SINK_UID)], subtasks }],
    ]),
  };
}
