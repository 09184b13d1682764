import type { OperatorListSnapshot, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseOperatorUid,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { defaultSerializer } from '../../shared/serialization/default-serializer.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import type { OperatorOpenContext } from './operator.ts';
import { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { HotCount } from './operator-scope.ts';
import type { OperatorScope } from './operator-scope.ts';
import { OutputPressure } from './output-pressure.ts';
import { RecordGuard } from './record-guard.ts';
import type { StateContext } from './state-context.ts';
import { Suspensions } from './suspensions.ts';

/** The parts of an operator whose main output is kept in a list. */
export function partsFor(emitted: unknown[], subtask = 0, parallelism = 1): OperatorParts {
  const metrics = new MetricRegistry().group({});
  const pressure = new OutputPressure();
  const scope = {
    jobId: parseJobId('job'),
    attempt: parseAttemptNumber(1),
    vertex: parseVertexId('vertex'),
    subtask: parseSubtaskIndex(subtask),
    jobName: 'job',
    uid: 'uid',
    parallelism,
  };
  return {
    scope,
    guard: guardFor(scope),
    place: 0,
    received: new HotCount(metrics.counter('in')),
    main: new OperatorOutput({
      chained: [{ record: (value) => emitted.push(value) }],
      edges: [],
      pressure,
      count: new HotCount(metrics.counter('out')),
    }),
    sides: new Map(),
    pressure,
    suspensions: new Suspensions(),
  };
}

/** Of an operator without a quarantine. */
export function guardFor(scope: OperatorScope): RecordGuard {
  const fingerprint = { identify: undefined, serializers: [defaultSerializer, defaultSerializer] } as const;
  return new RecordGuard({ scope, fingerprint, quarantine: undefined });
}

/** A context whose checkpoint holds these lists, by former subtask; undefined: empty state. */
export function contextFor(
  lists: readonly (readonly OperatorListSnapshot[])[] | undefined,
  subtask = 0,
  parallelism = 1,
): StateContext {
  const operator: OperatorMetadata | undefined =
    lists === undefined
      ? undefined
      : {
          uid: parseOperatorUid('uid'),
          name: 'uid',
          parallelism: lists.length,
          maxParallelism: 16,
          hashId: KEY_HASH_ID,
          states: [],
          subtasks: lists.map((own) => ({
            keyed: [],
            lists: own,
            splits: [],
            committables: [],
            isFinished: false,
            watermarkMs: undefined,
          })),
          coordinatorState: undefined,
        };
  return {
    snapshots: new MemorySnapshotStore(),
    objectPrefix: 'state/1',
    lineage: 'lineage',
    restored: operator === undefined ? undefined : { checkpoint: parseCheckpointId(1n), operator },
    subtask,
    parallelism,
    maxParallelism: 16,
    limits: { dirtySoftBytes: 1e7, dirtyHardBytes: 1e7, cacheBytes: 1e7 },
    openStore: async () => await Promise.resolve(new MemoryKeyValueStore()),
    yieldTurn: async () => {
      await Promise.resolve();
    },
    logger: silentLogger,
    nowMs: () => 0,
    after: () => () => undefined,
    wake: () => undefined,
    fail: (failure) => {
      throw new Error(failure.message);
    },
    wantCheckpoint: () => undefined,
  };
}

export function openContextFor(subtask = 0, parallelism = 1): OperatorOpenContext {
  return {
    jobName: 'job',
    uid: 'uid',
    subtask,
    parallelism,
    attempt: 1,
    metrics: new MetricRegistry().group({}),
    logger: silentLogger,
    now: () => 0,
  };
}
