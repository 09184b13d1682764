// From proto/control.proto

import type { RestoreHandle as _nerve_v1_RestoreHandle, RestoreHandleDecoded as _nerve_v1_RestoreHandleDecoded } from '../../nerve/v1/RestoreHandle.ts';

export interface Checkpointing {
  'lineage'?: (string);
  'directory'?: (string);
  'restore'?: (_nerve_v1_RestoreHandle | null);
  'clusterId'?: (string);
  'transactionPool'?: (number);
}

export interface CheckpointingDecoded {
  'lineage': (string);
  'directory': (string);
  'restore': (_nerve_v1_RestoreHandleDecoded | null);
  'clusterId': (string);
  'transactionPool': (number);
}
