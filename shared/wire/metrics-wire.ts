import type { MetricSample as WireSample } from '../../proto/generated/nerve/v1/MetricSample.ts';
import type { MetricSampleDecoded } from '../../proto/generated/nerve/v1/MetricSample.ts';
import type { MetricSample } from '../metrics/metrics.ts';

export function samplesToWire(samples: readonly MetricSample[]): WireSample[] {
  return samples.map(({ name, kind, labels, value }) => ({ name, kind, labels: { ...labels }, value }));
}

export function samplesFromWire(wire: readonly MetricSampleDecoded[]): readonly MetricSample[] {
  return wire.map(({ name, kind, labels, value }) => ({
    name,
    kind: kind === 'gauge' ? 'gauge' : 'counter',
    labels,
    value,
  }));
}
