// From proto/control.proto

import type { SubtaskRef as _nerve_v1_SubtaskRef, SubtaskRefDecoded as _nerve_v1_SubtaskRefDecoded } from '../../nerve/v1/SubtaskRef.ts';

export interface SubtaskStage {
  'subtask'?: (_nerve_v1_SubtaskRef | null);
  'stage'?: (string);
  'barriersFrom'?: (string)[];
}

export interface SubtaskStageDecoded {
  'subtask': (_nerve_v1_SubtaskRefDecoded | null);
  'stage': (string);
  'barriersFrom': (string)[];
}
