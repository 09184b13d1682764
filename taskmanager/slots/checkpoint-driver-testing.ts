import type { SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { AttemptKey, SubtaskKey } from '../../shared/control/messages.ts';
import { channelsOf, layoutSubtasks } from '../../shared/graph/execution-layout.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import { parseAttemptNumber, parseCheckpointId, parseJobId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { SlotCommand, SlotReport } from './slot-messages.ts';

/** Of the attempt that slots' tests run. */
export const KEY: AttemptKey = { jobId: parseJobId('job'), attempt: parseAttemptNumber(1) };

export interface Declined {
  readonly checkpoint: CheckpointId;
  readonly subtask: SubtaskKey;
  readonly cause: 'failed' | 'cancelled';
  readonly detail: string;
}

/**
 * Triggers checkpoints at a job's slots and completes them, as a coordinator does: barriers start at the sources and at every
 * subtask all of whose producers have finished; a checkpoint is complete when every subtask that has not finished has answered.
 */
export class CheckpointDriver {
  readonly #graph: JobGraph;
  readonly #post: (command: SlotCommand) => void;
  readonly #finished = new Set<string>();
  readonly #snapshots = new Map<CheckpointId, Map<string, SubtaskSnapshot>>();
  #issued = 0n;
  #final: 'stop' | 'drain' | undefined;
  readonly declined: Declined[] = [];
  readonly completed: CheckpointId[] = [];
  /** Whether it does what subtasks ask for, and completes what is acknowledged. */
  isActing = true;
  wanted = 0;

  constructor(graph: JobGraph, post: (command: SlotCommand) => void) {
    this.#graph = graph;
    this.#post = post;
  }

  get subtasks(): number {
    return layoutSubtasks(this.#graph).length;
  }

  /** Every subtask has. */
  get haveFinished(): boolean {
    return this.#finished.size === this.subtasks;
  }

  /** Ids of an earlier attempt are not used again. */
  issueAfter(checkpoint: CheckpointId): void {
    this.#issued = checkpoint;
  }

  /** The next id is the one behind it. */
  skipTo(issued: bigint): void {
    this.#issued = issued;
  }

  trigger(final?: 'stop' | 'drain'): CheckpointId {
    return this.#trigger(this.#starts(), final);
  }

  /** As if the words to the other sources were lost. */
  triggerAt(vertices: readonly string[]): CheckpointId {
    return this.#trigger(
      this.#starts().filter(({ vertex }) => vertices.includes(vertex)),
      undefined,
    );
  }

  #trigger(subtasks: readonly SubtaskKey[], final: 'stop' | 'drain' | undefined): CheckpointId {
    this.#issued += 1n;
    this.#final = final;
    const checkpoint = parseCheckpointId(this.#issued);
    this.#snapshots.set(checkpoint, new Map());
    this.#post({
      kind: 'trigger-checkpoint',
      ...KEY,
      checkpoint,
      triggeredAtMs: 0,
      subtasks,
      final,
      completed: this.completed.at(-1),
    });
    return checkpoint;
  }

  /** Its snapshots count no more; nobody is told. */
  forget(checkpoint: CheckpointId): void {
    this.#snapshots.delete(checkpoint);
  }

  abort(checkpoint: CheckpointId): void {
    this.forget(checkpoint);
    this.#post({ kind: 'checkpoint-aborted', ...KEY, checkpoint });
  }

  complete(checkpoint: CheckpointId): void {
    this.completed.push(checkpoint);
    this.#post({ kind: 'checkpoint-completed', ...KEY, checkpoint });
  }

  /** What the subtasks said of a checkpoint, by `vertex#subtask`. */
  snapshotsOf(checkpoint: CheckpointId): ReadonlyMap<string, SubtaskSnapshot> {
    return this.#snapshots.get(checkpoint) ?? new Map<string, SubtaskSnapshot>();
  }

  isAcknowledged(checkpoint: CheckpointId): boolean {
    const snapshots = this.snapshotsOf(checkpoint);
    return layoutSubtasks(this.#graph).every((key) => this.#finished.has(nameOf(key)) || snapshots.has(nameOf(key)));
  }

  onReport(report: SlotReport): void {
    switch (report.kind) {
      case 'task-report':
        if (report.report.state === 'finished') {
          this.#finished.add(nameOf(report.report));
          this.#completeAcknowledged();
        }
        return;
      case 'subtask-snapshot':
        this.#snapshots.get(report.checkpoint)?.set(nameOf(report.snapshot), report.snapshot);
        this.#completeAcknowledged();
        return;
      case 'subtask-declined':
        this.declined.push(report);
        return;
      case 'checkpoint-wanted':
        this.wanted += 1;
        if (this.isActing && this.#final === undefined) {
          this.trigger();
        }
        return;
      default:
        return;
    }
  }

  /** Also when the last one that was waited for has finished instead of answering. */
  #completeAcknowledged(): void {
    if (!this.isActing) {
      return;
    }
    for (const [checkpoint, snapshots] of this.#snapshots) {
      if (snapshots.size > 0 && !this.completed.includes(checkpoint) && this.isAcknowledged(checkpoint)) {
        this.complete(checkpoint);
      }
    }
  }

  #starts(): readonly SubtaskKey[] {
    return layoutSubtasks(this.#graph).filter(
      (key) =>
        !this.#finished.has(nameOf(key)) &&
        !this.#graph.edges.some(
          (edge) =>
            edge.to === key.vertex &&
            channelsOf(this.#graph, edge).some(
              ({ producer, consumer }) =>
                consumer === key.subtask && !this.#finished.has(nameOf({ vertex: edge.from, subtask: producer })),
            ),
        ),
    );
  }
}

function nameOf({ vertex, subtask }: SubtaskKey): string {
  return `${vertex}#${subtask}`;
}
