// From proto/control.proto

import type { Split as _nerve_v1_Split, SplitDecoded as _nerve_v1_SplitDecoded } from '../../nerve/v1/Split.ts';
import type { Long } from '@grpc/proto-loader';

export interface AssignSplits {
  'jobId'?: (string);
  'attempt'?: (number);
  'vertexId'?: (string);
  'subtask'?: (number);
  'assignment'?: (number | string | Long);
  'splits'?: (_nerve_v1_Split)[];
  'noMore'?: (boolean);
}

export interface AssignSplitsDecoded {
  'jobId': (string);
  'attempt': (number);
  'vertexId': (string);
  'subtask': (number);
  'assignment': (string);
  'splits': (_nerve_v1_SplitDecoded)[];
  'noMore': (boolean);
}
