import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AcknowledgeCheckpoint as _nerve_v1_AcknowledgeCheckpoint, AcknowledgeCheckpointDecoded as _nerve_v1_AcknowledgeCheckpointDecoded } from './nerve/v1/AcknowledgeCheckpoint.ts';
import type { AnnounceCheckpoints as _nerve_v1_AnnounceCheckpoints, AnnounceCheckpointsDecoded as _nerve_v1_AnnounceCheckpointsDecoded } from './nerve/v1/AnnounceCheckpoints.ts';
import type { ArtifactChunk as _nerve_v1_ArtifactChunk, ArtifactChunkDecoded as _nerve_v1_ArtifactChunkDecoded } from './nerve/v1/ArtifactChunk.ts';
import type { ArtifactRequest as _nerve_v1_ArtifactRequest, ArtifactRequestDecoded as _nerve_v1_ArtifactRequestDecoded } from './nerve/v1/ArtifactRequest.ts';
import type { AssignSplits as _nerve_v1_AssignSplits, AssignSplitsDecoded as _nerve_v1_AssignSplitsDecoded } from './nerve/v1/AssignSplits.ts';
import type { AttemptEnded as _nerve_v1_AttemptEnded, AttemptEndedDecoded as _nerve_v1_AttemptEndedDecoded } from './nerve/v1/AttemptEnded.ts';
import type { AttemptFailed as _nerve_v1_AttemptFailed, AttemptFailedDecoded as _nerve_v1_AttemptFailedDecoded } from './nerve/v1/AttemptFailed.ts';
import type { AttemptRef as _nerve_v1_AttemptRef, AttemptRefDecoded as _nerve_v1_AttemptRefDecoded } from './nerve/v1/AttemptRef.ts';
import type { AttemptReport as _nerve_v1_AttemptReport, AttemptReportDecoded as _nerve_v1_AttemptReportDecoded } from './nerve/v1/AttemptReport.ts';
import type { Cancel as _nerve_v1_Cancel, CancelDecoded as _nerve_v1_CancelDecoded } from './nerve/v1/Cancel.ts';
import type { CheckpointAborted as _nerve_v1_CheckpointAborted, CheckpointAbortedDecoded as _nerve_v1_CheckpointAbortedDecoded } from './nerve/v1/CheckpointAborted.ts';
import type { CheckpointCompleted as _nerve_v1_CheckpointCompleted, CheckpointCompletedDecoded as _nerve_v1_CheckpointCompletedDecoded } from './nerve/v1/CheckpointCompleted.ts';
import type { CheckpointMetadata as _nerve_v1_CheckpointMetadata, CheckpointMetadataDecoded as _nerve_v1_CheckpointMetadataDecoded } from './nerve/v1/CheckpointMetadata.ts';
import type { CheckpointProgress as _nerve_v1_CheckpointProgress, CheckpointProgressDecoded as _nerve_v1_CheckpointProgressDecoded } from './nerve/v1/CheckpointProgress.ts';
import type { CheckpointWanted as _nerve_v1_CheckpointWanted, CheckpointWantedDecoded as _nerve_v1_CheckpointWantedDecoded } from './nerve/v1/CheckpointWanted.ts';
import type { Checkpointing as _nerve_v1_Checkpointing, CheckpointingDecoded as _nerve_v1_CheckpointingDecoded } from './nerve/v1/Checkpointing.ts';
import type { ControlClient as _nerve_v1_ControlClient, ControlDefinition as _nerve_v1_ControlDefinition } from './nerve/v1/Control.ts';
import type { CoordinatorMessage as _nerve_v1_CoordinatorMessage, CoordinatorMessageDecoded as _nerve_v1_CoordinatorMessageDecoded } from './nerve/v1/CoordinatorMessage.ts';
import type { DeclineCheckpoint as _nerve_v1_DeclineCheckpoint, DeclineCheckpointDecoded as _nerve_v1_DeclineCheckpointDecoded } from './nerve/v1/DeclineCheckpoint.ts';
import type { Deploy as _nerve_v1_Deploy, DeployDecoded as _nerve_v1_DeployDecoded } from './nerve/v1/Deploy.ts';
import type { Draining as _nerve_v1_Draining, DrainingDecoded as _nerve_v1_DrainingDecoded } from './nerve/v1/Draining.ts';
import type { FailedRecord as _nerve_v1_FailedRecord, FailedRecordDecoded as _nerve_v1_FailedRecordDecoded } from './nerve/v1/FailedRecord.ts';
import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from './nerve/v1/Failure.ts';
import type { Goodbye as _nerve_v1_Goodbye, GoodbyeDecoded as _nerve_v1_GoodbyeDecoded } from './nerve/v1/Goodbye.ts';
import type { Heartbeat as _nerve_v1_Heartbeat, HeartbeatDecoded as _nerve_v1_HeartbeatDecoded } from './nerve/v1/Heartbeat.ts';
import type { HeartbeatAck as _nerve_v1_HeartbeatAck, HeartbeatAckDecoded as _nerve_v1_HeartbeatAckDecoded } from './nerve/v1/HeartbeatAck.ts';
import type { JobModule as _nerve_v1_JobModule, JobModuleDecoded as _nerve_v1_JobModuleDecoded } from './nerve/v1/JobModule.ts';
import type { KeyedSnapshot as _nerve_v1_KeyedSnapshot, KeyedSnapshotDecoded as _nerve_v1_KeyedSnapshotDecoded } from './nerve/v1/KeyedSnapshot.ts';
import type { MetricSample as _nerve_v1_MetricSample, MetricSampleDecoded as _nerve_v1_MetricSampleDecoded } from './nerve/v1/MetricSample.ts';
import type { OperatorList as _nerve_v1_OperatorList, OperatorListDecoded as _nerve_v1_OperatorListDecoded } from './nerve/v1/OperatorList.ts';
import type { OperatorSnapshot as _nerve_v1_OperatorSnapshot, OperatorSnapshotDecoded as _nerve_v1_OperatorSnapshotDecoded } from './nerve/v1/OperatorSnapshot.ts';
import type { OperatorState as _nerve_v1_OperatorState, OperatorStateDecoded as _nerve_v1_OperatorStateDecoded } from './nerve/v1/OperatorState.ts';
import type { PreparedCommittable as _nerve_v1_PreparedCommittable, PreparedCommittableDecoded as _nerve_v1_PreparedCommittableDecoded } from './nerve/v1/PreparedCommittable.ts';
import type { QuarantinedRecord as _nerve_v1_QuarantinedRecord, QuarantinedRecordDecoded as _nerve_v1_QuarantinedRecordDecoded } from './nerve/v1/QuarantinedRecord.ts';
import type { Refused as _nerve_v1_Refused, RefusedDecoded as _nerve_v1_RefusedDecoded } from './nerve/v1/Refused.ts';
import type { Register as _nerve_v1_Register, RegisterDecoded as _nerve_v1_RegisterDecoded } from './nerve/v1/Register.ts';
import type { Registered as _nerve_v1_Registered, RegisteredDecoded as _nerve_v1_RegisteredDecoded } from './nerve/v1/Registered.ts';
import type { RestoreHandle as _nerve_v1_RestoreHandle, RestoreHandleDecoded as _nerve_v1_RestoreHandleDecoded } from './nerve/v1/RestoreHandle.ts';
import type { SlotPlace as _nerve_v1_SlotPlace, SlotPlaceDecoded as _nerve_v1_SlotPlaceDecoded } from './nerve/v1/SlotPlace.ts';
import type { Split as _nerve_v1_Split, SplitDecoded as _nerve_v1_SplitDecoded } from './nerve/v1/Split.ts';
import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from './nerve/v1/SplitPosition.ts';
import type { SplitRequest as _nerve_v1_SplitRequest, SplitRequestDecoded as _nerve_v1_SplitRequestDecoded } from './nerve/v1/SplitRequest.ts';
import type { Start as _nerve_v1_Start, StartDecoded as _nerve_v1_StartDecoded } from './nerve/v1/Start.ts';
import type { StateEntryInfo as _nerve_v1_StateEntryInfo, StateEntryInfoDecoded as _nerve_v1_StateEntryInfoDecoded } from './nerve/v1/StateEntryInfo.ts';
import type { StateHandle as _nerve_v1_StateHandle, StateHandleDecoded as _nerve_v1_StateHandleDecoded } from './nerve/v1/StateHandle.ts';
import type { SubtaskRef as _nerve_v1_SubtaskRef, SubtaskRefDecoded as _nerve_v1_SubtaskRefDecoded } from './nerve/v1/SubtaskRef.ts';
import type { SubtaskSnapshot as _nerve_v1_SubtaskSnapshot, SubtaskSnapshotDecoded as _nerve_v1_SubtaskSnapshotDecoded } from './nerve/v1/SubtaskSnapshot.ts';
import type { SubtaskStage as _nerve_v1_SubtaskStage, SubtaskStageDecoded as _nerve_v1_SubtaskStageDecoded } from './nerve/v1/SubtaskStage.ts';
import type { SubtaskStanding as _nerve_v1_SubtaskStanding, SubtaskStandingDecoded as _nerve_v1_SubtaskStandingDecoded } from './nerve/v1/SubtaskStanding.ts';
import type { SubtaskState as _nerve_v1_SubtaskState, SubtaskStateDecoded as _nerve_v1_SubtaskStateDecoded } from './nerve/v1/SubtaskState.ts';
import type { TaskManagerMessage as _nerve_v1_TaskManagerMessage, TaskManagerMessageDecoded as _nerve_v1_TaskManagerMessageDecoded } from './nerve/v1/TaskManagerMessage.ts';
import type { TaskReport as _nerve_v1_TaskReport, TaskReportDecoded as _nerve_v1_TaskReportDecoded } from './nerve/v1/TaskReport.ts';
import type { TriggerCheckpoint as _nerve_v1_TriggerCheckpoint, TriggerCheckpointDecoded as _nerve_v1_TriggerCheckpointDecoded } from './nerve/v1/TriggerCheckpoint.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  nerve: {
    v1: {
      AcknowledgeCheckpoint: MessageTypeDefinition<_nerve_v1_AcknowledgeCheckpoint, _nerve_v1_AcknowledgeCheckpointDecoded>
      AnnounceCheckpoints: MessageTypeDefinition<_nerve_v1_AnnounceCheckpoints, _nerve_v1_AnnounceCheckpointsDecoded>
      ArtifactChunk: MessageTypeDefinition<_nerve_v1_ArtifactChunk, _nerve_v1_ArtifactChunkDecoded>
      ArtifactRequest: MessageTypeDefinition<_nerve_v1_ArtifactRequest, _nerve_v1_ArtifactRequestDecoded>
      AssignSplits: MessageTypeDefinition<_nerve_v1_AssignSplits, _nerve_v1_AssignSplitsDecoded>
      AttemptEnded: MessageTypeDefinition<_nerve_v1_AttemptEnded, _nerve_v1_AttemptEndedDecoded>
      AttemptFailed: MessageTypeDefinition<_nerve_v1_AttemptFailed, _nerve_v1_AttemptFailedDecoded>
      AttemptRef: MessageTypeDefinition<_nerve_v1_AttemptRef, _nerve_v1_AttemptRefDecoded>
      AttemptReport: MessageTypeDefinition<_nerve_v1_AttemptReport, _nerve_v1_AttemptReportDecoded>
      Cancel: MessageTypeDefinition<_nerve_v1_Cancel, _nerve_v1_CancelDecoded>
      CheckpointAborted: MessageTypeDefinition<_nerve_v1_CheckpointAborted, _nerve_v1_CheckpointAbortedDecoded>
      CheckpointCompleted: MessageTypeDefinition<_nerve_v1_CheckpointCompleted, _nerve_v1_CheckpointCompletedDecoded>
      CheckpointMetadata: MessageTypeDefinition<_nerve_v1_CheckpointMetadata, _nerve_v1_CheckpointMetadataDecoded>
      CheckpointProgress: MessageTypeDefinition<_nerve_v1_CheckpointProgress, _nerve_v1_CheckpointProgressDecoded>
      CheckpointWanted: MessageTypeDefinition<_nerve_v1_CheckpointWanted, _nerve_v1_CheckpointWantedDecoded>
      Checkpointing: MessageTypeDefinition<_nerve_v1_Checkpointing, _nerve_v1_CheckpointingDecoded>
      Control: SubtypeConstructor<typeof grpc.Client, _nerve_v1_ControlClient> & { service: _nerve_v1_ControlDefinition }
      CoordinatorMessage: MessageTypeDefinition<_nerve_v1_CoordinatorMessage, _nerve_v1_CoordinatorMessageDecoded>
      DeclineCheckpoint: MessageTypeDefinition<_nerve_v1_DeclineCheckpoint, _nerve_v1_DeclineCheckpointDecoded>
      Deploy: MessageTypeDefinition<_nerve_v1_Deploy, _nerve_v1_DeployDecoded>
      Draining: MessageTypeDefinition<_nerve_v1_Draining, _nerve_v1_DrainingDecoded>
      FailedRecord: MessageTypeDefinition<_nerve_v1_FailedRecord, _nerve_v1_FailedRecordDecoded>
      Failure: MessageTypeDefinition<_nerve_v1_Failure, _nerve_v1_FailureDecoded>
      Goodbye: MessageTypeDefinition<_nerve_v1_Goodbye, _nerve_v1_GoodbyeDecoded>
      Heartbeat: MessageTypeDefinition<_nerve_v1_Heartbeat, _nerve_v1_HeartbeatDecoded>
      HeartbeatAck: MessageTypeDefinition<_nerve_v1_HeartbeatAck, _nerve_v1_HeartbeatAckDecoded>
      JobModule: MessageTypeDefinition<_nerve_v1_JobModule, _nerve_v1_JobModuleDecoded>
      KeyedSnapshot: MessageTypeDefinition<_nerve_v1_KeyedSnapshot, _nerve_v1_KeyedSnapshotDecoded>
      MetricSample: MessageTypeDefinition<_nerve_v1_MetricSample, _nerve_v1_MetricSampleDecoded>
      OperatorList: MessageTypeDefinition<_nerve_v1_OperatorList, _nerve_v1_OperatorListDecoded>
      OperatorSnapshot: MessageTypeDefinition<_nerve_v1_OperatorSnapshot, _nerve_v1_OperatorSnapshotDecoded>
      OperatorState: MessageTypeDefinition<_nerve_v1_OperatorState, _nerve_v1_OperatorStateDecoded>
      PreparedCommittable: MessageTypeDefinition<_nerve_v1_PreparedCommittable, _nerve_v1_PreparedCommittableDecoded>
      QuarantinedRecord: MessageTypeDefinition<_nerve_v1_QuarantinedRecord, _nerve_v1_QuarantinedRecordDecoded>
      Refused: MessageTypeDefinition<_nerve_v1_Refused, _nerve_v1_RefusedDecoded>
      Register: MessageTypeDefinition<_nerve_v1_Register, _nerve_v1_RegisterDecoded>
      Registered: MessageTypeDefinition<_nerve_v1_Registered, _nerve_v1_RegisteredDecoded>
      RestoreHandle: MessageTypeDefinition<_nerve_v1_RestoreHandle, _nerve_v1_RestoreHandleDecoded>
      SlotPlace: MessageTypeDefinition<_nerve_v1_SlotPlace, _nerve_v1_SlotPlaceDecoded>
      Split: MessageTypeDefinition<_nerve_v1_Split, _nerve_v1_SplitDecoded>
      SplitPosition: MessageTypeDefinition<_nerve_v1_SplitPosition, _nerve_v1_SplitPositionDecoded>
      SplitRequest: MessageTypeDefinition<_nerve_v1_SplitRequest, _nerve_v1_SplitRequestDecoded>
      Start: MessageTypeDefinition<_nerve_v1_Start, _nerve_v1_StartDecoded>
      StateEntryInfo: MessageTypeDefinition<_nerve_v1_StateEntryInfo, _nerve_v1_StateEntryInfoDecoded>
      StateHandle: MessageTypeDefinition<_nerve_v1_StateHandle, _nerve_v1_StateHandleDecoded>
      SubtaskRef: MessageTypeDefinition<_nerve_v1_SubtaskRef, _nerve_v1_SubtaskRefDecoded>
      SubtaskSnapshot: MessageTypeDefinition<_nerve_v1_SubtaskSnapshot, _nerve_v1_SubtaskSnapshotDecoded>
      SubtaskStage: MessageTypeDefinition<_nerve_v1_SubtaskStage, _nerve_v1_SubtaskStageDecoded>
      SubtaskStanding: MessageTypeDefinition<_nerve_v1_SubtaskStanding, _nerve_v1_SubtaskStandingDecoded>
      SubtaskState: MessageTypeDefinition<_nerve_v1_SubtaskState, _nerve_v1_SubtaskStateDecoded>
      TaskManagerMessage: MessageTypeDefinition<_nerve_v1_TaskManagerMessage, _nerve_v1_TaskManagerMessageDecoded>
      TaskReport: MessageTypeDefinition<_nerve_v1_TaskReport, _nerve_v1_TaskReportDecoded>
      TriggerCheckpoint: MessageTypeDefinition<_nerve_v1_TriggerCheckpoint, _nerve_v1_TriggerCheckpointDecoded>
    }
  }
}

