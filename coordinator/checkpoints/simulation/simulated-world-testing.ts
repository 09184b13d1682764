import { parseSubtaskIndex } from '../../../shared/ids.ts';
import type { SubtaskIndex } from '../../../shared/ids.ts';
import { seededRandom } from '../../../shared/random/random.ts';
import type { Random } from '../../../shared/random/random.ts';
import { EventQueue } from '../../simulation/event-queue-testing.ts';
import type { CheckpointSettings } from '../checkpoint-settings.ts';
import { check, ProtocolInvariants } from './protocol-invariants-testing.ts';
import type { Mutation } from './protocol-mutation-testing.ts';
import { positionIn } from './simulated-attempt-testing.ts';
import type { SimulatedAttempt } from './simulated-attempt-testing.ts';
import { SimulatedBroker } from './simulated-broker-testing.ts';
import { SINK, SPLITS } from './simulated-job-testing.ts';
import { SimulatedLeader } from './simulated-leader-testing.ts';
import { SimulatedNetwork } from './simulated-process-testing.ts';
import { SimulatedRecords } from './simulated-records-testing.ts';
import { SimulatedTaskManager } from './simulated-task-manager-testing.ts';

/** Faults are injected until then; afterwards the job is stopped, and everything must come to its end. */
const FAULTS_MS = 7_000;
const END_MS = 120_000;

/** Task managers as many as are needed, one leader at a time (as far as the records know), a broker, the records; all from one seed. */
export class SimulatedWorld {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly mutation: Mutation | undefined;
  readonly invariants = new ProtocolInvariants();
  readonly broker: SimulatedBroker;
  readonly records: SimulatedRecords;
  readonly network: SimulatedNetwork;
  readonly settings: CheckpointSettings;
  readonly sinkVertex = SINK;
  readonly seen = {
    attempts: 0,
    adoptions: 0,
    completed: 0,
    ambiguousRecords: 0,
    fencedLeaders: 0,
    crashes: 0,
    pauses: 0,
    fencedWrites: 0,
    expiredTransactions: 0,
    unknownAnswers: 0,
    savepoints: 0,
  };
  readonly reasons = new Map<string, number>();
  readonly #taskManagers: SimulatedTaskManager[] = [];
  readonly #attempts = new Map<number, SimulatedAttempt[]>();
  readonly #carriedUntil = new Map<string, number>();
  #leader: SimulatedLeader;
  #terminal: bigint | undefined;
  #requests = 0;
  /** Then rule 5 of DESIGN §8 has to act; and leaders live, since half of such a timeout is less than a time without leader. */
  readonly hasShortTransactions: boolean;

  constructor(seed: number, mutation?: Mutation) {
    this.random = seededRandom(seed);
    this.mutation = mutation;
    this.hasShortTransactions = this.random.below(4) === 0;
    const timeoutMs = this.hasShortTransactions ? 2_500 + this.random.below(1_500) : 15_000 + this.random.below(15_000);
    this.broker = new SimulatedBroker(this.queue, this.invariants, timeoutMs);
    this.records = new SimulatedRecords(this.invariants, this.broker);
    this.network = new SimulatedNetwork(this.queue, this.random);
    this.settings = {
      intervalMs: 100 + this.random.below(300),
      timeoutMs: (this.hasShortTransactions ? 600 : 1_000) + this.random.below(this.hasShortTransactions ? 600 : 1_500),
      minPauseMs: this.random.below(2) * 50,
      tolerableFailures: this.random.below(5) + (this.hasShortTransactions ? 8 : 0),
      retained: 1 + this.random.below(3),
      concurrentMax: 1 + this.random.below(2),
      idBlock: 2 + this.random.below(8),
    };
    this.#leader = new SimulatedLeader(this);
  }

  get isCalm(): boolean {
    return this.queue.now >= FAULTS_MS;
  }

  run(): void {
    this.#fault();
    this.#stopInTheEnd();
    this.queue.runUntil(END_MS, () => this.#terminal !== undefined);
    check(this.#terminal !== undefined, `not at its end after ${END_MS} ms`);
    // Zombies, late packets and timeouts may still come: they must change nothing.
    const committed = this.invariants.committed.size;
    this.queue.runUntil(this.queue.now + 8_000, () => false);
    check(this.invariants.committed.size === committed, 'output was committed after the end');
    this.#checkOutput(this.#terminal);
    this.seen.fencedWrites = this.broker.fenced;
    this.seen.expiredTransactions = this.broker.timeouts;
    this.seen.unknownAnswers = this.network.ambiguous;
  }

  onTerminal(checkpoint: bigint): void {
    check(this.records.read('terminal')?.value.checkpoint === checkpoint, 'stopped without the terminal record');
    this.#terminal = checkpoint;
  }

  onDeployed(attempt: SimulatedAttempt): void {
    const all = this.#attempts.get(attempt.attempt) ?? [];
    all[attempt.index] = attempt;
    this.#attempts.set(attempt.attempt, all);
  }

  peersOf(attempt: number): readonly SimulatedAttempt[] {
    return this.#attempts.get(attempt) ?? [];
  }

  /** The task managers on which all of the attempt runs, in the order of their subtasks; undefined when some part does not. */
  adoptable(attempt: number): readonly SimulatedTaskManager[] | undefined {
    const { parallelism } = this.records.attempt.value;
    const hosts = Array.from({ length: parallelism }, (_, index) =>
      this.#taskManagers.find(
        (host) =>
          host.process.isUp &&
          host.attempt?.attempt === attempt &&
          host.attempt.index === index &&
          !host.attempt.hasEnded &&
          host.attempt.isRunning,
      ),
    );
    const found = hosts.filter((host) => host !== undefined);
    return found.length === parallelism && parallelism > 0 && this.random.below(5) > 0 ? found : undefined;
  }

  freeTaskManagers(count: number): readonly SimulatedTaskManager[] {
    const up = this.#taskManagers.filter(({ process }) => process.isUp);
    while (up.length < count) {
      const fresh = new SimulatedTaskManager(this, this.#taskManagers.length);
      this.#taskManagers.push(fresh);
      up.push(fresh);
    }
    return up.slice(0, count);
  }

  subtaskOf(host: SimulatedTaskManager, hosts: readonly SimulatedTaskManager[]): SubtaskIndex {
    return parseSubtaskIndex(hosts.indexOf(host));
  }

  /** A channel: in order; broken when its end is dead. */
  carry(from: SimulatedAttempt, to: SimulatedAttempt, deliver: () => void): void {
    const name = `${from.attempt} ${from.index} ${to.index}`;
    const slow = this.random.below(50) === 0 ? 200 : 6;
    const at = Math.max(this.#carriedUntil.get(name) ?? 0, this.queue.now + this.random.below(slow));
    this.#carriedUntil.set(name, at);
    this.queue.after(at - this.queue.now, () => {
      if (to.process.isDead || to.hasEnded) {
        from.process.after(this.random.below(50), () => {
          from.fail('its consumer is lost');
        });
      } else {
        to.process.do(deliver);
      }
    });
  }

  count(reason: string): void {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  #fault(): void {
    const pauseMs = this.hasShortTransactions ? 1_500 + this.random.below(4_000) : 200 + this.random.below(1_500);
    this.queue.after(pauseMs, () => {
      if (this.isCalm) {
        this.network.faultsPerThousand = 0;
        return;
      }
      this.#harm();
      this.#fault();
    });
  }

  #harm(): void {
    const { hosts, process } = this.#leader;
    const host = hosts[this.random.below(hosts.length)];
    switch (this.random.below(this.hasShortTransactions ? 5 : 7)) {
      case 0:
        this.#crash(host);
        return;
      case 1:
      case 2:
        this.seen.pauses += 1;
        host?.process.pause(100 + this.random.below(6_000));
        return;
      case 3:
        if (host !== undefined) {
          this.#leader.reconnect(host);
        }
        return;
      case 4:
        this.#requests += 1;
        this.#leader.savepoint(this.#requests);
        return;
      case 5:
        this.seen.crashes += 1;
        this.#leader.die();
        this.#replaceLeader(100 + this.random.below(1_000));
        return;
      default:
        this.seen.pauses += 1;
        process.pause(300 + this.random.below(4_000));
        this.#replaceLeader(300 + this.random.below(900));
        return;
    }
  }

  #crash(host: SimulatedTaskManager | undefined): void {
    if (host !== undefined) {
      this.seen.crashes += 1;
      host.process.isDead = true;
    }
  }

  /** The old one may be alive and not know it. */
  #replaceLeader(afterMs: number): void {
    const old = this.#leader;
    for (const host of old.hosts) {
      this.queue.after(this.random.below(afterMs), () => {
        host.disconnected(old.epoch);
      });
    }
    this.queue.after(afterMs, () => {
      if (this.#leader === old) {
        this.#leader = new SimulatedLeader(this);
      }
    });
  }

  /** Asks again and again: a request is lost with its leader, and a stop that fails restarts the attempt. */
  #stopInTheEnd(afterMs = FAULTS_MS + 500): void {
    this.queue.after(afterMs, () => {
      if (this.#leader.process.isDead && this.#terminal === undefined) {
        this.#leader = new SimulatedLeader(this);
      }
      if (this.#leader.isCheckpointing) {
        this.#requests += 1;
        this.#leader.stop(this.#requests);
      }
      this.#stopInTheEnd(1_000);
    });
  }

  /** Exactly what the sources had read when the job stopped. */
  #checkOutput(terminal: bigint): void {
    const { pointer, committed } = this.invariants;
    check(
      pointer?.checkpoint === terminal && pointer.final === 'stop',
      'the job did not stop with its last checkpoint',
    );
    const metadata = this.records.objects.get(pointer.metadataKey);
    const positions = SPLITS.map((split) => positionIn(metadata, split));
    for (const [split, position] of positions.entries()) {
      for (let offset = 0; offset < position; offset += 1) {
        check(committed.has(`${split}/${offset}`), `record ${split}/${offset} of ${position} is lost`);
      }
    }
    check(committed.size === positions.reduce((a, b) => a + b, 0), 'more is committed than was read');
  }
}
