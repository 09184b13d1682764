import type { TaskManagerId } from '../../shared/ids.ts';
import type { CheckpointPersist, CheckpointRecord, CheckpointSend } from './checkpoint-events.ts';
import type { CheckpointContext, Checkpoints } from './checkpoints.ts';
import { taskManagersOf } from './plan-checkpoint.ts';

export interface CheckpointStep {
  readonly state: Checkpoints;
  readonly persist: readonly CheckpointPersist[];
  readonly send: readonly CheckpointSend[];
}

/** One step in the making. Lives for one event; the state it was given is not changed. */
export class CheckpointDraft {
  readonly context: CheckpointContext;
  readonly #persist: CheckpointPersist[] = [];
  readonly #send: CheckpointSend[] = [];
  #state: Checkpoints;

  constructor(state: Checkpoints, context: CheckpointContext) {
    this.#state = state;
    this.context = context;
  }

  get state(): Checkpoints {
    return this.#state;
  }

  change(change: Partial<Checkpoints>): void {
    this.#state = { ...this.#state, ...change };
  }

  send(...sends: readonly CheckpointSend[]): void {
    this.#send.push(...sends);
  }

  toEveryTaskManager(send: (to: TaskManagerId) => CheckpointSend): void {
    const { participants } = this.#state;
    if (participants !== undefined) {
      this.send(...taskManagersOf(participants).map(send));
    }
  }

  persist(persist: CheckpointPersist): void {
    this.#persist.push(persist);
  }

  /** The same call gives the same transaction: the state holds the revision until the answer is `done`. */
  persistRecord(record: CheckpointRecord): void {
    const { identity } = this.#state;
    this.persist({
      kind: 'put-record',
      record,
      expectedRevision: this.#revisionOf(record.kind),
      leaderEpoch: identity.leaderEpoch,
      attemptRevision: record.kind === 'pointer' ? identity.attemptRevision : undefined,
    });
  }

  finish(): CheckpointStep {
    return { state: this.#state, persist: this.#persist, send: this.#send };
  }

  #revisionOf(kind: CheckpointRecord['kind']): bigint {
    const { revisions, ids } = this.#state;
    switch (kind) {
      case 'ids':
        return ids.revision;
      case 'pointer':
        return revisions.pointer;
      case 'marker':
        return revisions.marker;
      case 'terminal':
        return 0n;
    }
  }
}
