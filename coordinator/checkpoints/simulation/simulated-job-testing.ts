import type { OperatorSnapshot } from '../../../shared/control/acknowledgement.ts';
import { parseJobId, parseOperatorUid, parseVertexId } from '../../../shared/ids.ts';
import type { TaskManagerId } from '../../../shared/ids.ts';
import type { ParticipantOperator, Participants } from '../plan-checkpoint.ts';

/**
 * Sources over two splits that all feed keyed sinks, one of each in every task manager of an attempt. An attempt has another
 * parallelism than the one before: each restart is a rescale.
 */
export const JOB = parseJobId('sim');
export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');
export const SOURCE_UID = parseOperatorUid('source');
export const SINK_UID = parseOperatorUid('sink');
export const SPLITS = [0, 1] as const;
/** Record n of a split has key n % KEYS, which is a key group of its own. */
export const KEYS = 4;
export const PARALLELISM_MAX = 3;

export function participantsOn(taskManagers: readonly TaskManagerId[]): Participants {
  const subtasks = taskManagers.map((taskManager) => ({ taskManager, state: 'running' as const }));
  const operator = (uid: typeof SINK_UID): ParticipantOperator => ({
    uid,
    name: uid,
    maxParallelism: KEYS,
    hashId: 'none',
  });
  return {
    vertices: new Map([
      [SOURCE, { inputs: [], operators: [operator(SOURCE_UID)], subtasks }],
      [SINK, { inputs: [{ from: SOURCE, pairs: 'all' as const }], operators: [operator(SINK_UID)], subtasks }],
    ]),
  };
}

export function emptySnapshot(uid: OperatorSnapshot['uid']): OperatorSnapshot {
  return {
    uid,
    states: [],
    keyed: { kind: 'whole', segments: [] },
    lists: [],
    splits: [],
    committables: [],
    isFinished: false,
    watermarkMs: undefined,
  };
}
