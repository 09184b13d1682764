import { describe, expect, test } from 'vitest';
import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import type { FailedRecord, Failure } from '../../shared/failure/failure.ts';
import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { outputTag } from '../../shared/functions/output-tag.ts';
import { quarantineTo } from '../../shared/functions/quarantine.ts';
import type { Quarantine, QuarantinedRecord } from '../../shared/functions/quarantine.ts';
import { largeMapState, valueState } from '../../shared/functions/state.ts';
import type { LargeMapState, ValueState } from '../../shared/functions/state.ts';
import { defineJob } from '../../shared/graph/define-job.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import type { ProcessedStream, Stream } from '../../shared/graph/flow.ts';
import { MemorySlotState } from './memory-slot-state.ts';
import { CountingReader, eventually, keeping, KeepingWriter, numbers, openSlots } from './slot-testing.ts';
import type { SlotRun } from './slot-testing.ts';

const COUNT = 20;
const POISON = 7;
const PATIENT = 'QUACKENBUSH^OTTO';
/** Every number but the poison. */
const HEALTHY = Array.from({ length: COUNT }, (_, i) => i).filter((i) => i !== POISON);

const poison = outputTag<number>('poison');

/** What the operators' functions do with a number; the error quotes the record, as errors of libraries do. */
function fragile(value: number): number {
  if (value === POISON) {
    throw new RangeError(`${PATIENT} has no room ${value}`);
  }
  return value;
}

type Step = (stream: Stream<number>, quarantine: Quarantine<number> | undefined) => ProcessedStream<number>;

const OPERATORS: Readonly<Record<string, Step>> = {
  map: (stream, quarantine) => stream.map(fragile, with_(quarantine)),
  filter: (stream, quarantine) => stream.filter((value) => fragile(value) >= 0, with_(quarantine)),
  'flat map of arrays': (stream, quarantine) => stream.flatMap((value) => [fragile(value)], with_(quarantine)),
  'flat map that yields before it throws': (stream, quarantine) =>
    stream.flatMap(function* yielding(value) {
      if (value === POISON) {
        yield -1;
      }
      yield fragile(value);
    }, with_(quarantine)),
  'process that emits before it throws': (stream, quarantine) =>
    stream.process<number>((value, context) => {
      if (value === POISON) {
        context.emit(-1);
      }
      context.emit(fragile(value));
    }, with_(quarantine)),
  'keyed process that changes state before it throws': (stream, quarantine) =>
    stream.keyBy((value) => String(value % 2)).process(new CountThenThrow(), with_(quarantine)),
  'keyed process that throws after a wait': (stream, quarantine) =>
    stream.keyBy((value) => String(value % 2)).process(waitThenThrow(), with_(quarantine)),
  'keyed process without state': (stream, quarantine) =>
    stream
      .keyBy((value) => String(value % 2))
      .process<number>(
        {
          process: (value, context) => {
            context.emit(fragile(value));
          },
        },
        with_(quarantine),
      ),
  'process with two inputs': (stream, quarantine) =>
    stream
      .filter(() => false, { uid: 'nothing' })
      .connect(stream)
      .process<number>(
        {
          process1: () => undefined,
          process2: (value, context) => {
            context.emit(fragile(value));
          },
        },
        with_(quarantine),
      ),
};

describe.each(Object.keys(OPERATORS))('%s', (name) => {
  test('a throw names the record, the same in each attempt, and nothing that the error said', async () => {
    const [first, second] = [await failureOf(name), await failureOf(name)];

    expect(first).toMatchObject({
      code: 'user-function-failed',
      reaction: 'restart-job',
      record: { operator: 'fragile', error: 'RangeError', hasQuarantine: true },
    });
    expect(first.record?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(second.record).toStrictEqual(first.record);
    expect(first.message).toContain(first.record?.fingerprint);
    expect(JSON.stringify(first)).not.toContain(PATIENT.slice(0, 5));
  });

  test('without a quarantine it is named all the same', async () => {
    const failure = await failureOf(name, false);

    expect(failure.record).toMatchObject({ operator: 'fragile', hasQuarantine: false });
    expect(failure.record?.fingerprint).toBe((await failureOf(name)).record?.fingerprint);
  });

  test('a quarantined record leaves by the side output, once, and no trace of it by the main one', async () => {
    const failure = await failureOf(name);
    const { main, letters, run } = await finished(name, quarantined(failure.record));

    expect(main.visible.toSorted((a, b) => a - b)).toStrictEqual(HEALTHY);
    expect(letters).toStrictEqual([
      {
        record: POISON,
        key: name.startsWith('keyed') ? '1' : undefined,
        timestamp: POISON,
        operator: 'fragile',
        error: 'RangeError',
        failures: 3,
        fingerprint: failure.record?.fingerprint,
      },
    ]);
    expect(countOf(run)).toBe(1);
  });
});

test('while others are quarantined a record is named by what the function was given, not by what it made of it', async () => {
  const job = (): JobDefinition =>
    jobOf(
      (stream, quarantine) =>
        stream
          .map((value) => ({ value }), { uid: 'box' })
          .map(
            (box) => {
              const { value } = box;
              box.value = -1;
              return fragile(value);
            },
            { uid: 'fragile', ...(quarantine === undefined ? {} : { quarantine: boxed }) },
          ),
      new KeepingWriter(),
      { side: new KeepingWriter() },
    );
  const changed = await failureIn(openSlots(job()));
  const watching = quarantined(changed.record);
  const given = await failureIn(openSlots(job(), {}, () => new MemorySlotState(), watching));
  const last = openSlots(job(), {}, () => new MemorySlotState(), [...watching, ...quarantined(given.record)]);
  await start(last);

  expect(given.record?.fingerprint).not.toBe(changed.record?.fingerprint);
  expect(last.statesOf('numbers').at(-1)).toBe('finished');
});

test('a failure of what stands behind an operator is not put down to its record', async () => {
  const writer = new KeepingWriter();
  writer.write = () => {
    throw new TypeError('the sink cannot');
  };

  const failure = await failureIn(
    openSlots(jobOf((stream, quarantine) => stream.map((value) => value, with_(quarantine)), writer)),
  );

  expect(failure.message).toContain('operator out');
  expect(failure.record).toBeUndefined();
});

test('a record behind several steps is named by the step that threw', async () => {
  const failure = await failureIn(
    openSlots(
      jobOf(
        (stream, quarantine) =>
          stream
            .process<number>(
              (value, context) => {
                context.emit(value);
              },
              { uid: 'before' },
            )
            .map(fragile, with_(quarantine)),
        new KeepingWriter(),
      ),
    ),
  );

  expect(failure.record?.operator).toBe('fragile');
});

test('a record that the default serializer cannot write has no name, unless the job says what it is known by', async () => {
  class Box {
    readonly value: number;
    constructor(value: number) {
      this.value = value;
    }
  }
  const job = (identify?: (box: Box) => string): JobDefinition =>
    jobOf(
      (stream) =>
        stream
          .map((value) => new Box(value), { uid: 'box' })
          .map(({ value }) => fragile(value), {
            uid: 'fragile',
            quarantine: quarantineTo<Box, number>(poison, ({ record }) => record.value, identify),
          }),
      new KeepingWriter(),
    );

  const unnamed = await failureIn(openSlots(job()));
  const named = await failureIn(openSlots(job(({ value }) => `box ${value}`)));
  const throwing = await failureIn(
    openSlots(
      job(() => {
        throw new Error(PATIENT);
      }),
    ),
  );

  expect(unnamed.record).toBeUndefined();
  expect(named.record?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(throwing.record).toBeUndefined();
});

const boxed = quarantineTo<{ readonly value: number }, number>(poison, ({ record }) => record.value);

function with_(quarantine: Quarantine<number> | undefined) {
  return { uid: 'fragile', ...(quarantine === undefined ? {} : { quarantine }) };
}

class CountThenThrow implements KeyedProcessFunction<number, number> {
  #last: ValueState<number> | undefined;

  open(context: Parameters<NonNullable<KeyedProcessFunction<number, number>['open']>>[0]): void {
    this.#last = context.state.value(valueState<number>({ name: 'last' }));
  }

  process(value: number, context: Parameters<KeyedProcessFunction<number, number>['process']>[1]): void {
    const last = this.#last?.value();
    this.#last?.update(value);
    fragile(value);
    context.emit(last === POISON ? -1 : value);
  }
}

function waitThenThrow(): KeyedProcessFunction<number, number> {
  let seen: LargeMapState<number> | undefined;
  return {
    open: (context) => {
      seen = context.state.largeMap(largeMapState<number>({ name: 'seen' }));
    },
    process: async (value, context) => {
      await seen?.get(String(value));
      context.emit(fragile(value));
    },
  };
}

interface Outputs {
  readonly side: KeepingWriter;
  readonly letters?: QuarantinedRecord<number>[];
  readonly hasQuarantine?: boolean;
}

function jobOf(step: Step, main: KeepingWriter, outputs: Outputs = { side: new KeepingWriter() }): JobDefinition {
  const { side, letters, hasQuarantine = true } = outputs;
  const quarantine = quarantineTo<number, number>(poison, (quarantined_) => {
    letters?.push(quarantined_);
    return quarantined_.record;
  });
  return defineJob('fragile', (flow) => {
    const source = flow.source(numbers(new CountingReader(COUNT)), { uid: 'numbers' });
    const stream = step(source, hasQuarantine ? quarantine : undefined);
    stream.sinkTo(keeping(main), { uid: 'out' });
    stream.sideOutput(poison).sinkTo(keeping(side), { uid: 'poison' });
  });
}

async function failureOf(
  name: string,
  hasQuarantine = true,
  known: readonly QuarantinedFingerprint[] = [],
): Promise<Failure> {
  const job = jobOf(stepOf(name), new KeepingWriter(), { side: new KeepingWriter(), hasQuarantine });
  return await failureIn(openSlots(job, {}, () => new MemorySlotState(), known));
}

async function failureIn(run: SlotRun): Promise<Failure> {
  await eventually(() => run.areAllReady);
  run.start();
  await eventually(() => run.reports.some(({ state }) => state === 'failed'));
  run.cancel();
  await Promise.all(run.slots.map(async (slot) => await slot.ended));
  return run.reports.find(({ state }) => state === 'failed')!.failure!;
}

async function finished(name: string, known: readonly QuarantinedFingerprint[]) {
  const [main, side, letters] = [new KeepingWriter(), new KeepingWriter(), [] as QuarantinedRecord<number>[]];
  const run = openSlots(jobOf(stepOf(name), main, { side, letters }), {}, () => new MemorySlotState(), known);
  await start(run);
  expect(side.visible).toStrictEqual([POISON]);
  return { main, letters, run };
}

async function start(run: SlotRun): Promise<void> {
  await eventually(() => run.areAllReady);
  run.start();
  await Promise.all(run.slots.map(async (slot) => await slot.ended));
}

function stepOf(name: string): Step {
  return OPERATORS[name]!;
}

function quarantined(record: FailedRecord | undefined): readonly QuarantinedFingerprint[] {
  return [record!].map(({ operator, fingerprint, error }) => ({ operator, fingerprint, error, failures: 3 }));
}

function countOf(run: SlotRun): number {
  const last = run.reports.filter(({ state }) => state === 'finished').flatMap(({ metrics }) => metrics);
  return last.filter(({ name }) => name === 'numRecordsQuarantined').reduce((sum, { value }) => sum + value, 0);
}
