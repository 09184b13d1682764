import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubtaskKey } from '../../shared/control/messages.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { A, ackOf, B, CheckpointBench, id, prepared, SINK, SOURCE, subtask, twoByTwo } from './checkpoints-testing.ts';
import type { AgedCommittable } from '../../shared/control/acknowledgement.ts';
import type { CheckpointEvent } from './checkpoint-events.ts';

/** Events in any order, most of them out of place: late, repeated, answers to nothing. */
describe('whatever the events and their order', () => {
  test('the rules hold: one write of a kind at a time, no commit before the pointer, no word before the marker', () => {
    let completed = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const watch = new Watch(seed);

        watch.run(400);

        expect(watch.problems).toStrictEqual([]);
        completed += watch.completed;
      }),
      { numRuns: 400 },
    );

    expect(completed).toBeGreaterThan(150);
  });

  test('an attempt that ends is settled as soon as every answer is definite', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const watch = new Watch(seed);
        watch.run(80);

        watch.end();

        expect(['settled', 'stopped', 'dead']).toContain(watch.bench.state.phase);
        expect(watch.problems).toStrictEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});

class Watch {
  readonly bench: CheckpointBench;
  readonly problems: string[] = [];
  completed = 0;
  readonly #random: Random;
  readonly #asked = new Set<string>();
  #pointer = 0n;
  #marker = 0n;
  #askedPointer = 0n;
  readonly #triggered = new Set<bigint>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.bench = new CheckpointBench({
      intervalMs: 100,
      timeoutMs: 1_000,
      tolerableFailures: this.#random.below(20),
      concurrentMax: 1 + this.#random.below(3),
      idBlock: 3,
    });
    this.#look();
  }

  run(events: number): void {
    this.#step({ kind: 'started', participants: twoByTwo() });
    for (let i = 0; i < events; i += 1) {
      this.#step(this.#event());
    }
  }

  end(): void {
    this.#step({ kind: 'end' });
    for (let i = 0; i < 40; i += 1) {
      this.bench.now += 5_000;
      this.#step({ kind: 'tick' });
      for (const kind of ['ids', 'pointer', 'marker', 'terminal'] as const) {
        this.#step({ kind: 'record-answered', record: kind, answer: { kind: 'done', revision: 1n } });
      }
      this.#step({ kind: 'committed', checkpoint: id(Number(this.#askedPointer) || 1) });
    }
  }

  #step(event: CheckpointEvent): void {
    if (event.kind === 'record-answered') {
      this.#onAnswer(event.record, event.answer.kind);
    }
    const before = this.bench.state.phase;
    this.bench.step(event);
    if (before === 'dead' && this.bench.sent.length + this.bench.persisted.length > 0) {
      this.problems.push('something was done after the end');
    }
    this.#look();
  }

  #onAnswer(record: string, answer: string): void {
    const wasAsked = this.#asked.delete(record);
    if (wasAsked && answer === 'done' && record === 'pointer') {
      this.#pointer = this.#askedPointer;
    }
    if (wasAsked && answer === 'done' && record === 'marker') {
      this.#marker = this.#pointer;
    }
  }

  #look(): void {
    for (const effect of this.bench.persisted) {
      if (effect.kind === 'put-record') {
        const { record } = effect;
        this.#check(!this.#asked.has(record.kind), `two writes of the ${record.kind} at once`);
        this.#asked.add(record.kind);
        if (record.kind === 'pointer') {
          const { checkpoint } = record.pointer;
          this.#check(this.#pointer === this.#marker, `pointer ${checkpoint} before marker ${this.#pointer}`);
          this.#check(checkpoint > this.#pointer, `pointer ${checkpoint} behind ${this.#pointer}`);
          this.#askedPointer = checkpoint;
        }
      }
    }
    for (const send of this.bench.sent) {
      if (send.kind === 'commit') {
        this.#check(this.#pointer === send.checkpoint, `commit ${send.checkpoint} without its pointer`);
      } else if (send.kind === 'completed') {
        this.completed += 1;
      } else if (send.kind === 'complete') {
        this.#check(this.#marker >= send.checkpoint, `complete ${send.checkpoint} without its marker`);
      } else if (send.kind === 'abort') {
        this.#check(this.#pointer < send.checkpoint || this.#triggered.has(send.checkpoint), 'an abort of nothing');
        this.#check(this.#pointer !== send.checkpoint, `abort ${send.checkpoint} behind its pointer`);
      } else if (send.kind === 'trigger') {
        this.#triggered.add(send.checkpoint);
      } else if (send.kind === 'settled') {
        this.#check(this.#pointer === this.#marker, 'settled with a pointer without marker');
        this.#check(this.#asked.size === 0, 'settled with a write in doubt');
      }
    }
    this.bench.forget();
  }

  #check(isTrue: boolean, problem: string): void {
    if (!isTrue) {
      this.problems.push(problem);
    }
  }

  #event(): CheckpointEvent {
    const newest = Number(this.bench.state.ids.lastTaken);
    const checkpoint = id(Math.max(1, newest - this.#random.below(3)));
    const key: SubtaskKey = subtask(this.#random.below(2) === 0 ? SOURCE : SINK, this.#random.below(2));
    this.bench.now += this.#random.below(40);
    switch (this.#random.below(24)) {
      case 0:
        return { kind: 'started', participants: twoByTwo() };
      case 1:
        return { kind: 'adopted', participants: twoByTwo() };
      case 2:
        return { kind: 'checkpoint-wanted' };
      case 3:
        return {
          kind: 'savepoint-wanted',
          request: 1,
          directory: 'd',
          mode: this.#random.below(30) === 0 ? 'stop' : 'go-on',
        };
      case 4:
        return { kind: 'declined', checkpoint, subtask: key, cause: 'failed', detail: 'failed' };
      case 5:
        return this.#random.below(6) === 0 ? { kind: 'task-manager-back', taskManager: A } : { kind: 'tick' };
      case 6:
        return this.#random.below(20) === 0 ? { kind: 'end' } : { kind: 'tick' };
      case 7:
        return { kind: 'savepoint-copied', checkpoint, directory: 'd', failure: undefined };
      case 8:
        return { kind: 'progress', checkpoint, stages: [{ subtask: key, stage: { kind: 'writing-state' } }] };
      case 9:
      case 10:
        return { kind: 'committed', checkpoint };
      case 11:
      case 12:
        return {
          kind: 'object-answered',
          checkpoint,
          answer: { kind: this.#random.below(5) === 0 ? 'ambiguous' : 'created' },
        };
      case 13:
      case 14:
      case 15:
      case 16:
        return this.#recordAnswer();
      case 17:
        return { kind: 'tick' };
      default: {
        const taskManager = this.#random.below(2) === 0 ? A : B;
        const sink = taskManager === A ? { committables: this.#preparedFor(Number(checkpoint)) } : {};
        return { kind: 'acknowledged', ack: ackOf(taskManager, Number(checkpoint), sink) };
      }
    }
  }

  /** All that no marker covers, now and then one less. */
  #preparedFor(checkpoint: number): AgedCommittable[] {
    const covered = Number(this.bench.state.completed?.checkpoint ?? 0);
    const all = Array.from({ length: Math.max(0, checkpoint - covered) }, (_, i) => covered + 1 + i);
    const named = this.#random.below(40) === 0 ? all.slice(1) : all;
    return named.map((epoch) => prepared(`c${epoch}`, epoch));
  }

  #recordAnswer(): CheckpointEvent {
    const kinds = ['ids', 'pointer', 'marker', 'terminal'] as const;
    const asked = kinds.filter((kind) => this.#asked.has(kind));
    const from = this.#random.below(4) === 0 ? kinds : asked;
    const record = from[this.#random.below(from.length)] ?? 'ids';
    const isAmbiguous = this.#random.below(4) === 0;
    const answer = isAmbiguous ? ({ kind: 'ambiguous' } as const) : ({ kind: 'done', revision: 5n } as const);
    return { kind: 'record-answered', record, answer };
  }
}
