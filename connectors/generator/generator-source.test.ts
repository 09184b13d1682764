import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { SourceRecord } from '../../shared/connector/records.ts';
import { WakeSignal, enumeratorContext, readerContext } from '../connector-testing.ts';
import { describeSourceConformance } from '../source.conformance.ts';
import { generatorCoordinatorConnector } from './generator-coordinator-connector.ts';
import { recordRandom, splitLength } from './generator-split.ts';
import { generatorTaskConnector } from './generator-task-connector.ts';
import { generatorSource } from './source-spec.ts';
import type { GenerateRecord } from './source-spec.ts';

const numbered: GenerateRecord = (index, random) => ({ value: Buffer.from(`${index}:${random.below(1_000_000)}`) });

describeSourceConformance('generator source', async () => {
  const spec = generatorSource({ count: 10, splits: 3, seed: 42, next: numbered });
  const text = (index: number): string => `${index}:${recordRandom(42, index).below(1_000_000)}`;
  return await Promise.resolve({
    spec,
    coordinator: generatorCoordinatorConnector,
    task: generatorTaskConnector,
    identify: (value) => (value as SourceRecord).value.toString(),
    expected: new Map([
      ['generator-0', [0, 3, 6, 9].map(text)],
      ['generator-1', [1, 4, 7].map(text)],
      ['generator-2', [2, 5, 8].map(text)],
    ]),
  });
});

describe('generator source', () => {
  test('the splits share the feed without gap or overlap', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 64 }), (count, splits) => {
        const lengths = Array.from({ length: splits }, (_, number) => splitLength(count, splits, number));

        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(count);
      }),
    );
  });

  test('the rate decides when records are due', async () => {
    const clock = new MemoryClock(5_000);
    const { reader, signal } = await openReader({ ratePerSecond: 100, splits: 2 }, clock);
    let made = 0;
    const output = { collect: (): void => void (made += 1) };

    const atOnce = reader.poll(100, output);
    const madeAtOnce = made;
    await clock.advance(1_000);
    await signal.next();
    reader.poll(1_000, output);
    await reader.close();

    expect(atOnce).toBe('wait');
    expect(madeAtOnce).toBe(2);
    expect(made).toBe(102);
  });

  test('records of a feed with a rate are spread over time from its first start', async () => {
    const clock = new MemoryClock(5_000);
    const { reader } = await openReader({ ratePerSecond: 10 }, clock);
    const times: (number | undefined)[] = [];
    await clock.advance(300);

    reader.poll(3, { collect: (_value, timestampMs) => times.push(timestampMs) });
    await reader.close();

    expect(times).toStrictEqual([5_000, 5_100, 5_200]);
  });

  test('a feed without a count never finishes', async () => {
    const { reader } = await openReader({}, new MemoryClock());

    const result = reader.poll(100_000, { collect: () => undefined });
    await reader.close();

    expect(result).toBe('more');
    expect(generatorSource({ next: numbered }).bounded).toBe(false);
  });

  test('the randomness of neighbouring records differs and repeats', () => {
    const firsts = Array.from({ length: 1_000 }, (_, index) => recordRandom(1, index).below(1_000_000));

    expect(new Set(firsts).size).toBeGreaterThan(990);
    expect(firsts).toStrictEqual(Array.from({ length: 1_000 }, (_, index) => recordRandom(1, index).below(1_000_000)));
  });

  test('wrong options are problems, all at once', () => {
    expect(
      generatorSource({ next: numbered, count: -1, splits: 0, ratePerSecond: 0, seed: 0.5 }).problems,
    ).toHaveLength(4);
  });
});

async function openReader(options: { readonly ratePerSecond?: number; readonly splits?: number }, clock: MemoryClock) {
  const spec = generatorSource({ next: numbered, ...options });
  const { splits } = await generatorCoordinatorConnector
    .createEnumerator(spec, enumeratorContext({ clock }))
    .discover(new Set(), new AbortController().signal);
  const signal = new WakeSignal();
  const reader = generatorTaskConnector.createReader(spec);
  await reader.open(readerContext({ signal, clock }), new AbortController().signal);
  reader.addSplits(splits);
  reader.noMoreSplits();
  await signal.next();
  return { reader, signal };
}
