import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCheckpointId } from '../../shared/ids.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { alignerStep, missingChannels, openAligner } from './barrier-aligner.ts';
import type { Aligner, AlignerEffect, AlignerEvent } from './barrier-aligner.ts';

describe('a barrier', () => {
  test('on a single channel is a snapshot at once', () => {
    expect(run(1, [barrier(0, 1)]).effects).toStrictEqual(['block 0', 'snapshot 1', 'resume 0']);
  });

  test('on one of two channels blocks that channel only, and the snapshot waits for the other', () => {
    const first = run(2, [barrier(0, 1)]);

    expect(first.effects).toStrictEqual(['block 0']);
    expect(missingChannels(first.aligner)).toStrictEqual([1]);
    expect(run(2, [barrier(0, 1), barrier(1, 1)]).effects).toStrictEqual([
      'block 0',
      'block 1',
      'snapshot 1',
      'resume 0',
      'resume 1',
    ]);
  });

  test('of a checkpoint that is decided only lets its channel go on', () => {
    const events = [barrier(0, 5), barrier(1, 5), barrier(1, 5), barrier(0, 4)];

    expect(run(2, events).effects.slice(5)).toStrictEqual(['resume 1', 'resume 0']);
  });

  test('with a higher id ends the alignment before it, tells consumers, and lets its channels go on', () => {
    const { effects, aligner } = run(2, [barrier(0, 1), barrier(1, 2)]);

    expect(effects).toStrictEqual(['block 0', 'cancel 1 superseded', 'resume 0', 'block 1']);
    expect(aligner.alignment?.checkpoint).toBe(2n);
  });

  test('measures how long the alignment took', () => {
    const begun = alignerStep(openAligner(2), barrier(0, 1), 100).aligner;

    expect(alignerStep(begun, barrier(1, 1), 130).effects).toContainEqual({
      kind: 'snapshot',
      checkpoint: 1n,
      triggeredAtMs: 7,
      alignmentMs: 30,
    });
  });

  test.each([
    ['comes behind the end of its channel', [end(0), barrier(0, 1)]],
    ['comes twice on a blocked channel', [barrier(0, 1), barrier(0, 1)]],
    ['comes on a channel that is none', [barrier(2, 1)]],
  ])('that %s is a contradiction', (_, events) => {
    expect(() => run(2, events)).toThrow(/channel/);
  });
});

describe('a cancel marker', () => {
  test('ends the alignment, once, and the barriers that still come are obsolete', () => {
    const events = [barrier(0, 1), cancel(1), cancel(1), barrier(1, 1)];

    expect(run(2, events).effects).toStrictEqual(['block 0', 'cancel 1 cancelled-upstream', 'resume 0', 'resume 1']);
  });

  test('that comes before any barrier is passed on, once', () => {
    expect(run(2, [cancel(3), cancel(3), cancel(2)]).effects).toStrictEqual(['cancel 3 cancelled-upstream']);
  });

  test('of a later checkpoint ends the alignment of an earlier one too', () => {
    expect(run(2, [barrier(0, 1), cancel(2)]).effects).toStrictEqual([
      'block 0',
      'cancel 1 superseded',
      'resume 0',
      'cancel 2 cancelled-upstream',
    ]);
  });
});

describe('a channel that ends', () => {
  test('counts as aligned: before the barriers, and as the last one missing', () => {
    expect(run(2, [end(0), barrier(1, 1)]).effects).toStrictEqual(['block 1', 'snapshot 1', 'resume 1']);
    expect(run(2, [barrier(1, 1), end(0)]).effects).toStrictEqual(['block 1', 'snapshot 1', 'resume 1']);
  });

  test('twice, or behind its barrier, is a contradiction', () => {
    expect(() => run(2, [end(0), end(0)])).toThrow('ends twice');
    expect(() => run(2, [barrier(0, 1), end(0)])).toThrow('behind its barrier');
  });
});

describe('a trigger by the coordinator', () => {
  test('is a snapshot at once when every channel has ended, else when the last one ends', () => {
    expect(run(1, [end(0), trigger(4)]).effects).toStrictEqual(['snapshot 4']);
    expect(run(2, [end(0), trigger(4), end(1)]).effects).toStrictEqual(['snapshot 4']);
    expect(run(2, [end(0), trigger(4)]).effects).toStrictEqual([]);
  });

  test('that is repeated, or late, changes nothing', () => {
    expect(run(1, [end(0), trigger(4), trigger(4), trigger(3)]).effects).toStrictEqual(['snapshot 4']);
  });
});

describe('an abort by the coordinator', () => {
  test('ends the alignment', () => {
    expect(run(2, [barrier(0, 1), abort(1)]).effects).toStrictEqual([
      'block 0',
      'cancel 1 aborted-by-coordinator',
      'resume 0',
    ]);
  });

  test('of a checkpoint that has not come is remembered, and does not touch an earlier one', () => {
    const events = [barrier(0, 1), abort(2), barrier(1, 1), barrier(0, 2), barrier(1, 2)];

    expect(run(2, events).effects.slice(2)).toStrictEqual([
      'snapshot 1',
      'resume 0',
      'resume 1',
      'cancel 2 aborted-by-coordinator',
      'resume 0',
      'resume 1',
    ]);
    expect(run(2, events).aligner.aborted.size).toBe(0);
  });

  test('of a checkpoint that is decided changes nothing', () => {
    expect(run(1, [barrier(0, 1), abort(1)]).effects).toStrictEqual(['block 0', 'snapshot 1', 'resume 0']);
  });

  test('of all ids of a former leader makes their barriers obsolete', () => {
    const events = [barrier(0, 3), abortAll(9), barrier(1, 3), barrier(0, 8), barrier(0, 10)];

    expect(run(2, events).effects).toStrictEqual([
      'block 0',
      'cancel 3 aborted-by-coordinator',
      'resume 0',
      'resume 1',
      'resume 0',
      'block 0',
    ]);
    expect(run(2, [barrier(0, 10), abortAll(9)]).effects).toStrictEqual(['block 0']);
    expect(run(2, [cancel(10), abortAll(9)]).aligner.current).toBe(10n);
  });
});

describe('the loss of the leader', () => {
  test('declines the alignment under way and every one that would begin, so that nothing stands still', () => {
    const events = [barrier(0, 1), LOST, barrier(1, 1), barrier(1, 2), barrier(0, 2)];

    expect(run(2, events).effects).toStrictEqual([
      'block 0',
      'cancel 1 leader-lost',
      'resume 0',
      'resume 1',
      'cancel 2 leader-lost',
      'resume 1',
      'resume 0',
    ]);
  });

  test('is over when a leader is found', () => {
    expect(run(1, [LOST, { kind: 'leader-found' }, barrier(0, 1)]).effects).toContain('snapshot 1');
  });
});

describe('over channels whose producers stop behind their barriers', () => {
  test('whatever comes in whatever order: consistent cuts, each barrier resumed once, nothing blocked for ever', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 4 }), (seed, channels) => {
        const world = new Channels(channels, seededRandom(seed));

        world.run();

        expect(world.cutsAreConsistent()).toBe(true);
        expect(world.decided).toStrictEqual([...new Set(world.decided)].sort((a, b) => Number(a - b)));
        expect(world.resumed).toStrictEqual(world.barriers);
        expect(world.unread()).toBe(0);
      }),
      { numRuns: 600 },
    );
  });
});

const LOST: AlignerEvent = { kind: 'leader-lost' };

function barrier(channel: number, id: number): AlignerEvent {
  return { kind: 'barrier', channel, checkpoint: parseCheckpointId(BigInt(id)), triggeredAtMs: 7 };
}

function cancel(id: number): AlignerEvent {
  return { kind: 'cancel-marker', checkpoint: parseCheckpointId(BigInt(id)) };
}

function end(channel: number): AlignerEvent {
  return { kind: 'end-of-input', channel };
}

function trigger(id: number): AlignerEvent {
  return { kind: 'trigger', checkpoint: parseCheckpointId(BigInt(id)), triggeredAtMs: 7 };
}

function abort(id: number): AlignerEvent {
  return { kind: 'abort', checkpoint: parseCheckpointId(BigInt(id)) };
}

function abortAll(id: number): AlignerEvent {
  return { kind: 'abort-all', upTo: parseCheckpointId(BigInt(id)) };
}

function run(channels: number, events: readonly AlignerEvent[]): { aligner: Aligner; effects: string[] } {
  let aligner = openAligner(channels);
  const effects: string[] = [];
  for (const event of events) {
    const step = alignerStep(aligner, event, 0);
    aligner = step.aligner;
    effects.push(...step.effects.map(shortly));
  }
  return { aligner, effects };
}

function shortly(effect: AlignerEffect): string {
  switch (effect.kind) {
    case 'block':
    case 'resume':
      return `${effect.kind} ${effect.channel}`;
    case 'snapshot':
      return `snapshot ${effect.checkpoint}`;
    case 'cancel':
      return `cancel ${effect.checkpoint} ${effect.reason}`;
  }
}

type Element = { readonly kind: 'record'; readonly epoch: bigint } | AlignerEvent;

/**
 * Producers that each emit records with the checkpoint they passed last, and for every checkpoint a barrier or a
 * cancel marker; some end early. The coordinator aborts now and then, and is lost and found.
 */
class Channels {
  readonly decided: bigint[] = [];
  barriers = 0;
  resumed = 0;
  readonly #queues: Element[][];
  readonly #blocked = new Set<number>();
  readonly #seenBeforeCut = new Map<bigint, bigint>();
  readonly #random: Random;
  #aligner: Aligner;
  #newestEpoch = 0n;
  #isConsistent = true;

  constructor(channels: number, random: Random) {
    this.#random = random;
    this.#aligner = openAligner(channels);
    this.#queues = Array.from({ length: channels }, (_, channel) => this.#emit(channel));
  }

  run(): void {
    for (let i = 0; i < 10_000; i += 1) {
      const ready = this.#queues.flatMap((queue, i) => (queue.length > 0 && !this.#blocked.has(i) ? [i] : []));
      const channel = ready[this.#random.below(ready.length)];
      if (channel === undefined) {
        break;
      }
      this.#coordinator();
      if (this.#blocked.has(channel)) {
        continue;
      }
      const element = this.#queues[channel]?.shift();
      if (element?.kind === 'record') {
        this.#newestEpoch = element.epoch > this.#newestEpoch ? element.epoch : this.#newestEpoch;
      } else if (element !== undefined) {
        this.barriers += element.kind === 'barrier' ? 1 : 0;
        this.#step(element);
      }
    }
    // What still waits was never sent by someone: in the end the coordinator's timeout aborts it.
    while (this.#aligner.alignment !== undefined) {
      this.#step({ kind: 'abort', checkpoint: this.#aligner.alignment.checkpoint });
      this.run();
    }
  }

  cutsAreConsistent(): boolean {
    return this.#isConsistent && [...this.#seenBeforeCut].every(([checkpoint, newest]) => newest < checkpoint);
  }

  unread(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.length, 0) + this.#blocked.size;
  }

  #emit(channel: number): Element[] {
    const elements: Element[] = [];
    let epoch = 0n;
    for (let id = 1; id <= 8; id += 1) {
      const records = this.#random.below(4);
      for (let i = 0; i < records; i += 1) {
        elements.push({ kind: 'record', epoch });
      }
      const fate = this.#random.below(12);
      if (fate === 0) {
        break;
      }
      if (fate === 1) {
        elements.push(cancel(id));
      } else if (fate > 2) {
        elements.push(barrier(channel, id));
      }
      // With 2 it never hears of the checkpoint: its source was not triggered.
      epoch = fate === 2 ? epoch : BigInt(id);
    }
    return [...elements, end(channel)];
  }

  #coordinator(): void {
    const id = 1 + this.#random.below(8);
    switch (this.#random.below(60)) {
      case 0:
        this.#step(abort(id));
        return;
      case 1:
        this.#step(LOST);
        return;
      case 2:
        this.#step({ kind: 'leader-found' });
        return;
      case 3:
        this.#step(abortAll(id));
        return;
      default:
        return;
    }
  }

  #step(event: AlignerEvent): void {
    const { aligner, effects } = alignerStep(this.#aligner, event, 0);
    this.#aligner = aligner;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'block':
          this.#blocked.add(effect.channel);
          break;
        case 'resume':
          this.resumed += 1;
          this.#blocked.delete(effect.channel);
          break;
        case 'snapshot':
          this.decided.push(effect.checkpoint);
          this.#seenBeforeCut.set(effect.checkpoint, this.#newestEpoch);
          this.#isConsistent &&= this.#queues.every((queue) => queue.every((e) => !isBefore(e, effect.checkpoint)));
          break;
        case 'cancel':
          this.decided.push(effect.checkpoint);
          break;
      }
    }
  }
}

/** A record that belongs before the cut and has not been processed. */
function isBefore(element: Element, checkpoint: bigint): boolean {
  return element.kind === 'record' && element.epoch < checkpoint;
}
