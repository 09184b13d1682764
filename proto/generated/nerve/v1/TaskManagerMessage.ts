// From proto/control.proto

import type { Register as _nerve_v1_Register, RegisterDecoded as _nerve_v1_RegisterDecoded } from '../../nerve/v1/Register.ts';
import type { Heartbeat as _nerve_v1_Heartbeat, HeartbeatDecoded as _nerve_v1_HeartbeatDecoded } from '../../nerve/v1/Heartbeat.ts';
import type { TaskReport as _nerve_v1_TaskReport, TaskReportDecoded as _nerve_v1_TaskReportDecoded } from '../../nerve/v1/TaskReport.ts';
import type { SplitRequest as _nerve_v1_SplitRequest, SplitRequestDecoded as _nerve_v1_SplitRequestDecoded } from '../../nerve/v1/SplitRequest.ts';
import type { AttemptEnded as _nerve_v1_AttemptEnded, AttemptEndedDecoded as _nerve_v1_AttemptEndedDecoded } from '../../nerve/v1/AttemptEnded.ts';
import type { Goodbye as _nerve_v1_Goodbye, GoodbyeDecoded as _nerve_v1_GoodbyeDecoded } from '../../nerve/v1/Goodbye.ts';
import type { AttemptFailed as _nerve_v1_AttemptFailed, AttemptFailedDecoded as _nerve_v1_AttemptFailedDecoded } from '../../nerve/v1/AttemptFailed.ts';
import type { Draining as _nerve_v1_Draining, DrainingDecoded as _nerve_v1_DrainingDecoded } from '../../nerve/v1/Draining.ts';
import type { AcknowledgeCheckpoint as _nerve_v1_AcknowledgeCheckpoint, AcknowledgeCheckpointDecoded as _nerve_v1_AcknowledgeCheckpointDecoded } from '../../nerve/v1/AcknowledgeCheckpoint.ts';
import type { DeclineCheckpoint as _nerve_v1_DeclineCheckpoint, DeclineCheckpointDecoded as _nerve_v1_DeclineCheckpointDecoded } from '../../nerve/v1/DeclineCheckpoint.ts';
import type { CheckpointProgress as _nerve_v1_CheckpointProgress, CheckpointProgressDecoded as _nerve_v1_CheckpointProgressDecoded } from '../../nerve/v1/CheckpointProgress.ts';
import type { CheckpointWanted as _nerve_v1_CheckpointWanted, CheckpointWantedDecoded as _nerve_v1_CheckpointWantedDecoded } from '../../nerve/v1/CheckpointWanted.ts';
import type { Long } from '@grpc/proto-loader';

export interface TaskManagerMessage {
  'seq'?: (number | string | Long);
  'leaderEpoch'?: (number | string | Long);
  'register'?: (_nerve_v1_Register | null);
  'heartbeat'?: (_nerve_v1_Heartbeat | null);
  'taskReport'?: (_nerve_v1_TaskReport | null);
  'splitRequest'?: (_nerve_v1_SplitRequest | null);
  'attemptEnded'?: (_nerve_v1_AttemptEnded | null);
  'goodbye'?: (_nerve_v1_Goodbye | null);
  'attemptFailed'?: (_nerve_v1_AttemptFailed | null);
  'draining'?: (_nerve_v1_Draining | null);
  'acknowledgeCheckpoint'?: (_nerve_v1_AcknowledgeCheckpoint | null);
  'declineCheckpoint'?: (_nerve_v1_DeclineCheckpoint | null);
  'checkpointProgress'?: (_nerve_v1_CheckpointProgress | null);
  'checkpointWanted'?: (_nerve_v1_CheckpointWanted | null);
  'body'?: "register"|"heartbeat"|"taskReport"|"splitRequest"|"attemptEnded"|"goodbye"|"attemptFailed"|"draining"|"acknowledgeCheckpoint"|"declineCheckpoint"|"checkpointProgress"|"checkpointWanted";
}

export interface TaskManagerMessageDecoded {
  'seq': (string);
  'leaderEpoch': (string);
  'register'?: (_nerve_v1_RegisterDecoded | null);
  'heartbeat'?: (_nerve_v1_HeartbeatDecoded | null);
  'taskReport'?: (_nerve_v1_TaskReportDecoded | null);
  'splitRequest'?: (_nerve_v1_SplitRequestDecoded | null);
  'attemptEnded'?: (_nerve_v1_AttemptEndedDecoded | null);
  'goodbye'?: (_nerve_v1_GoodbyeDecoded | null);
  'attemptFailed'?: (_nerve_v1_AttemptFailedDecoded | null);
  'draining'?: (_nerve_v1_DrainingDecoded | null);
  'acknowledgeCheckpoint'?: (_nerve_v1_AcknowledgeCheckpointDecoded | null);
  'declineCheckpoint'?: (_nerve_v1_DeclineCheckpointDecoded | null);
  'checkpointProgress'?: (_nerve_v1_CheckpointProgressDecoded | null);
  'checkpointWanted'?: (_nerve_v1_CheckpointWantedDecoded | null);
  'body'?: "register"|"heartbeat"|"taskReport"|"splitRequest"|"attemptEnded"|"goodbye"|"attemptFailed"|"draining"|"acknowledgeCheckpoint"|"declineCheckpoint"|"checkpointProgress"|"checkpointWanted";
}
