// From proto/control.proto

import type { MetricSample as _nerve_v1_MetricSample, MetricSampleDecoded as _nerve_v1_MetricSampleDecoded } from '../../nerve/v1/MetricSample.ts';
import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'sentAtMs'?: (number | string | Long);
  'metrics'?: (_nerve_v1_MetricSample)[];
}

export interface HeartbeatDecoded {
  'sentAtMs': (string);
  'metrics': (_nerve_v1_MetricSampleDecoded)[];
}
