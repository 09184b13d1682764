import { expect, test } from 'vitest';
import { MetricRegistry } from './metric-registry.ts';

test('a series has its name, its labels and its value now', () => {
  const registry = new MetricRegistry();
  const group = registry.group({ subtask: '0' });
  let size = 1;
  group.gauge('size', () => size);
  group.counter('seen', { topic: 't' }).add(2);
  group.counter('seen', { topic: 't' }).add();
  size = 7;

  expect(registry.samples()).toStrictEqual([
    { name: 'size', kind: 'gauge', labels: { subtask: '0' }, value: 7 },
    { name: 'seen', kind: 'counter', labels: { subtask: '0', topic: 't' }, value: 3 },
  ]);
});

test('a gauge that cannot be read is left out, and all others are there', () => {
  const registry = new MetricRegistry();
  const group = registry.group({});
  group.gauge('throws', () => {
    throw new TypeError('no table');
  });
  group.gauge('nothing', () => JSON.parse('null') as number);
  group.gauge('size', () => 1);

  expect(registry.samples().map(({ name }) => name)).toStrictEqual(['size']);
});

test('series beyond the bound are counted and not kept', () => {
  const registry = new MetricRegistry();
  const group = registry.group({});
  for (let i = 0; i < 5_003; i += 1) {
    group.counter('patients', { id: String(i) }).add(10);
  }
  const samples = registry.samples();

  expect(samples).toHaveLength(5_001);
  expect(samples.at(-1)).toStrictEqual({ name: 'series_dropped', kind: 'counter', labels: {}, value: 3 });
});
