import { expect, test } from 'vitest';
import { parseTaskManagerId } from '../../shared/ids.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import { MetricStore } from './metric-store.ts';

const a = parseTaskManagerId('tm-a');
const b = parseTaskManagerId('tm-b');

test('the latest value of a series counts, and a series that is silent keeps its last', () => {
  const store = new MetricStore();
  store.record(a, [counter('numRecordsIn', 5, 1, '0'), counter('numRecordsOut', 4, 1, '0')]);
  store.record(a, [counter('numRecordsIn', 9, 1, '0')]);

  expect(store.totals('j')).toStrictEqual([
    { name: 'numRecordsIn', kind: 'counter', labels: { subtask: '0' }, value: 9 },
    { name: 'numRecordsOut', kind: 'counter', labels: { subtask: '0' }, value: 4 },
  ]);
});

test('counters are summed over attempts and task managers, gauges are of the present attempt', () => {
  const store = new MetricStore();
  store.record(a, [counter('numRecordsIn', 5, 1, '0'), gauge('pendingRecords', 100, 1)]);
  store.record(b, [counter('numRecordsIn', 7, 2, '0'), gauge('pendingRecords', 3, 2)]);

  expect(store.totals('j').map(({ name, value }) => [name, value])).toStrictEqual([
    ['numRecordsIn', 12],
    ['pendingRecords', 3],
  ]);
});

test('old attempts are kept as one sum, and what is said of them later is not counted twice', () => {
  const store = new MetricStore();
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    store.record(a, [counter('numRecordsIn', 2, attempt, '0')]);
  }
  store.record(a, [counter('numRecordsIn', 1_000, 3, '0')]);

  expect(store.totals('j').map(({ value }) => value)).toStrictEqual([100]);
});

test('jobs are apart, unknown ones have nothing, and forgotten ones too', () => {
  const store = new MetricStore();
  store.record(a, [counter('numRecordsIn', 5, 1, '0'), { name: 'heap', kind: 'gauge', labels: {}, value: 1 }]);
  const before = store.totals('j').length;
  store.forget('j');

  expect(before).toBe(1);
  expect([store.totals('j'), store.totals('other')]).toStrictEqual([[], []]);
});

function counter(name: string, value: number, attempt: number, subtask: string): MetricSample {
  return { name, kind: 'counter', labels: { job: 'j', attempt: String(attempt), subtask }, value };
}

function gauge(name: string, value: number, attempt: number): MetricSample {
  return { name, kind: 'gauge', labels: { job: 'j', attempt: String(attempt) }, value };
}
