import { describe, expect, test } from 'vitest';
import { openMetricsEndpoint } from './http-metrics.ts';
import type { MetricSample } from './metrics.ts';

const samples: readonly MetricSample[] = [
  { name: 'numRecordsIn', kind: 'counter', labels: { job: 'j', subtask: '0' }, value: 7 },
  { name: 'numRecordsIn', kind: 'counter', labels: { job: 'j', operator: 'map' }, value: 3 },
  { name: 'busyTimeMsPerSecond', kind: 'gauge', labels: { job: 'j' }, value: 120.5 },
];

describe('the metrics endpoint', () => {
  test('serves counters, gauges and the metrics of the process', async () => {
    const endpoint = await openMetricsEndpoint({ host: '127.0.0.1', port: 0, samples: () => samples });

    const response = await fetch(`http://${endpoint.address}/metrics`);
    const text = await response.text();
    await endpoint.close();

    expect(response.status).toBe(200);
    expect(text).toContain('nerve_numRecordsIn{job="j",subtask="0"} 7');
    expect(text).toContain('nerve_numRecordsIn{job="j",operator="map"} 3');
    expect(text).toContain('nerve_busyTimeMsPerSecond{job="j"} 120.5');
    expect(text).toContain('process_resident_memory_bytes');
  });

  test.each<[string, readonly MetricSample[], string]>([
    [
      'two names that fold to one',
      [
        { name: 'my.count', kind: 'counter', labels: {}, value: 1 },
        { name: 'my-count', kind: 'counter', labels: { a: 'b' }, value: 2 },
      ],
      'nerve_my_count{a="b"} 2',
    ],
    [
      'a label that Prometheus cannot spell',
      [{ name: 'n', kind: 'gauge', labels: { '1st-label': 'x' }, value: 1 }],
      'nerve_n{_1st_label="x"} 1',
    ],
    ['a counter that was counted down', [{ name: 'n', kind: 'counter', labels: {}, value: -1 }], 'nerve_n -1'],
    [
      'a counter beyond all numbers',
      [{ name: 'n', kind: 'counter', labels: {}, value: Number.POSITIVE_INFINITY }],
      '# TYPE nerve_n gauge',
    ],
    ['a value that is none', [{ name: 'n', kind: 'gauge', labels: {}, value: Number.NaN }], 'nerve_n Nan'],
  ])('what a job makes up harms no scrape: %s', async (_, made, line) => {
    const endpoint = await openMetricsEndpoint({ host: '127.0.0.1', port: 0, samples: () => made });

    const response = await fetch(`http://${endpoint.address}/metrics`);
    const text = await response.text();
    await endpoint.close();

    expect(response.status).toBe(200);
    expect(text).toContain(line);
  });

  test('a scrape that fails is answered, and the process lives', async () => {
    const samples = (): readonly MetricSample[] => {
      throw new TypeError('a gauge of a job threw');
    };
    const endpoint = await openMetricsEndpoint({ host: '127.0.0.1', port: 0, samples });

    const response = await fetch(`http://${endpoint.address}/metrics`);
    await endpoint.close();

    expect(response.status).toBe(500);
  });

  test('serves nothing else', async () => {
    const endpoint = await openMetricsEndpoint({ host: '127.0.0.1', port: 0, samples: () => [] });

    const response = await fetch(`http://${endpoint.address}/`);
    await endpoint.close();

    expect(response.status).toBe(404);
  });

  test('names a port that is taken', async () => {
    const first = await openMetricsEndpoint({ host: '127.0.0.1', port: 0, samples: () => [] });

    const second = openMetricsEndpoint({
      host: '127.0.0.1',
      port: Number(first.address.split(':')[1]),
      samples: () => [],
    });

    await expect(second).rejects.toThrow('cannot listen');
    await first.close();
  });
});
