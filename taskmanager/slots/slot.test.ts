import { describe, expect, test } from 'vitest';
import { defineJob } from '../../shared/graph/define-job.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import { outputTag } from '../../shared/functions/output-tag.ts';
import { CountingReader, eventually, keeping, KeepingWriter, numbers, openSlots, turns } from './slot-testing.ts';

const odd = outputTag<number>('odd');

describe('a slot', () => {
  test('runs a job from its splits to committed output', async () => {
    const reader = new CountingReader(1_000);
    const writer = new KeepingWriter();
    const run = openSlots(chainJob(reader, writer));

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await run.slots[0]!.ended;

    expect(run.statesOf('numbers')).toStrictEqual(['initializing', 'ready', 'running', 'finished']);
    expect(writer.values).toStrictEqual(Array.from({ length: 1_000 }, (_, i) => i * 2));
    expect(writer.visible).toStrictEqual(writer.values);
    expect([reader.isClosed, writer.isClosed, writer.isFlushed]).toStrictEqual([true, true, true]);
  });

  test('counts records in and out, by operator and by subtask', async () => {
    const run = openSlots(hashJob(new CountingReader(500), new KeepingWriter(), 1));

    await eventually(() => run.reports.some(({ state }) => state === 'ready'));
    run.start();
    await run.slots[0]!.ended;
    const last = run.reports.filter(({ state }) => state === 'finished').flatMap(({ metrics }) => metrics);
    const value = (name: string, vertex: string, operator?: string): number | undefined =>
      last.find(({ name: n, labels }) => n === name && labels['vertex'] === vertex && labels['operator'] === operator)
        ?.value;

    expect(value('numRecordsIn', 'numbers')).toBe(500);
    expect(value('numRecordsOut', 'numbers')).toBe(500);
    expect(value('numRecordsIn', 'keyed')).toBe(500);
    expect(value('numRecordsIn', 'keyed', 'out')).toBe(500);
    expect(value('numBytesIn', 'keyed')).toBe(value('numBytesOut', 'numbers'));
    expect(value('busyTimeMsPerSecond', 'keyed')).toBeDefined();
  });

  test('the last report of a subtask carries what its sink counted until its last flush', async () => {
    const writer = new KeepingWriter();
    writer.flush = async () => {
      await Promise.resolve();
      writer.context!.metrics.counter('records_sent', { topic: 't' }).add(writer.values.length);
    };
    const run = openSlots(hashJob(new CountingReader(500), writer, 1));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await run.slots[0]!.ended;
    const last = run.reports.find(({ state, vertex }) => state === 'finished' && vertex === 'keyed')?.metrics;

    expect(last?.find(({ name }) => name === 'records_sent')).toMatchObject({
      value: 500,
      labels: { operator: 'out' },
    });
  });

  test('counts as out what left by an edge and what went to a sink of the chain', async () => {
    const run = openSlots(
      defineJob('both-ways', (flow) => {
        const split = flow.source(numbers(new CountingReader(6)), { uid: 'numbers' }).process<number>(
          (value, context) => {
            if (value < 4) {
              context.emit(value);
            } else {
              context.sideOutput(odd, value);
            }
          },
          { uid: 'split' },
        );
        split.sinkTo(keeping(new KeepingWriter()), { uid: 'chained' });
        split.sideOutput(odd).sinkTo(keeping(new KeepingWriter()), { uid: 'apart', parallelism: 2 });
      }),
    );

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 3);
    run.start();
    await Promise.all(run.slots.map(async (slot) => await slot.ended));
    const last = run.reports.filter(({ state }) => state === 'finished').flatMap(({ metrics }) => metrics);
    const out = last.find(
      ({ name, labels }) =>
        name === 'numRecordsOut' && labels['vertex'] === 'numbers' && labels['operator'] === undefined,
    );

    expect(out?.value).toBe(6);
  });

  test('sends side outputs on, and drops those that nothing reads', async () => {
    const [evens, odds] = [new KeepingWriter(), new KeepingWriter()];
    const run = openSlots(
      defineJob('sides', (flow) => {
        const split = flow.source(numbers(new CountingReader(6)), { uid: 'numbers' }).process<number>(
          (value, context) => {
            context.sideOutput(outputTag<number>('unread'), value);
            if (value % 2 === 0) {
              context.emit(value);
            } else {
              context.sideOutput(odd, value);
            }
          },
          { uid: 'split' },
        );
        split.sinkTo(keeping(evens), { uid: 'evens' });
        split.sideOutput(odd).sinkTo(keeping(odds), { uid: 'odds' });
      }),
    );

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await run.slots[0]!.ended;

    expect(evens.values).toStrictEqual([0, 2, 4]);
    expect(odds.values).toStrictEqual([1, 3, 5]);
  });

  test('deals records by key to the subtasks of other slots and loses none', async () => {
    const writer = new KeepingWriter();
    const run = openSlots(hashJob(new CountingReader(5_000), writer, 3), { frameBytes: 256, creditsMax: 1 });

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 4);
    run.start();
    await Promise.all(run.slots.map(async (slot) => await slot.ended));

    expect(run.failures).toStrictEqual([]);
    expect(new Set(writer.values).size).toBe(5_000);
    expect(writer.values).toHaveLength(5_000);
  });
});

describe('a slot with nothing to do', () => {
  test('takes no turn', async () => {
    const writer = new KeepingWriter();
    writer.room = 10;
    const run = openSlots(hashJob(new CountingReader(20_000), writer, 1));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    await turns(5);
    const whileReady = run.turnsAsked;
    await turns(50);
    const whileReadyLater = run.turnsAsked;
    run.start();
    await eventually(() => writer.values.length >= 10);
    await turns(200);
    const whileFull = run.turnsAsked;
    await turns(50);
    const whileFullLater = run.turnsAsked;
    run.slots[0]!.onCommand({ kind: 'sample-metrics' });
    await eventually(() => run.samples.length > 0);
    run.cancel();
    await run.slots[0]!.ended;

    expect(whileReadyLater).toBe(whileReady);
    expect(whileFullLater).toBe(whileFull);
    expect(run.samples.find(({ name }) => name === 'outputQueueLength')?.value).toBeGreaterThan(0);
  });
});

describe('a subtask with two inputs', () => {
  test('hands each record to the function of its stream', async () => {
    const writer = new KeepingWriter();
    const run = openSlots(
      defineJob('connected', (flow) => {
        const first = flow.source(numbers(new CountingReader(50)), { uid: 'first' });
        const second = flow.source(numbers(new CountingReader(70)), { uid: 'second' });
        first
          .connect(second)
          .process<number>(
            {
              process1: (value, context) => {
                context.emit(value);
              },
              process2: (value, context) => {
                context.emit(-1 - value);
              },
            },
            { uid: 'both' },
          )
          .sinkTo(keeping(writer), { uid: 'out' });
      }),
    );

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 3);
    run.start();
    await run.slots[0]!.ended;

    expect(writer.values.filter((value) => value >= 0)).toStrictEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(writer.values.filter((value) => value < 0)).toStrictEqual(Array.from({ length: 70 }, (_, i) => -1 - i));
  });

  test('a union ends when all its inputs have ended, and `finish` may still emit', async () => {
    const writer = new KeepingWriter();
    const run = openSlots(
      defineJob('united', (flow) => {
        const first = flow.source(numbers(new CountingReader(3)), { uid: 'first' });
        const second = flow.source(numbers(new CountingReader(4)), { uid: 'second' });
        let seen = 0;
        first
          .union(second)
          .process<number>(
            {
              process: () => {
                seen += 1;
              },
              finish: (context) => {
                context.emit(seen);
              },
            },
            { uid: 'count' },
          )
          .sinkTo(keeping(writer), { uid: 'out' });
      }),
    );

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 3);
    run.start();
    await run.slots[0]!.ended;

    expect(writer.values).toStrictEqual([7]);
  });
});

describe('back-pressure', () => {
  test('a full sink stops its source at once when both are chained', async () => {
    const reader = new CountingReader(100_000);
    const writer = new KeepingWriter();
    writer.room = 100;
    const run = openSlots(chainJob(reader, writer));

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => writer.values.length >= 100);
    await turns(50);

    expect(reader.handedOver).toBeLessThanOrEqual(100 + 8);
    run.cancel();
    await run.slots[0]!.ended;
  });

  test('a full sink behind a shuffle lets only what the buffers hold be read, and goes on when there is room', async () => {
    const reader = new CountingReader(20_000);
    const writer = new KeepingWriter();
    writer.room = 10;
    const run = openSlots(hashJob(reader, writer, 2), { frameBytes: 256, creditsMax: 2, queuedFramesMax: 2 });

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 3);
    run.start();
    await eventually(() => writer.values.length >= 10);
    await turns(300);
    const readWhileFull = reader.handedOver;
    const queued = run.exchanges.map((exchange) => exchange.isDrained);
    writer.release(Infinity);
    await Promise.all(run.slots.map(async (slot) => await slot.ended));

    // Two channels, each with at most 2 credits, 2 queued frames and one being filled, of some 20 records.
    expect(readWhileFull).toBeLessThan(400);
    expect(queued).toContain(false);
    expect(new Set(writer.values).size).toBe(20_000);
  });

  test('an iterator without end is taken from only while there is room', async () => {
    const writer = new KeepingWriter();
    writer.room = 50;
    let yielded = 0;
    let isReturned = false;
    const run = openSlots(
      defineJob('endless', (flow) => {
        flow
          .source(numbers(new CountingReader(1)), { uid: 'numbers' })
          .flatMap(function* () {
            try {
              for (;;) {
                yielded += 1;
                yield yielded;
              }
            } finally {
              isReturned = true;
            }
          })
          .sinkTo(keeping(writer), { uid: 'out' });
      }),
    );

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => writer.values.length === 50);
    await turns(20);
    const yieldedWhileFull = yielded;
    writer.release(25);
    await eventually(() => writer.values.length === 75);
    run.cancel();
    await run.slots[0]!.ended;

    expect(yieldedWhileFull).toBe(50);
    expect(isReturned).toBe(true);
    expect(run.statesOf('numbers').at(-1)).toBe('cancelled');
  });

  test('two operators that yield much for each record keep the order of the records', async () => {
    const writer = new KeepingWriter();
    const run = openSlots(
      defineJob('nested', (flow) => {
        flow
          .source(numbers(new CountingReader(20)), { uid: 'numbers' })
          .flatMap((value) => repeat(value, 10))
          .process<number>(
            (value, context) => {
              context.emit(value);
              context.emit(value);
            },
            { uid: 'twice' },
          )
          .flatMap((value) => repeat(value, 10))
          .sinkTo(keeping(writer), { uid: 'out' });
      }),
    );
    writer.room = 3;

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => {
      writer.release(3);
      return run.statesOf('numbers').includes('finished');
    });
    await run.slots[0]!.ended;

    expect(writer.values).toStrictEqual(Array.from({ length: 20 * 200 }, (_, i) => Math.floor(i / 200)));
  });
});

describe('the async operator', () => {
  test('ordered: results leave in the order of their records, at most so many calls at once', async () => {
    const writer = new KeepingWriter();
    const gate = new Answers();
    const run = openSlots(asyncJob(new CountingReader(20), writer, gate, { order: 'ordered', inFlightMax: 4 }));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => gate.pending.length === 4);
    await turns(20);
    const atOnce = gate.pending.length;
    await eventually(() => {
      gate.answerLast();
      return run.statesOf('call').includes('finished');
    });

    expect(atOnce).toBe(4);
    expect(writer.values).toStrictEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('unordered: results leave as they come, each once', async () => {
    const writer = new KeepingWriter();
    const gate = new Answers();
    const run = openSlots(asyncJob(new CountingReader(20), writer, gate, { order: 'unordered', inFlightMax: 4 }));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => gate.pending.length === 4);
    gate.answerLast();
    await eventually(() => writer.values.length === 1);
    const firstOut = writer.values[0];
    await eventually(() => {
      gate.answerLast();
      return run.statesOf('call').includes('finished');
    });

    expect(firstOut).toBe(3);
    expect([...writer.values].sort((a, b) => a - b)).toStrictEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('a call that takes too long fails the subtask and is aborted', async () => {
    const gate = new Answers();
    const run = openSlots(asyncJob(new CountingReader(1), new KeepingWriter(), gate, { timeoutMs: 20 }));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => run.statesOf('call').includes('failed'), 1_000_000);

    expect(run.reports.find(({ state }) => state === 'failed')?.failure?.code).toBe('async-timeout');
    expect(gate.pending[0]?.signal.aborted).toBe(true);
    run.cancel();
    await run.slots[0]!.ended;
  });

  test('a cancel aborts every call', async () => {
    const gate = new Answers();
    const run = openSlots(asyncJob(new CountingReader(5), new KeepingWriter(), gate, {}));

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => gate.pending.length === 5);
    run.cancel();
    await run.slots[0]!.ended;

    expect(gate.pending.map(({ signal }) => signal.aborted)).toStrictEqual([true, true, true, true, true]);
    expect(run.statesOf('call').at(-1)).toBe('cancelled');
  });
});

describe('failures', () => {
  test('a function that throws is named, with the record’s split and without its data', async () => {
    const run = openSlots(
      defineJob('thrower', (flow) => {
        flow
          .source(numbers(new CountingReader(10)), { uid: 'numbers' })
          .map(
            (value) => {
              if (value === 3) {
                throw new TypeError('DOE^JOHN is bad');
              }
              return value;
            },
            { uid: 'risky' },
          )
          .sinkTo(keeping(new KeepingWriter()), { uid: 'out' });
      }),
    );

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => run.statesOf('numbers').includes('failed'));
    const failure = run.reports.find(({ state }) => state === 'failed')?.failure;
    run.cancel();
    await run.slots[0]!.ended;

    expect(failure?.code).toBe('user-function-failed');
    expect(failure?.message).toContain('job thrower, operator risky, subtask 0 of 1');
    expect(failure?.message).toContain('TypeError');
    expect(failure?.message).toContain('split numbers');
    expect(failure?.message).not.toContain('DOE');
    expect(run.statesOf('numbers').at(-1)).toBe('failed');
  });

  test('a flush that fails at the end fails the subtask instead of finishing it', async () => {
    const writer = new KeepingWriter();
    writer.flushFailure = { code: 'kafka-send-failed', reaction: 'restart-job', message: 'a send failed' };
    const run = openSlots(chainJob(new CountingReader(3), writer));

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => run.statesOf('numbers').includes('failed'));
    run.cancel();
    await run.slots[0]!.ended;

    expect(run.reports.find(({ state }) => state === 'failed')?.failure?.code).toBe('kafka-send-failed');
    expect(run.statesOf('numbers')).not.toContain('finished');
  });

  test('a reader that cannot read its splits fails its subtask', async () => {
    const reader = new CountingReader(3);
    reader.addSplits = () => {
      throw new TypeError('position 7 of PATIENT-7');
    };
    const run = openSlots(chainJob(reader, new KeepingWriter()));

    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await eventually(() => run.statesOf('numbers').includes('failed'));
    run.cancel();
    await run.slots[0]!.ended;

    const message = run.reports.find(({ state }) => state === 'failed')?.failure?.message;
    expect(message).toContain('operator numbers, subtask 0 of 1: TypeError');
    expect(message).not.toContain('PATIENT-7');
  });

  test('what a writer says from outside the loop fails its subtask', async () => {
    const writer = new KeepingWriter();
    const run = openSlots(chainJob(new CountingReader(0), writer));

    await eventually(() => run.statesOf('numbers').includes('ready'));
    writer.context!.fail({ code: 'kafka-down', reaction: 'restart-job', message: 'the broker is gone' });
    await eventually(() => run.statesOf('numbers').includes('failed'));
    run.cancel();
    await run.slots[0]!.ended;

    expect(run.statesOf('numbers')).toStrictEqual(['initializing', 'ready', 'failed']);
    expect(writer.isClosed).toBe(true);
  });

  test('what a subtask says after its end costs the others nothing', async () => {
    const [early, late] = [new KeepingWriter(), new KeepingWriter()];
    late.room = 0;
    const run = openSlots(
      defineJob('two', (flow) => {
        flow.source(numbers(new CountingReader(1)), { uid: 'first' }).sinkTo(keeping(early), { uid: 'first-out' });
        flow.source(numbers(new CountingReader(9)), { uid: 'second' }).sinkTo(keeping(late), { uid: 'second-out' });
      }),
    );

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => run.statesOf('first').includes('finished'));
    early.context!.fail({ code: 'kafka-down', reaction: 'restart-job', message: 'the broker is gone' });
    await turns(5);
    late.release(Infinity);
    await eventually(() => run.statesOf('second').includes('finished'));
    await run.slots[0]!.ended;

    expect(run.statesOf('first').at(-1)).toBe('finished');
    expect(late.values).toHaveLength(9);
  });

  test('after one subtask failed beside the loop, the others take no input', async () => {
    const [broken, sound] = [new KeepingWriter(), new KeepingWriter()];
    broken.flushFailure = { code: 'kafka-send-failed', reaction: 'restart-job', message: 'a send failed' };
    sound.room = 0;
    const run = openSlots(
      defineJob('two', (flow) => {
        flow.source(numbers(new CountingReader(1)), { uid: 'first' }).sinkTo(keeping(broken), { uid: 'first-out' });
        flow.source(numbers(new CountingReader(9)), { uid: 'second' }).sinkTo(keeping(sound), { uid: 'second-out' });
      }),
    );

    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => run.statesOf('first').includes('failed'));
    sound.release(Infinity);
    await turns(20);
    const takenAfterwards = sound.values.length;
    run.cancel();
    await run.slots[0]!.ended;

    expect(takenAfterwards).toBeLessThanOrEqual(1);
    expect(run.statesOf('second').at(-1)).toBe('cancelled');
  });

  test('splits that were given before the start are read after it, and a repeat is ignored', async () => {
    const reader = new CountingReader(5);
    const writer = new KeepingWriter();
    const run = openSlots(chainJob(reader, writer));

    run.start();
    run.start();
    await eventually(() => run.statesOf('numbers').includes('ready'));
    run.start();
    await run.slots[0]!.ended;

    expect(writer.values).toStrictEqual([0, 2, 4, 6, 8]);
  });
});

function chainJob(reader: CountingReader, writer: KeepingWriter): JobDefinition {
  return defineJob('chain', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .map((value) => value * 2)
      .filter(() => true)
      .sinkTo(keeping(writer), { uid: 'out' });
  });
}

function hashJob(reader: CountingReader, writer: KeepingWriter, parallelism: number): JobDefinition {
  return defineJob('hash', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .keyBy((value) => String(value))
      .process<number>(
        {
          process: (value, context) => {
            context.emit(Number(context.currentKey));
            if (context.currentKey !== String(value)) {
              throw new Error('a record came with the key of another');
            }
          },
        },
        { uid: 'keyed', parallelism },
      )
      .sinkTo(keeping(writer), { uid: 'out', parallelism });
  });
}

function asyncJob(
  reader: CountingReader,
  writer: KeepingWriter,
  answers: Answers,
  options: { readonly order?: 'ordered' | 'unordered'; readonly inFlightMax?: number; readonly timeoutMs?: number },
): JobDefinition {
  return defineJob('async', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .mapAsync(async (value: number, signal) => await answers.call(value, signal), { uid: 'call', ...options })
      .sinkTo(keeping(writer), { uid: 'out' });
  });
}

/** Something outside that answers when the test says so. */
class Answers {
  readonly pending: { readonly value: number; readonly signal: AbortSignal; readonly answer: () => void }[] = [];

  async call(value: number, signal: AbortSignal): Promise<number> {
    return await new Promise<number>((resolve) => {
      this.pending.push({
        value,
        signal,
        answer: () => {
          resolve(value);
        },
      });
    });
  }

  answerLast(): void {
    this.pending.pop()?.answer();
  }
}

function* repeat(value: number, times: number): Iterable<number> {
  for (let i = 0; i < times; i += 1) {
    yield value;
  }
}
