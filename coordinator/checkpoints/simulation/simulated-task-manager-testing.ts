import { parseTaskManagerId } from '../../../shared/ids.ts';
import type { CheckpointId, TaskManagerId } from '../../../shared/ids.ts';
import { check } from './protocol-invariants-testing.ts';
import { segmentsIn, SimulatedAttempt } from './simulated-attempt-testing.ts';
import type { FromTaskManager, LeaderStream, ToTaskManager } from './simulated-messages-testing.ts';
import { SimulatedProcess } from './simulated-process-testing.ts';
import { readCounts } from './simulated-state-testing.ts';
import type { Counts } from './simulated-state-testing.ts';
import type { SimulatedWorld } from './simulated-world-testing.ts';

/** One slot in one process. It obeys the highest leader it has seen; without one it goes on and declines alignments. */
export class SimulatedTaskManager {
  readonly id: TaskManagerId;
  readonly process: SimulatedProcess;
  readonly #world: SimulatedWorld;
  attempt: SimulatedAttempt | undefined;
  #leader = 0n;
  #stream: LeaderStream | undefined;

  constructor(world: SimulatedWorld, number: number) {
    this.id = parseTaskManagerId(`tm-${number}`);
    this.process = new SimulatedProcess(world.queue);
    this.#world = world;
  }

  /** A leader's stream is up. Commands of an earlier one that are still under way are discarded from here on. */
  connect(leader: bigint, stream: LeaderStream): void {
    if (leader >= this.#leader && this.process.isUp) {
      this.#leader = leader;
      this.#stream = stream;
      this.attempt?.align({ kind: 'leader-found' });
    }
  }

  disconnected(leader: bigint): void {
    this.process.do(() => {
      if (leader === this.#leader) {
        this.#stream = undefined;
        this.attempt?.align({ kind: 'leader-lost' });
      }
    });
  }

  /** What was made and may not have arrived. */
  resendHeld(): void {
    this.attempt?.resendHeld();
  }

  receive(leader: bigint, message: ToTaskManager): void {
    this.process.do(() => {
      if (leader >= this.#leader) {
        this.#leader = leader;
        this.#take(message);
      }
    });
  }

  #take(message: ToTaskManager): void {
    const { attempt } = this;
    switch (message.kind) {
      case 'deploy':
        this.#deploy(message);
        return;
      case 'start':
        attempt?.start(this.#world.peersOf(message.attempt));
        return;
      case 'cancel':
        attempt?.end();
        return;
      case 'trigger':
        this.#complete(message.completed);
        attempt?.trigger(message);
        return;
      case 'complete':
        this.#complete(message.checkpoint);
        return;
      case 'abort':
        attempt?.abort(message.checkpoint);
        return;
      case 'announce':
        this.#complete(message.completed);
        if (message.issued !== undefined && message.pending.length === 0) {
          attempt?.abortAll(message.issued);
        }
    }
  }

  #complete(checkpoint: CheckpointId | undefined): void {
    if (checkpoint !== undefined && this.attempt?.hasEnded === false) {
      this.attempt.complete(checkpoint);
    }
  }

  #deploy(deploy: Extract<ToTaskManager, { kind: 'deploy' }>): void {
    const old = this.attempt;
    old?.end();
    // Only a store of the attempt that made the checkpoint is in its lineage, and only one of the same key groups.
    const isSameRange = old?.index === deploy.index && old.parallelism === deploy.parallelism;
    if (deploy.restore !== undefined && isSameRange && old.attempt === deploy.restore.attempt) {
      const local = old.state.rolledBack(deploy.restore.checkpoint);
      const restored = readCounts(segmentsIn(deploy.restore), old.state.range, this.#world.mutation);
      check(local !== undefined, `V10: the local store is ahead of checkpoint ${deploy.restore.checkpoint}`);
      check(isSame(local, restored), `V10: rollback to ${deploy.restore.checkpoint} is not what a restore reads`);
    }
    const report = (message: FromTaskManager): void => {
      this.#stream?.send(message);
    };
    this.attempt = new SimulatedAttempt(this.#world, { process: this.process, id: this.id, report }, deploy);
    this.#world.onDeployed(this.attempt);
  }
}

function isSame(a: Counts, b: Counts): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
