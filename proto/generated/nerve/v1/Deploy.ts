// From proto/control.proto

import type { JobModule as _nerve_v1_JobModule, JobModuleDecoded as _nerve_v1_JobModuleDecoded } from '../../nerve/v1/JobModule.ts';
import type { SlotPlace as _nerve_v1_SlotPlace, SlotPlaceDecoded as _nerve_v1_SlotPlaceDecoded } from '../../nerve/v1/SlotPlace.ts';
import type { Checkpointing as _nerve_v1_Checkpointing, CheckpointingDecoded as _nerve_v1_CheckpointingDecoded } from '../../nerve/v1/Checkpointing.ts';
import type { QuarantinedRecord as _nerve_v1_QuarantinedRecord, QuarantinedRecordDecoded as _nerve_v1_QuarantinedRecordDecoded } from '../../nerve/v1/QuarantinedRecord.ts';

export interface Deploy {
  'jobId'?: (string);
  'attempt'?: (number);
  'module'?: (_nerve_v1_JobModule | null);
  'arguments'?: ({[key: string]: string});
  'defaultParallelism'?: (number);
  'maxParallelism'?: (number);
  'fingerprint'?: (string);
  'slots'?: (_nerve_v1_SlotPlace)[];
  'checkpointing'?: (_nerve_v1_Checkpointing | null);
  'parallelismOverrides'?: ({[key: string]: number});
  'quarantined'?: (_nerve_v1_QuarantinedRecord)[];
}

export interface DeployDecoded {
  'jobId': (string);
  'attempt': (number);
  'module': (_nerve_v1_JobModuleDecoded | null);
  'arguments': ({[key: string]: string});
  'defaultParallelism': (number);
  'maxParallelism': (number);
  'fingerprint': (string);
  'slots': (_nerve_v1_SlotPlaceDecoded)[];
  'checkpointing': (_nerve_v1_CheckpointingDecoded | null);
  'parallelismOverrides': ({[key: string]: number});
  'quarantined': (_nerve_v1_QuarantinedRecordDecoded)[];
}
