import { parseCheckpointId } from '../../../shared/ids.ts';
import type { CheckpointId } from '../../../shared/ids.ts';
import type { AgedCommittable } from '../../../shared/control/acknowledgement.ts';
import { formatCommittable } from './protocol-invariants-testing.ts';
import type { SimulatedOutput } from './protocol-invariants-testing.ts';
import type { Mutation } from './protocol-mutation-testing.ts';
import type { BrokerAnswer, SimulatedBroker } from './simulated-broker-testing.ts';
import type { SimulatedNetwork, SimulatedProcess, Unknown } from './simulated-process-testing.ts';

interface PooledId {
  readonly id: string;
  epoch: number;
  state: 'initialising' | 'free' | 'open' | 'prepared' | 'retired';
  preparedFor: CheckpointId | undefined;
  openedAt: number;
}

type Work =
  | { readonly kind: 'produce'; readonly to: PooledId; readonly seq: number; readonly outputs: SimulatedOutput[] }
  | {
      readonly kind: 'flush';
      readonly checkpoint: CheckpointId;
      readonly of: PooledId | undefined;
      readonly captured: () => void;
    };

export interface WriterWorld {
  readonly process: SimulatedProcess;
  readonly network: SimulatedNetwork;
  readonly broker: SimulatedBroker;
  readonly mutation: Mutation | undefined;
  now(): number;
  hasEnded(): boolean;
  fail(why: string): void;
}

/** An exactly-once writer: the rules 1 to 4 of DESIGN §8, on the task manager's side. */
export class SimulatedWriter {
  readonly #world: WriterWorld;
  readonly #pool: readonly PooledId[];
  readonly #work: Work[] = [];
  #isBusy = false;
  #current: PooledId | undefined;
  #seq = 0;

  constructor(world: WriterWorld, ids: readonly string[]) {
    this.#world = world;
    this.#pool = ids.map((id) => ({ id, epoch: -1, state: 'initialising', preparedFor: undefined, openedAt: 0 }));
  }

  /** Initialises every id ahead. */
  open(opened: () => void): void {
    let missing = this.#pool.length;
    for (const pooled of this.#pool) {
      this.#initialise(pooled, () => {
        missing -= 1;
        if (missing === 0) {
          opened();
        }
      });
    }
  }

  write(output: SimulatedOutput): void {
    this.#current ??= this.#take();
    if (this.#current === undefined) {
      this.#world.fail('no transactional id is free');
      return;
    }
    const last = this.#work.at(-1);
    if (last?.kind === 'produce' && this.#work.length > 1) {
      last.outputs.push(output);
    } else {
      this.#seq += 1;
      this.#work.push({ kind: 'produce', to: this.#current, seq: this.#seq, outputs: [output] });
    }
    this.#next();
  }

  /** `captured` comes when everything before is acknowledged; the next transaction's first send waits for that (the queue). */
  prepare(checkpoint: CheckpointId, captured: () => void): void {
    this.#work.push({ kind: 'flush', checkpoint, of: this.#current, captured });
    this.#current = undefined;
    this.#next();
  }

  /** Everything prepared up to the checkpoint that no marker is known to cover. */
  committables(checkpoint: CheckpointId): readonly AgedCommittable[] {
    const { mutation, broker } = this.#world;
    const now = (): number => this.#world.now();
    const isCarried = (preparedFor: CheckpointId): boolean =>
      mutation === 'acks-without-earlier' ? preparedFor === checkpoint : preparedFor <= checkpoint;
    return this.#pool.flatMap(({ id, epoch, state, preparedFor, openedAt }) =>
      state === 'prepared' && preparedFor !== undefined && isCarried(preparedFor)
        ? [
            {
              committable: formatCommittable(id, epoch),
              preparedFor: mutation === 'covered-named-again' ? checkpoint : preparedFor,
              ageMs: mutation === 'age-ignored' ? 0 : now() - openedAt,
              timeoutMs: broker.transactionTimeoutMs,
            },
          ]
        : [],
    );
  }

  complete(checkpoint: bigint): void {
    for (const pooled of this.#pool) {
      if (pooled.state === 'prepared' && pooled.preparedFor !== undefined && pooled.preparedFor <= checkpoint) {
        if (this.#world.mutation === 'epoch-reused') {
          pooled.state = 'free';
        } else {
          pooled.state = 'initialising';
          this.#world.process.after(1, () => {
            this.#initialise(pooled, () => undefined);
          });
        }
      }
    }
  }

  /** An answer that is not known retires the id: its epoch may be raised later, under a transaction that is open by then. */
  #initialise(pooled: PooledId, done: () => void): void {
    const { process, network, broker } = this.#world;
    network.call<BrokerAnswer>(
      process,
      () => broker.init(pooled.id),
      (answer) => {
        if (answer.kind === 'ok') {
          pooled.epoch = answer.epoch;
          pooled.state = 'free';
        } else {
          pooled.state = 'retired';
        }
        done();
      },
    );
  }

  #take(): PooledId | undefined {
    const pooled = this.#pool.find(({ state }) => state === 'free');
    if (pooled !== undefined) {
      pooled.state = 'open';
      pooled.openedAt = this.#world.now();
      pooled.preparedFor = undefined;
    }
    return pooled;
  }

  #next(): void {
    const work = this.#work[0];
    if (work === undefined || this.#isBusy) {
      return;
    }
    if (work.kind === 'flush') {
      this.#work.shift();
      if (work.of !== undefined) {
        work.of.state = 'prepared';
        work.of.preparedFor = parseCheckpointId(work.checkpoint);
      }
      work.captured();
      this.#next();
      return;
    }
    this.#isBusy = true;
    this.#send(work);
  }

  #send(work: Extract<Work, { kind: 'produce' }>): void {
    const { process, network, broker } = this.#world;
    if (this.#world.hasEnded()) {
      return;
    }
    const { to, seq } = work;
    const { id, epoch } = to; // of now: a late packet carries what it was sent with
    const outputs = [...work.outputs];
    network.call<BrokerAnswer>(
      process,
      () => broker.produce(id, epoch, { seq, outputs }),
      (answer) => {
        this.#onProduced(work, outputs, answer);
      },
    );
  }

  #onProduced(
    work: Extract<Work, { kind: 'produce' }>,
    sent: readonly SimulatedOutput[],
    answer: BrokerAnswer | Unknown,
  ): void {
    switch (answer.kind) {
      case 'unknown':
        this.#send({ ...work, outputs: [...sent] });
        return;
      case 'ok':
        this.#isBusy = false;
        this.#work.shift();
        this.#next();
        return;
      default:
        this.#world.fail(`the broker answered ${answer.kind}`);
    }
  }
}
