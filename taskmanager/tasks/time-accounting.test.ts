import { describe, expect, test } from 'vitest';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { TimeAccounting } from './time-accounting.ts';

describe('time accounting', () => {
  test('busy, idle and back-pressured time add up to a second', () => {
    const registry = new MetricRegistry();
    const time = new TimeAccounting(0);
    time.register(registry.group({}));

    time.settle(0, 'idle');
    time.settle(400, 'runnable');
    time.ran(100);
    time.settle(500, 'back-pressured');
    time.settle(900, 'idle');
    time.sample(1_000);

    expect(valuesOf(registry)).toStrictEqual({
      busyTimeMsPerSecond: 100,
      idleTimeMsPerSecond: 500,
      backPressuredTimeMsPerSecond: 400,
    });
  });

  test('a runnable subtask that waits for its turn is busy', () => {
    const registry = new MetricRegistry();
    const time = new TimeAccounting(0);
    time.register(registry.group({}));

    time.settle(0, 'runnable');
    time.ran(10);
    time.sample(1_000);

    expect(valuesOf(registry)['busyTimeMsPerSecond']).toBe(1_000);
  });

  test('a window that is too short to say something is not ended', () => {
    const registry = new MetricRegistry();
    const time = new TimeAccounting(0);
    time.register(registry.group({}));

    time.settle(0, 'back-pressured');
    time.sample(100);

    expect(valuesOf(registry)['idleTimeMsPerSecond']).toBe(1_000);
  });
});

function valuesOf(registry: MetricRegistry): Record<string, number> {
  return Object.fromEntries(registry.samples().map(({ name, value }) => [name, value]));
}
