import type { OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import { restoreStore } from '../state/restore-store.ts';
import { STAMP_KEY, decideLocalRecovery, parseStamp } from '../state/store-stamp-wire.ts';
import type { StoreIdentity } from '../state/store-stamp-wire.ts';
import type { StateContext } from './state-context.ts';

export interface RestoreKeyedOptions {
  readonly context: StateContext;
  readonly identity: StoreIdentity;
  readonly range: KeyGroupRange;
  readonly store: KeyValueStore;
  /** Names the operator's subtask in failures. */
  readonly name: string;
}

const CALL_DEADLINE_MS = 60_000;
/** For segments being read at one time. */
const MEMORY_BYTES = 16 * 1024 * 1024;

const FROM = { reuse: 'local-disk', 'catch-up': 'local-disk-and-snapshots', restore: 'snapshots' } as const;

/**
 * Brings the local store of one operator's subtask to where its attempt begins: empty, or the checkpoint's state of its key
 * groups, of whatever former subtasks they were. What lies on the disk is used when its stamp proves it.
 * @throws StreamError `state-incompatible`
 */
export async function restoreKeyed(options: RestoreKeyedOptions, signal: AbortSignal): Promise<void> {
  const { context, identity, range, store, name } = options;
  const { restored } = context;
  if (restored === undefined) {
    await store.apply([{ kind: 'delete-range', from: '', to: '\xff\xff' }]);
    return;
  }
  const { checkpoint, operator } = restored;
  const refs = operator?.subtasks.flatMap(({ keyed }) => keyed) ?? [];
  if (operator !== undefined && refs.length > 0) {
    checkKeyGroups(operator, identity, name);
  }
  const [stamp] = await store.getMany([STAMP_KEY]);
  const recovery = decideLocalRecovery(parseStamp(stamp), identity, checkpoint);
  await restoreStore(
    {
      store,
      identity,
      range,
      checkpoint,
      refs,
      snapshots: context.snapshots,
      call: { deadlineMs: CALL_DEADLINE_MS, signal },
      memoryBytes: MEMORY_BYTES,
      yieldTurn: async () => {
        await context.yieldTurn();
      },
    },
    recovery,
  );
  context.logger.info('state-restored', {
    checkpoint,
    from: FROM[recovery.kind],
    ...(recovery.kind === 'restore' ? { reason: recovery.reason } : {}),
  });
}

/** Which key group a key belongs to must not have changed: its state would not be found. */
function checkKeyGroups(operator: OperatorMetadata, identity: StoreIdentity, name: string): void {
  const { maxParallelism, hashId } = operator;
  const problem =
    maxParallelism !== identity.maxParallelism
      ? `was written with max parallelism ${maxParallelism}, and the job has ${identity.maxParallelism}`
      : hashId !== identity.hashId
        ? `was written with key hash ${hashId}, and this version has ${identity.hashId}`
        : undefined;
  if (problem !== undefined) {
    throw new StreamError({
      code: 'state-incompatible',
      reaction: 'fail-job',
      message: `${name}: the keyed state of the checkpoint ${problem}`,
      remedy:
        'Max parallelism (pipeline.max-parallelism) stays as it was when the state began; start without the state to change it.',
    });
  }
}
