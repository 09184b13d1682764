// From proto/control.proto

import type { Registered as _nerve_v1_Registered, RegisteredDecoded as _nerve_v1_RegisteredDecoded } from '../../nerve/v1/Registered.ts';
import type { Refused as _nerve_v1_Refused, RefusedDecoded as _nerve_v1_RefusedDecoded } from '../../nerve/v1/Refused.ts';
import type { HeartbeatAck as _nerve_v1_HeartbeatAck, HeartbeatAckDecoded as _nerve_v1_HeartbeatAckDecoded } from '../../nerve/v1/HeartbeatAck.ts';
import type { Deploy as _nerve_v1_Deploy, DeployDecoded as _nerve_v1_DeployDecoded } from '../../nerve/v1/Deploy.ts';
import type { Start as _nerve_v1_Start, StartDecoded as _nerve_v1_StartDecoded } from '../../nerve/v1/Start.ts';
import type { Cancel as _nerve_v1_Cancel, CancelDecoded as _nerve_v1_CancelDecoded } from '../../nerve/v1/Cancel.ts';
import type { AssignSplits as _nerve_v1_AssignSplits, AssignSplitsDecoded as _nerve_v1_AssignSplitsDecoded } from '../../nerve/v1/AssignSplits.ts';
import type { TriggerCheckpoint as _nerve_v1_TriggerCheckpoint, TriggerCheckpointDecoded as _nerve_v1_TriggerCheckpointDecoded } from '../../nerve/v1/TriggerCheckpoint.ts';
import type { CheckpointCompleted as _nerve_v1_CheckpointCompleted, CheckpointCompletedDecoded as _nerve_v1_CheckpointCompletedDecoded } from '../../nerve/v1/CheckpointCompleted.ts';
import type { CheckpointAborted as _nerve_v1_CheckpointAborted, CheckpointAbortedDecoded as _nerve_v1_CheckpointAbortedDecoded } from '../../nerve/v1/CheckpointAborted.ts';
import type { AnnounceCheckpoints as _nerve_v1_AnnounceCheckpoints, AnnounceCheckpointsDecoded as _nerve_v1_AnnounceCheckpointsDecoded } from '../../nerve/v1/AnnounceCheckpoints.ts';
import type { Long } from '@grpc/proto-loader';

export interface CoordinatorMessage {
  'seq'?: (number | string | Long);
  'leaderEpoch'?: (number | string | Long);
  'registered'?: (_nerve_v1_Registered | null);
  'refused'?: (_nerve_v1_Refused | null);
  'heartbeatAck'?: (_nerve_v1_HeartbeatAck | null);
  'deploy'?: (_nerve_v1_Deploy | null);
  'start'?: (_nerve_v1_Start | null);
  'cancel'?: (_nerve_v1_Cancel | null);
  'assignSplits'?: (_nerve_v1_AssignSplits | null);
  'triggerCheckpoint'?: (_nerve_v1_TriggerCheckpoint | null);
  'checkpointCompleted'?: (_nerve_v1_CheckpointCompleted | null);
  'checkpointAborted'?: (_nerve_v1_CheckpointAborted | null);
  'announceCheckpoints'?: (_nerve_v1_AnnounceCheckpoints | null);
  'body'?: "registered"|"refused"|"heartbeatAck"|"deploy"|"start"|"cancel"|"assignSplits"|"triggerCheckpoint"|"checkpointCompleted"|"checkpointAborted"|"announceCheckpoints";
}

export interface CoordinatorMessageDecoded {
  'seq': (string);
  'leaderEpoch': (string);
  'registered'?: (_nerve_v1_RegisteredDecoded | null);
  'refused'?: (_nerve_v1_RefusedDecoded | null);
  'heartbeatAck'?: (_nerve_v1_HeartbeatAckDecoded | null);
  'deploy'?: (_nerve_v1_DeployDecoded | null);
  'start'?: (_nerve_v1_StartDecoded | null);
  'cancel'?: (_nerve_v1_CancelDecoded | null);
  'assignSplits'?: (_nerve_v1_AssignSplitsDecoded | null);
  'triggerCheckpoint'?: (_nerve_v1_TriggerCheckpointDecoded | null);
  'checkpointCompleted'?: (_nerve_v1_CheckpointCompletedDecoded | null);
  'checkpointAborted'?: (_nerve_v1_CheckpointAbortedDecoded | null);
  'announceCheckpoints'?: (_nerve_v1_AnnounceCheckpointsDecoded | null);
  'body'?: "registered"|"refused"|"heartbeatAck"|"deploy"|"start"|"cancel"|"assignSplits"|"triggerCheckpoint"|"checkpointCompleted"|"checkpointAborted"|"announceCheckpoints";
}
