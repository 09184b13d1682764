import { parseAttemptNumber, parseLeaderEpoch } from '../../../shared/ids.ts';
import type { CheckpointId } from '../../../shared/ids.ts';
import type { SinkCommittables } from '../../../shared/control/messages.ts';
import { Link } from '../../simulation/event-queue-testing.ts';
import type { CheckpointStep } from '../checkpoint-draft.ts';
import type { CheckpointEvent, CheckpointPersist, CheckpointSend, RecordAnswer } from '../checkpoint-events.ts';
import { transactionPoolSize } from '../checkpoint-settings.ts';
import { checkpointStep } from '../checkpoint-step.ts';
import type { CheckpointIdentity, Checkpoints } from '../checkpoints.ts';
import { openCheckpoints, storedOf } from '../open-checkpoints.ts';
import type { StoredCheckpoints } from '../open-checkpoints.ts';
import { check, epochOf, idOf } from './protocol-invariants-testing.ts';
import type { BrokerAnswer } from './simulated-broker-testing.ts';
import { JOB, PARALLELISM_MAX, participantsOn } from './simulated-job-testing.ts';
import type { FromTaskManager, ToTaskManager } from './simulated-messages-testing.ts';
import { SimulatedProcess } from './simulated-process-testing.ts';
import type { AttemptRecord } from './simulated-records-testing.ts';
import type { SimulatedTaskManager } from './simulated-task-manager-testing.ts';
import type { SimulatedWorld } from './simulated-world-testing.ts';

const SILENCE_MS = 700;
const DEPLOY_MS = 4_000;

/** A coordinator while it leads: the checkpoint step under test, and around it the least of a job that the protocol needs. */
export class SimulatedLeader {
  readonly process: SimulatedProcess;
  readonly epoch: bigint;
  readonly #world: SimulatedWorld;
  #state: Checkpoints | undefined;
  #stored: StoredCheckpoints | undefined;
  #attempt = 0;
  #attemptRevision = 0n;
  #hosts: readonly SimulatedTaskManager[] = [];
  readonly #links = new Map<SimulatedTaskManager, Link<ToTaskManager>>();
  #ready = new Set<number>();
  #phase: 'booting' | 'running' | 'ending' | 'deploying' = 'booting';
  #deployBy = 0;

  constructor(world: SimulatedWorld) {
    this.#world = world;
    this.process = new SimulatedProcess(world.queue);
    this.epoch = world.records.elect();
    this.process.after(5 + world.random.below(30), () => {
      this.#boot();
    });
  }

  get hosts(): readonly SimulatedTaskManager[] {
    return this.#hosts;
  }

  get isCheckpointing(): boolean {
    return this.#phase === 'running' && this.#state?.phase === 'open';
  }

  /** Asks for the stop; repeated until one is answered. */
  stop(request: number): void {
    this.process.do(() => {
      this.#step({ kind: 'savepoint-wanted', request, directory: `savepoint-${request}`, mode: 'stop' });
    });
  }

  savepoint(request: number): void {
    this.process.do(() => {
      this.#step({ kind: 'savepoint-wanted', request, directory: `savepoint-${request}`, mode: 'go-on' });
    });
  }

  /** The connection of a host breaks and is made again. */
  reconnect(host: SimulatedTaskManager): void {
    this.#links.get(host)?.cut();
    host.disconnected(this.epoch);
    this.process.after(20 + this.#world.random.below(100), () => {
      if (this.#phase === 'running' && this.#hosts.includes(host) && host.process.isUp) {
        this.#connect(host);
        this.#step({ kind: 'task-manager-back', taskManager: host.id });
        host.resendHeld();
      }
    });
  }

  die(): void {
    this.process.isDead = true;
    this.#links.forEach((link) => {
      link.cut();
    });
  }

  #boot(): void {
    const { records } = this.#world;
    const terminal = records.read('terminal');
    if (terminal !== undefined) {
      this.#world.onTerminal(terminal.value.checkpoint);
      return;
    }
    const [ids, pointer, marker] = [records.read('ids'), records.read('pointer'), records.read('marker')];
    const metadata = pointer === undefined ? undefined : records.objects.get(pointer.value.pointer.metadataKey);
    this.#attempt = records.attempt.value.attempt;
    this.#attemptRevision = records.attempt.revision;
    this.#stored = {
      reservedTo:
        this.#world.mutation === 'ids-reused-by-leader'
          ? (pointer?.value.pointer.checkpoint ?? 0n)
          : (ids?.value.reservedTo ?? 0n),
      pointer:
        pointer === undefined || metadata === undefined ? undefined : { pointer: pointer.value.pointer, metadata },
      marker: marker?.value.checkpoint,
      revisions: { ids: ids?.revision ?? 0n, pointer: pointer?.revision ?? 0n, marker: marker?.revision ?? 0n },
    };
    this.#tick();
    this.#open(this.#stored);
  }

  #open(stored: StoredCheckpoints): void {
    const { settings, queue } = this.#world;
    const identity: CheckpointIdentity = {
      jobId: JOB,
      attempt: parseAttemptNumber(Math.max(1, this.#attempt)),
      leaderEpoch: parseLeaderEpoch(this.epoch),
      attemptRevision: this.#attemptRevision,
      lineage: 'l',
      fingerprint: 'f',
      artifact: 'a',
    };
    this.#perform(openCheckpoints(identity, settings, stored, { now: queue.now, wallMs: queue.now }));
  }

  #tick(): void {
    this.process.after(40, () => {
      this.#step({ kind: 'tick' });
      const isLost = this.#hosts.some(({ process }) => process.silentMs > SILENCE_MS);
      const isLate = this.#phase === 'deploying' && this.#world.queue.now > this.#deployBy;
      if (isLost || isLate) {
        this.#endAttempt();
      }
      this.#tick();
    });
  }

  #step(event: CheckpointEvent): void {
    if (this.#state !== undefined && !this.process.isDead) {
      const { queue } = this.#world;
      this.#perform(checkpointStep(this.#state, event, { now: queue.now, wallMs: queue.now }));
    }
  }

  #perform({ state, persist, send }: CheckpointStep): void {
    this.#state = state;
    persist.forEach((effect) => {
      this.#persist(effect);
    });
    send.forEach((effect) => {
      this.#world.invariants.onSend(effect, this.epoch);
      this.#send(effect);
    });
  }

  #persist(effect: CheckpointPersist): void {
    const { network, records, mutation } = this.#world;
    if (effect.kind === 'put-object') {
      network.call(
        this.process,
        () => records.putObject(effect.key, effect.metadata),
        (answer) => {
          const { checkpoint } = effect.metadata;
          const known = answer.kind === 'unknown' ? ({ kind: 'ambiguous' } as const) : answer;
          this.#step({ kind: 'object-answered', checkpoint, answer: known });
        },
      );
      return;
    }
    const { record } = effect;
    const answered = (answer: RecordAnswer): void => {
      this.#step({ kind: 'record-answered', record: record.kind, answer });
    };
    if (mutation === 'marker-skipped' && record.kind === 'marker') {
      this.process.after(1, () => {
        answered({ kind: 'done', revision: effect.expectedRevision });
      });
      return;
    }
    if (mutation === 'commit-before-pointer' && record.kind === 'pointer') {
      this.#commit(record.pointer.checkpoint, this.#state?.completing?.committables ?? []);
    }
    network.call(
      this.process,
      () => records.putRecord(effect),
      (answer) => {
        if (answer.kind !== 'unknown') {
          answered(answer);
        } else if (mutation !== 'read-back') {
          this.#world.seen.ambiguousRecords += 1;
          answered({ kind: 'ambiguous' });
        } else if (records.holds(record)) {
          answered({ kind: 'done', revision: records.read(record.kind)?.revision ?? 0n });
        } else {
          answered({
            kind: 'refused',
            failure: { code: 'not-there', reaction: 'retry', message: 'a read found nothing' },
          });
        }
      },
    );
  }

  #send(send: CheckpointSend): void {
    switch (send.kind) {
      case 'trigger':
      case 'complete':
      case 'abort':
      case 'announce':
        this.#tell(
          this.#hosts.find(({ id }) => id === send.to),
          send,
        );
        return;
      case 'commit':
        this.#commit(send.checkpoint, send.committables);
        return;
      case 'ready':
        this.#onReady();
        return;
      case 'settled':
        this.#onSettled();
        return;
      case 'restart-attempt':
        this.#world.count(send.failure.code);
        this.#phase = 'ending';
        return;
      case 'stopped':
        this.#world.onTerminal(send.checkpoint);
        return;
      case 'fenced':
        this.#world.seen.fencedLeaders += 1;
        this.die();
        return;
      case 'copy-savepoint':
        this.#world.seen.savepoints += 1;
        this.process.after(50, () => {
          const { checkpoint, directory } = send.pin;
          this.#step({ kind: 'savepoint-copied', checkpoint, directory, failure: undefined });
        });
        return;
      case 'failed':
        this.#world.count(send.reason);
        return;
      case 'completed':
        this.#world.seen.completed += 1;
        return;
      default:
    }
  }

  #commit(checkpoint: CheckpointId, all: readonly SinkCommittables[]): void {
    const open = new Set(all.flatMap(({ committables }) => committables));
    for (const committable of [...open]) {
      this.#commitOne(checkpoint, committable, () => {
        open.delete(committable);
        if (open.size === 0) {
          this.#step({ kind: 'committed', checkpoint });
        }
      });
    }
  }

  #commitOne(checkpoint: CheckpointId, committable: string, done: () => void): void {
    const { network, broker, records } = this.#world;
    const work = (): BrokerAnswer => broker.commit(idOf(committable), epochOf(committable));
    network.call(this.process, work, (answer) => {
      if (answer.kind === 'ok') {
        done();
      } else if (answer.kind === 'unknown') {
        this.#commitOne(checkpoint, committable, done);
      } else if (records.leaderEpoch !== this.epoch) {
        this.die(); // a linearizable read: someone newer leads, and has committed it
      } else if (records.read('marker')?.value.checkpoint !== checkpoint) {
        const message = `${committable} cannot be committed: ${answer.kind}`;
        this.#step({
          kind: 'commit-broken',
          checkpoint,
          failure: { code: 'exactly-once-violation', reaction: 'fail-job', message },
        });
      }
    });
  }

  /** Commits of earlier checkpoints are done: take over what runs, or start anew. */
  #onReady(): void {
    if (this.#phase === 'deploying') {
      this.#phase = 'running';
      this.#tellAll({ kind: 'start', attempt: this.#attempt });
      this.#step({ kind: 'started', participants: participantsOn(this.#hosts.map(({ id }) => id)) });
      return;
    }
    const hosts = this.#world.adoptable(this.#attempt);
    if (hosts === undefined || this.#world.records.attempt.value.isCondemned) {
      this.process.after(0, () => {
        this.#step({ kind: 'end' });
      });
      return;
    }
    this.#world.seen.adoptions += 1;
    this.#hosts = hosts;
    hosts.forEach((host) => {
      this.#connect(host);
    });
    this.#phase = 'running';
    this.#step({ kind: 'adopted', participants: participantsOn(hosts.map(({ id }) => id)) });
  }

  #endAttempt(): void {
    if (this.#phase === 'running') {
      this.#phase = 'ending';
      this.#step({ kind: 'end' });
    } else if (this.#phase === 'deploying') {
      this.#phase = 'ending';
      this.#condemn();
    }
  }

  #onSettled(): void {
    const { invariants } = this.#world;
    if (this.#world.records.leaderEpoch === this.epoch) {
      const { pointer, marker } = invariants;
      check(
        pointer === undefined || pointer.checkpoint === marker,
        `C9: settled with pointer ${pointer?.checkpoint} unmarked`,
      );
    }
    if (this.#state !== undefined) {
      this.#stored = storedOf(this.#state);
    }
    this.#state = undefined;
    this.#condemn();
  }

  #condemn(): void {
    this.#tellAll({ kind: 'cancel', attempt: this.#attempt });
    this.#hosts = [];
    if (this.#attempt === 0) {
      this.#deploy();
      return;
    }
    const { parallelism } = this.#world.records.attempt.value;
    this.#putAttempt({ attempt: this.#attempt, parallelism, isCondemned: true }, () => {
      const indices = Array.from({ length: parallelism }, (_, index) => index);
      this.#fence(indices.flatMap((index) => this.#namesOf(this.#attempt, index)));
    });
  }

  #fence(ids: readonly string[]): void {
    const { network, broker } = this.#world;
    let missing = ids.length;
    const fence = (id: string): void => {
      network.call<BrokerAnswer>(
        this.process,
        () => broker.init(id),
        (answer) => {
          if (answer.kind === 'unknown') {
            fence(id);
            return;
          }
          missing -= 1;
          if (missing === 0) {
            this.#deploy();
          }
        },
      );
    };
    ids.forEach(fence);
  }

  #deploy(): void {
    const attempt = this.#attempt + 1;
    const parallelism = 1 + this.#world.random.below(PARALLELISM_MAX);
    this.#putAttempt({ attempt, parallelism, isCondemned: false }, () => {
      this.#attempt = attempt;
      this.#hosts = this.#world.freeTaskManagers(parallelism);
      this.#ready = new Set();
      this.#phase = 'deploying';
      this.#deployBy = this.#world.queue.now + DEPLOY_MS;
      this.#world.seen.attempts += 1;
      const restore = this.#stored?.pointer?.metadata;
      this.#hosts.forEach((host, index) => {
        this.#connect(host);
        this.#tell(host, {
          kind: 'deploy',
          attempt,
          index,
          parallelism,
          names: this.#namesOf(attempt, index),
          restore,
        });
      });
    });
  }

  #putAttempt(value: AttemptRecord, done: () => void): void {
    const { network, records } = this.#world;
    const expected = this.#attemptRevision;
    network.call(
      this.process,
      () => records.putAttempt(value, expected, this.epoch),
      (answer) => {
        if (answer.kind === 'done') {
          this.#attemptRevision = answer.revision;
          done();
        } else if (answer.kind === 'unknown') {
          this.#putAttempt(value, done);
        } else {
          this.die();
        }
      },
    );
  }

  #receive(from: SimulatedTaskManager, message: FromTaskManager): void {
    if (message.attempt !== this.#attempt || !this.#hosts.includes(from)) {
      return;
    }
    switch (message.kind) {
      case 'ready':
        this.#ready.add(this.#hosts.indexOf(from));
        if (this.#ready.size === this.#hosts.length && this.#phase === 'deploying' && this.#stored !== undefined) {
          this.#open(this.#stored);
        }
        return;
      case 'failed':
        this.#world.count('task-failed');
        this.#endAttempt();
        return;
      case 'acknowledged':
        this.#step({ kind: 'acknowledged', ack: message.ack });
        return;
      case 'declined': {
        const { checkpoint, cause } = message;
        const subtask = { vertex: this.#world.sinkVertex, subtask: this.#world.subtaskOf(from, this.#hosts) };
        this.#step({ kind: 'declined', checkpoint, subtask, cause, detail: 'declined it' });
      }
    }
  }

  #namesOf(attempt: number, index: number): readonly string[] {
    const { settings, mutation } = this.#world;
    const prefix = mutation === 'ids-without-attempt' ? '' : `${attempt}/`;
    return Array.from({ length: transactionPoolSize(settings) }, (_, n) => `${prefix}${index}/${n}`);
  }

  #connect(host: SimulatedTaskManager): void {
    const { queue, random } = this.#world;
    const delay = (): number => 1 + random.below(random.below(20) === 0 ? 400 : 10);
    this.#links.get(host)?.cut();
    this.#links.set(
      host,
      new Link(queue, delay, (message) => {
        host.receive(this.epoch, message);
      }),
    );
    const back = new Link<FromTaskManager>(queue, delay, (message) => {
      this.process.do(() => {
        this.#receive(host, message);
      });
    });
    host.connect(this.epoch, {
      send: (message) => {
        back.send(message);
      },
    });
  }

  #tell(host: SimulatedTaskManager | undefined, message: ToTaskManager): void {
    if (host !== undefined) {
      this.#links.get(host)?.send(message);
    }
  }

  #tellAll(message: ToTaskManager): void {
    this.#hosts.forEach((host) => {
      this.#tell(host, message);
    });
  }
}
