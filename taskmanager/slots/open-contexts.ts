import type { Clock } from '../../shared/clock/clock.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { DeployedCheckpointing } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import type { OperatorScope } from '../operators/operator-scope.ts';
import type { StateContext } from '../operators/state-context.ts';
import type { OpenContexts } from '../tasks/open-chain.ts';
import type { SlotState } from './slot-state.ts';

export interface ContextParts {
  readonly scope: Omit<OperatorScope, 'uid'>;
  readonly settings: ConnectorSettings;
  readonly checkpointing: Pick<DeployedCheckpointing, 'clusterId' | 'transactionPool'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metricsOf: (uid: string) => MetricGroup;
  /** The loop should look; for a source: its reader may have something. */
  readonly wake: () => void;
  readonly requestSplit: () => void;
  readonly fail: (failure: Failure) => void;
  readonly state: SlotStateShare;
}

/** The slot's state, as one subtask has part in it. */
export interface SlotStateShare {
  readonly slot: SlotState;
  readonly maxParallelism: number;
  /** Operators of the slot that may hold keyed state: they share its limits. At least 1. */
  readonly keyedOperators: number;
  readonly after: StateContext['after'];
  readonly wantCheckpoint: () => void;
}

/** What the functions, readers and writers of one subtask are told. */
export function contextsOf(parts: ContextParts): OpenContexts {
  const { scope, settings, clock, metricsOf, wake, requestSplit, fail } = parts;
  const { jobId, jobName, vertex, subtask, parallelism, attempt } = scope;
  const { clusterId, transactionPool } = parts.checkpointing;
  const logger = parts.logger.with({ job: jobId, attempt, vertex, subtask });
  const common = (uid: string) => ({
    settings,
    subtask,
    parallelism,
    logger: logger.with({ uid }),
    clock,
    metrics: metricsOf(uid),
    wake,
    fail,
  });
  return {
    logger,
    stateContext: (uid) => stateContextOf(uid, { ...parts, logger: logger.with({ uid }) }),
    functionContext: (uid) => ({
      jobName,
      uid,
      subtask,
      parallelism,
      attempt,
      metrics: metricsOf(uid),
      logger: logger.with({ uid }),
      now: () => clock.nowMs(),
    }),
    readerContext: (uid) => ({ ...common(uid), requestSplit }),
    writerContext: (uid) => ({ ...common(uid), jobId, uid, attempt, clusterId, transactionPool }),
  };
}

function stateContextOf(name: string, { scope, state, clock, logger, wake, fail }: ContextParts): StateContext {
  const uid = parseOperatorUid(name);
  const { slot, maxParallelism, keyedOperators, after, wantCheckpoint } = state;
  const { subtask, parallelism } = scope;
  const { restored, limits } = slot;
  const share = (bytes: number): number => Math.floor(bytes / keyedOperators);
  return {
    snapshots: slot.snapshots,
    objectPrefix: slot.objectPrefix(uid, subtask),
    lineage: slot.lineage,
    restored:
      restored === undefined
        ? undefined
        : {
            checkpoint: restored.checkpoint,
            operator: restored.operators.find((operator) => operator.uid === uid),
          },
    subtask,
    parallelism,
    maxParallelism,
    limits: {
      dirtySoftBytes: share(limits.dirtySoftBytes),
      dirtyHardBytes: share(limits.dirtyHardBytes),
      cacheBytes: share(limits.cacheBytes),
    },
    openStore: async () => await slot.openStore(uid, subtask),
    yieldTurn: async () => {
      await slot.yieldTurn();
    },
    logger,
    nowMs: () => clock.nowMs(),
    after,
    wake,
    fail,
    wantCheckpoint,
  };
}
