// From proto/admin.proto

import type { StateSummary as _nerve_v1_StateSummary, StateSummaryDecoded as _nerve_v1_StateSummaryDecoded } from '../../nerve/v1/StateSummary.ts';
import type { ListSummary as _nerve_v1_ListSummary, ListSummaryDecoded as _nerve_v1_ListSummaryDecoded } from '../../nerve/v1/ListSummary.ts';
import type { Long } from '@grpc/proto-loader';

export interface OperatorStateSummary {
  'uid'?: (string);
  'name'?: (string);
  'parallelism'?: (number);
  'maxParallelism'?: (number);
  'hashId'?: (string);
  'states'?: (_nerve_v1_StateSummary)[];
  'keyedBytes'?: (number | string | Long);
  'segments'?: (number);
  'lists'?: (_nerve_v1_ListSummary)[];
  'splits'?: (number);
  'finishedSplits'?: (number);
  'finishedSubtasks'?: (number);
}

export interface OperatorStateSummaryDecoded {
  'uid': (string);
  'name': (string);
  'parallelism': (number);
  'maxParallelism': (number);
  'hashId': (string);
  'states': (_nerve_v1_StateSummaryDecoded)[];
  'keyedBytes': (string);
  'segments': (number);
  'lists': (_nerve_v1_ListSummaryDecoded)[];
  'splits': (number);
  'finishedSplits': (number);
  'finishedSubtasks': (number);
}
