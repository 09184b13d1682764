import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AcknowledgeCheckpoint as _nerve_v1_AcknowledgeCheckpoint, AcknowledgeCheckpointDecoded as _nerve_v1_AcknowledgeCheckpointDecoded } from './nerve/v1/AcknowledgeCheckpoint.ts';
import type { AdminClient as _nerve_v1_AdminClient, AdminDefinition as _nerve_v1_AdminDefinition } from './nerve/v1/Admin.ts';
import type { AnnounceCheckpoints as _nerve_v1_AnnounceCheckpoints, AnnounceCheckpointsDecoded as _nerve_v1_AnnounceCheckpointsDecoded } from './nerve/v1/AnnounceCheckpoints.ts';
import type { ArtifactChunk as _nerve_v1_ArtifactChunk, ArtifactChunkDecoded as _nerve_v1_ArtifactChunkDecoded } from './nerve/v1/ArtifactChunk.ts';
import type { ArtifactRequest as _nerve_v1_ArtifactRequest, ArtifactRequestDecoded as _nerve_v1_ArtifactRequestDecoded } from './nerve/v1/ArtifactRequest.ts';
import type { AssignSplits as _nerve_v1_AssignSplits, AssignSplitsDecoded as _nerve_v1_AssignSplitsDecoded } from './nerve/v1/AssignSplits.ts';
import type { AttemptEnded as _nerve_v1_AttemptEnded, AttemptEndedDecoded as _nerve_v1_AttemptEndedDecoded } from './nerve/v1/AttemptEnded.ts';
import type { AttemptFailed as _nerve_v1_AttemptFailed, AttemptFailedDecoded as _nerve_v1_AttemptFailedDecoded } from './nerve/v1/AttemptFailed.ts';
import type { AttemptRef as _nerve_v1_AttemptRef, AttemptRefDecoded as _nerve_v1_AttemptRefDecoded } from './nerve/v1/AttemptRef.ts';
import type { AttemptReport as _nerve_v1_AttemptReport, AttemptReportDecoded as _nerve_v1_AttemptReportDecoded } from './nerve/v1/AttemptReport.ts';
import type { Cancel as _nerve_v1_Cancel, CancelDecoded as _nerve_v1_CancelDecoded } from './nerve/v1/Cancel.ts';
import type { CancelJobRequest as _nerve_v1_CancelJobRequest, CancelJobRequestDecoded as _nerve_v1_CancelJobRequestDecoded } from './nerve/v1/CancelJobRequest.ts';
import type { CheckpointAborted as _nerve_v1_CheckpointAborted, CheckpointAbortedDecoded as _nerve_v1_CheckpointAbortedDecoded } from './nerve/v1/CheckpointAborted.ts';
import type { CheckpointCompleted as _nerve_v1_CheckpointCompleted, CheckpointCompletedDecoded as _nerve_v1_CheckpointCompletedDecoded } from './nerve/v1/CheckpointCompleted.ts';
import type { CheckpointDetail as _nerve_v1_CheckpointDetail, CheckpointDetailDecoded as _nerve_v1_CheckpointDetailDecoded } from './nerve/v1/CheckpointDetail.ts';
import type { CheckpointMetadata as _nerve_v1_CheckpointMetadata, CheckpointMetadataDecoded as _nerve_v1_CheckpointMetadataDecoded } from './nerve/v1/CheckpointMetadata.ts';
import type { CheckpointProgress as _nerve_v1_CheckpointProgress, CheckpointProgressDecoded as _nerve_v1_CheckpointProgressDecoded } from './nerve/v1/CheckpointProgress.ts';
import type { CheckpointSummary as _nerve_v1_CheckpointSummary, CheckpointSummaryDecoded as _nerve_v1_CheckpointSummaryDecoded } from './nerve/v1/CheckpointSummary.ts';
import type { CheckpointWanted as _nerve_v1_CheckpointWanted, CheckpointWantedDecoded as _nerve_v1_CheckpointWantedDecoded } from './nerve/v1/CheckpointWanted.ts';
import type { Checkpointing as _nerve_v1_Checkpointing, CheckpointingDecoded as _nerve_v1_CheckpointingDecoded } from './nerve/v1/Checkpointing.ts';
import type { ClusterDetail as _nerve_v1_ClusterDetail, ClusterDetailDecoded as _nerve_v1_ClusterDetailDecoded } from './nerve/v1/ClusterDetail.ts';
import type { CollectGarbageRequest as _nerve_v1_CollectGarbageRequest, CollectGarbageRequestDecoded as _nerve_v1_CollectGarbageRequestDecoded } from './nerve/v1/CollectGarbageRequest.ts';
import type { CollectGarbageResponse as _nerve_v1_CollectGarbageResponse, CollectGarbageResponseDecoded as _nerve_v1_CollectGarbageResponseDecoded } from './nerve/v1/CollectGarbageResponse.ts';
import type { CollectedJob as _nerve_v1_CollectedJob, CollectedJobDecoded as _nerve_v1_CollectedJobDecoded } from './nerve/v1/CollectedJob.ts';
import type { CollectedObjects as _nerve_v1_CollectedObjects, CollectedObjectsDecoded as _nerve_v1_CollectedObjectsDecoded } from './nerve/v1/CollectedObjects.ts';
import type { ControlClient as _nerve_v1_ControlClient, ControlDefinition as _nerve_v1_ControlDefinition } from './nerve/v1/Control.ts';
import type { CoordinatorMessage as _nerve_v1_CoordinatorMessage, CoordinatorMessageDecoded as _nerve_v1_CoordinatorMessageDecoded } from './nerve/v1/CoordinatorMessage.ts';
import type { DeclineCheckpoint as _nerve_v1_DeclineCheckpoint, DeclineCheckpointDecoded as _nerve_v1_DeclineCheckpointDecoded } from './nerve/v1/DeclineCheckpoint.ts';
import type { Deploy as _nerve_v1_Deploy, DeployDecoded as _nerve_v1_DeployDecoded } from './nerve/v1/Deploy.ts';
import type { Draining as _nerve_v1_Draining, DrainingDecoded as _nerve_v1_DrainingDecoded } from './nerve/v1/Draining.ts';
import type { FailedRecord as _nerve_v1_FailedRecord, FailedRecordDecoded as _nerve_v1_FailedRecordDecoded } from './nerve/v1/FailedRecord.ts';
import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from './nerve/v1/Failure.ts';
import type { FailureRecord as _nerve_v1_FailureRecord, FailureRecordDecoded as _nerve_v1_FailureRecordDecoded } from './nerve/v1/FailureRecord.ts';
import type { GetCheckpointRequest as _nerve_v1_GetCheckpointRequest, GetCheckpointRequestDecoded as _nerve_v1_GetCheckpointRequestDecoded } from './nerve/v1/GetCheckpointRequest.ts';
import type { GetClusterRequest as _nerve_v1_GetClusterRequest, GetClusterRequestDecoded as _nerve_v1_GetClusterRequestDecoded } from './nerve/v1/GetClusterRequest.ts';
import type { GetJobRequest as _nerve_v1_GetJobRequest, GetJobRequestDecoded as _nerve_v1_GetJobRequestDecoded } from './nerve/v1/GetJobRequest.ts';
import type { Goodbye as _nerve_v1_Goodbye, GoodbyeDecoded as _nerve_v1_GoodbyeDecoded } from './nerve/v1/Goodbye.ts';
import type { Heartbeat as _nerve_v1_Heartbeat, HeartbeatDecoded as _nerve_v1_HeartbeatDecoded } from './nerve/v1/Heartbeat.ts';
import type { HeartbeatAck as _nerve_v1_HeartbeatAck, HeartbeatAckDecoded as _nerve_v1_HeartbeatAckDecoded } from './nerve/v1/HeartbeatAck.ts';
import type { JobDetail as _nerve_v1_JobDetail, JobDetailDecoded as _nerve_v1_JobDetailDecoded } from './nerve/v1/JobDetail.ts';
import type { JobModule as _nerve_v1_JobModule, JobModuleDecoded as _nerve_v1_JobModuleDecoded } from './nerve/v1/JobModule.ts';
import type { JobSummary as _nerve_v1_JobSummary, JobSummaryDecoded as _nerve_v1_JobSummaryDecoded } from './nerve/v1/JobSummary.ts';
import type { KeyedSnapshot as _nerve_v1_KeyedSnapshot, KeyedSnapshotDecoded as _nerve_v1_KeyedSnapshotDecoded } from './nerve/v1/KeyedSnapshot.ts';
import type { ListJobsRequest as _nerve_v1_ListJobsRequest, ListJobsRequestDecoded as _nerve_v1_ListJobsRequestDecoded } from './nerve/v1/ListJobsRequest.ts';
import type { ListJobsResponse as _nerve_v1_ListJobsResponse, ListJobsResponseDecoded as _nerve_v1_ListJobsResponseDecoded } from './nerve/v1/ListJobsResponse.ts';
import type { ListSummary as _nerve_v1_ListSummary, ListSummaryDecoded as _nerve_v1_ListSummaryDecoded } from './nerve/v1/ListSummary.ts';
import type { MetricSample as _nerve_v1_MetricSample, MetricSampleDecoded as _nerve_v1_MetricSampleDecoded } from './nerve/v1/MetricSample.ts';
import type { OperatorList as _nerve_v1_OperatorList, OperatorListDecoded as _nerve_v1_OperatorListDecoded } from './nerve/v1/OperatorList.ts';
import type { OperatorSnapshot as _nerve_v1_OperatorSnapshot, OperatorSnapshotDecoded as _nerve_v1_OperatorSnapshotDecoded } from './nerve/v1/OperatorSnapshot.ts';
import type { OperatorState as _nerve_v1_OperatorState, OperatorStateDecoded as _nerve_v1_OperatorStateDecoded } from './nerve/v1/OperatorState.ts';
import type { OperatorStateSummary as _nerve_v1_OperatorStateSummary, OperatorStateSummaryDecoded as _nerve_v1_OperatorStateSummaryDecoded } from './nerve/v1/OperatorStateSummary.ts';
import type { PreparedCommittable as _nerve_v1_PreparedCommittable, PreparedCommittableDecoded as _nerve_v1_PreparedCommittableDecoded } from './nerve/v1/PreparedCommittable.ts';
import type { QuarantinedRecord as _nerve_v1_QuarantinedRecord, QuarantinedRecordDecoded as _nerve_v1_QuarantinedRecordDecoded } from './nerve/v1/QuarantinedRecord.ts';
import type { Refused as _nerve_v1_Refused, RefusedDecoded as _nerve_v1_RefusedDecoded } from './nerve/v1/Refused.ts';
import type { Register as _nerve_v1_Register, RegisterDecoded as _nerve_v1_RegisterDecoded } from './nerve/v1/Register.ts';
import type { Registered as _nerve_v1_Registered, RegisteredDecoded as _nerve_v1_RegisteredDecoded } from './nerve/v1/Registered.ts';
import type { RescaleJobRequest as _nerve_v1_RescaleJobRequest, RescaleJobRequestDecoded as _nerve_v1_RescaleJobRequestDecoded } from './nerve/v1/RescaleJobRequest.ts';
import type { RescaleJobResponse as _nerve_v1_RescaleJobResponse, RescaleJobResponseDecoded as _nerve_v1_RescaleJobResponseDecoded } from './nerve/v1/RescaleJobResponse.ts';
import type { RestoreHandle as _nerve_v1_RestoreHandle, RestoreHandleDecoded as _nerve_v1_RestoreHandleDecoded } from './nerve/v1/RestoreHandle.ts';
import type { SavepointResponse as _nerve_v1_SavepointResponse, SavepointResponseDecoded as _nerve_v1_SavepointResponseDecoded } from './nerve/v1/SavepointResponse.ts';
import type { SlotPlace as _nerve_v1_SlotPlace, SlotPlaceDecoded as _nerve_v1_SlotPlaceDecoded } from './nerve/v1/SlotPlace.ts';
import type { Split as _nerve_v1_Split, SplitDecoded as _nerve_v1_SplitDecoded } from './nerve/v1/Split.ts';
import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from './nerve/v1/SplitPosition.ts';
import type { SplitRequest as _nerve_v1_SplitRequest, SplitRequestDecoded as _nerve_v1_SplitRequestDecoded } from './nerve/v1/SplitRequest.ts';
import type { Start as _nerve_v1_Start, StartDecoded as _nerve_v1_StartDecoded } from './nerve/v1/Start.ts';
import type { StateEntryInfo as _nerve_v1_StateEntryInfo, StateEntryInfoDecoded as _nerve_v1_StateEntryInfoDecoded } from './nerve/v1/StateEntryInfo.ts';
import type { StateHandle as _nerve_v1_StateHandle, StateHandleDecoded as _nerve_v1_StateHandleDecoded } from './nerve/v1/StateHandle.ts';
import type { StateSummary as _nerve_v1_StateSummary, StateSummaryDecoded as _nerve_v1_StateSummaryDecoded } from './nerve/v1/StateSummary.ts';
import type { StopJobRequest as _nerve_v1_StopJobRequest, StopJobRequestDecoded as _nerve_v1_StopJobRequestDecoded } from './nerve/v1/StopJobRequest.ts';
import type { SubmitJobRequest as _nerve_v1_SubmitJobRequest, SubmitJobRequestDecoded as _nerve_v1_SubmitJobRequestDecoded } from './nerve/v1/SubmitJobRequest.ts';
import type { SubmitJobResponse as _nerve_v1_SubmitJobResponse, SubmitJobResponseDecoded as _nerve_v1_SubmitJobResponseDecoded } from './nerve/v1/SubmitJobResponse.ts';
import type { SubtaskDetail as _nerve_v1_SubtaskDetail, SubtaskDetailDecoded as _nerve_v1_SubtaskDetailDecoded } from './nerve/v1/SubtaskDetail.ts';
import type { SubtaskRef as _nerve_v1_SubtaskRef, SubtaskRefDecoded as _nerve_v1_SubtaskRefDecoded } from './nerve/v1/SubtaskRef.ts';
import type { SubtaskSnapshot as _nerve_v1_SubtaskSnapshot, SubtaskSnapshotDecoded as _nerve_v1_SubtaskSnapshotDecoded } from './nerve/v1/SubtaskSnapshot.ts';
import type { SubtaskStage as _nerve_v1_SubtaskStage, SubtaskStageDecoded as _nerve_v1_SubtaskStageDecoded } from './nerve/v1/SubtaskStage.ts';
import type { SubtaskStanding as _nerve_v1_SubtaskStanding, SubtaskStandingDecoded as _nerve_v1_SubtaskStandingDecoded } from './nerve/v1/SubtaskStanding.ts';
import type { SubtaskState as _nerve_v1_SubtaskState, SubtaskStateDecoded as _nerve_v1_SubtaskStateDecoded } from './nerve/v1/SubtaskState.ts';
import type { TaskManagerDetail as _nerve_v1_TaskManagerDetail, TaskManagerDetailDecoded as _nerve_v1_TaskManagerDetailDecoded } from './nerve/v1/TaskManagerDetail.ts';
import type { TaskManagerMessage as _nerve_v1_TaskManagerMessage, TaskManagerMessageDecoded as _nerve_v1_TaskManagerMessageDecoded } from './nerve/v1/TaskManagerMessage.ts';
import type { TaskReport as _nerve_v1_TaskReport, TaskReportDecoded as _nerve_v1_TaskReportDecoded } from './nerve/v1/TaskReport.ts';
import type { TriggerCheckpoint as _nerve_v1_TriggerCheckpoint, TriggerCheckpointDecoded as _nerve_v1_TriggerCheckpointDecoded } from './nerve/v1/TriggerCheckpoint.ts';
import type { TriggerSavepointRequest as _nerve_v1_TriggerSavepointRequest, TriggerSavepointRequestDecoded as _nerve_v1_TriggerSavepointRequestDecoded } from './nerve/v1/TriggerSavepointRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  nerve: {
    v1: {
      AcknowledgeCheckpoint: MessageTypeDefinition<_nerve_v1_AcknowledgeCheckpoint, _nerve_v1_AcknowledgeCheckpointDecoded>
      Admin: SubtypeConstructor<typeof grpc.Client, _nerve_v1_AdminClient> & { service: _nerve_v1_AdminDefinition }
      AnnounceCheckpoints: MessageTypeDefinition<_nerve_v1_AnnounceCheckpoints, _nerve_v1_AnnounceCheckpointsDecoded>
      ArtifactChunk: MessageTypeDefinition<_nerve_v1_ArtifactChunk, _nerve_v1_ArtifactChunkDecoded>
      ArtifactRequest: MessageTypeDefinition<_nerve_v1_ArtifactRequest, _nerve_v1_ArtifactRequestDecoded>
      AssignSplits: MessageTypeDefinition<_nerve_v1_AssignSplits, _nerve_v1_AssignSplitsDecoded>
      AttemptEnded: MessageTypeDefinition<_nerve_v1_AttemptEnded, _nerve_v1_AttemptEndedDecoded>
      AttemptFailed: MessageTypeDefinition<_nerve_v1_AttemptFailed, _nerve_v1_AttemptFailedDecoded>
      AttemptRef: MessageTypeDefinition<_nerve_v1_AttemptRef, _nerve_v1_AttemptRefDecoded>
      AttemptReport: MessageTypeDefinition<_nerve_v1_AttemptReport, _nerve_v1_AttemptReportDecoded>
      Cancel: MessageTypeDefinition<_nerve_v1_Cancel, _nerve_v1_CancelDecoded>
      CancelJobRequest: MessageTypeDefinition<_nerve_v1_CancelJobRequest, _nerve_v1_CancelJobRequestDecoded>
      CheckpointAborted: MessageTypeDefinition<_nerve_v1_CheckpointAborted, _nerve_v1_CheckpointAbortedDecoded>
      CheckpointCompleted: MessageTypeDefinition<_nerve_v1_CheckpointCompleted, _nerve_v1_CheckpointCompletedDecoded>
      CheckpointDetail: MessageTypeDefinition<_nerve_v1_CheckpointDetail, _nerve_v1_CheckpointDetailDecoded>
      CheckpointMetadata: MessageTypeDefinition<_nerve_v1_CheckpointMetadata, _nerve_v1_CheckpointMetadataDecoded>
      CheckpointProgress: MessageTypeDefinition<_nerve_v1_CheckpointProgress, _nerve_v1_CheckpointProgressDecoded>
      CheckpointSummary: MessageTypeDefinition<_nerve_v1_CheckpointSummary, _nerve_v1_CheckpointSummaryDecoded>
      CheckpointWanted: MessageTypeDefinition<_nerve_v1_CheckpointWanted, _nerve_v1_CheckpointWantedDecoded>
      Checkpointing: MessageTypeDefinition<_nerve_v1_Checkpointing, _nerve_v1_CheckpointingDecoded>
      ClusterDetail: MessageTypeDefinition<_nerve_v1_ClusterDetail, _nerve_v1_ClusterDetailDecoded>
      CollectGarbageRequest: MessageTypeDefinition<_nerve_v1_CollectGarbageRequest, _nerve_v1_CollectGarbageRequestDecoded>
      CollectGarbageResponse: MessageTypeDefinition<_nerve_v1_CollectGarbageResponse, _nerve_v1_CollectGarbageResponseDecoded>
      CollectedJob: MessageTypeDefinition<_nerve_v1_CollectedJob, _nerve_v1_CollectedJobDecoded>
      CollectedObjects: MessageTypeDefinition<_nerve_v1_CollectedObjects, _nerve_v1_CollectedObjectsDecoded>
      Control: SubtypeConstructor<typeof grpc.Client, _nerve_v1_ControlClient> & { service: _nerve_v1_ControlDefinition }
      CoordinatorMessage: MessageTypeDefinition<_nerve_v1_CoordinatorMessage, _nerve_v1_CoordinatorMessageDecoded>
      DeclineCheckpoint: MessageTypeDefinition<_nerve_v1_DeclineCheckpoint, _nerve_v1_DeclineCheckpointDecoded>
      Deploy: MessageTypeDefinition<_nerve_v1_Deploy, _nerve_v1_DeployDecoded>
      Draining: MessageTypeDefinition<_nerve_v1_Draining, _nerve_v1_DrainingDecoded>
      FailedRecord: MessageTypeDefinition<_nerve_v1_FailedRecord, _nerve_v1_FailedRecordDecoded>
      Failure: MessageTypeDefinition<_nerve_v1_Failure, _nerve_v1_FailureDecoded>
      FailureRecord: MessageTypeDefinition<_nerve_v1_FailureRecord, _nerve_v1_FailureRecordDecoded>
      GetCheckpointRequest: MessageTypeDefinition<_nerve_v1_GetCheckpointRequest, _nerve_v1_GetCheckpointRequestDecoded>
      GetClusterRequest: MessageTypeDefinition<_nerve_v1_GetClusterRequest, _nerve_v1_GetClusterRequestDecoded>
      GetJobRequest: MessageTypeDefinition<_nerve_v1_GetJobRequest, _nerve_v1_GetJobRequestDecoded>
      Goodbye: MessageTypeDefinition<_nerve_v1_Goodbye, _nerve_v1_GoodbyeDecoded>
      Heartbeat: MessageTypeDefinition<_nerve_v1_Heartbeat, _nerve_v1_HeartbeatDecoded>
      HeartbeatAck: MessageTypeDefinition<_nerve_v1_HeartbeatAck, _nerve_v1_HeartbeatAckDecoded>
      JobDetail: MessageTypeDefinition<_nerve_v1_JobDetail, _nerve_v1_JobDetailDecoded>
      JobModule: MessageTypeDefinition<_nerve_v1_JobModule, _nerve_v1_JobModuleDecoded>
      JobSummary: MessageTypeDefinition<_nerve_v1_JobSummary, _nerve_v1_JobSummaryDecoded>
      KeyedSnapshot: MessageTypeDefinition<_nerve_v1_KeyedSnapshot, _nerve_v1_KeyedSnapshotDecoded>
      ListJobsRequest: MessageTypeDefinition<_nerve_v1_ListJobsRequest, _nerve_v1_ListJobsRequestDecoded>
      ListJobsResponse: MessageTypeDefinition<_nerve_v1_ListJobsResponse, _nerve_v1_ListJobsResponseDecoded>
      ListSummary: MessageTypeDefinition<_nerve_v1_ListSummary, _nerve_v1_ListSummaryDecoded>
      MetricSample: MessageTypeDefinition<_nerve_v1_MetricSample, _nerve_v1_MetricSampleDecoded>
      OperatorList: MessageTypeDefinition<_nerve_v1_OperatorList, _nerve_v1_OperatorListDecoded>
      OperatorSnapshot: MessageTypeDefinition<_nerve_v1_OperatorSnapshot, _nerve_v1_OperatorSnapshotDecoded>
      OperatorState: MessageTypeDefinition<_nerve_v1_OperatorState, _nerve_v1_OperatorStateDecoded>
      OperatorStateSummary: MessageTypeDefinition<_nerve_v1_OperatorStateSummary, _nerve_v1_OperatorStateSummaryDecoded>
      PreparedCommittable: MessageTypeDefinition<_nerve_v1_PreparedCommittable, _nerve_v1_PreparedCommittableDecoded>
      QuarantinedRecord: MessageTypeDefinition<_nerve_v1_QuarantinedRecord, _nerve_v1_QuarantinedRecordDecoded>
      Refused: MessageTypeDefinition<_nerve_v1_Refused, _nerve_v1_RefusedDecoded>
      Register: MessageTypeDefinition<_nerve_v1_Register, _nerve_v1_RegisterDecoded>
      Registered: MessageTypeDefinition<_nerve_v1_Registered, _nerve_v1_RegisteredDecoded>
      RescaleJobRequest: MessageTypeDefinition<_nerve_v1_RescaleJobRequest, _nerve_v1_RescaleJobRequestDecoded>
      RescaleJobResponse: MessageTypeDefinition<_nerve_v1_RescaleJobResponse, _nerve_v1_RescaleJobResponseDecoded>
      RestoreHandle: MessageTypeDefinition<_nerve_v1_RestoreHandle, _nerve_v1_RestoreHandleDecoded>
      SavepointResponse: MessageTypeDefinition<_nerve_v1_SavepointResponse, _nerve_v1_SavepointResponseDecoded>
      SlotPlace: MessageTypeDefinition<_nerve_v1_SlotPlace, _nerve_v1_SlotPlaceDecoded>
      Split: MessageTypeDefinition<_nerve_v1_Split, _nerve_v1_SplitDecoded>
      SplitPosition: MessageTypeDefinition<_nerve_v1_SplitPosition, _nerve_v1_SplitPositionDecoded>
      SplitRequest: MessageTypeDefinition<_nerve_v1_SplitRequest, _nerve_v1_SplitRequestDecoded>
      Start: MessageTypeDefinition<_nerve_v1_Start, _nerve_v1_StartDecoded>
      StateEntryInfo: MessageTypeDefinition<_nerve_v1_StateEntryInfo, _nerve_v1_StateEntryInfoDecoded>
      StateHandle: MessageTypeDefinition<_nerve_v1_StateHandle, _nerve_v1_StateHandleDecoded>
      StateSummary: MessageTypeDefinition<_nerve_v1_StateSummary, _nerve_v1_StateSummaryDecoded>
      StopJobRequest: MessageTypeDefinition<_nerve_v1_StopJobRequest, _nerve_v1_StopJobRequestDecoded>
      SubmitJobRequest: MessageTypeDefinition<_nerve_v1_SubmitJobRequest, _nerve_v1_SubmitJobRequestDecoded>
      SubmitJobResponse: MessageTypeDefinition<_nerve_v1_SubmitJobResponse, _nerve_v1_SubmitJobResponseDecoded>
      SubtaskDetail: MessageTypeDefinition<_nerve_v1_SubtaskDetail, _nerve_v1_SubtaskDetailDecoded>
      SubtaskRef: MessageTypeDefinition<_nerve_v1_SubtaskRef, _nerve_v1_SubtaskRefDecoded>
      SubtaskSnapshot: MessageTypeDefinition<_nerve_v1_SubtaskSnapshot, _nerve_v1_SubtaskSnapshotDecoded>
      SubtaskStage: MessageTypeDefinition<_nerve_v1_SubtaskStage, _nerve_v1_SubtaskStageDecoded>
      SubtaskStanding: MessageTypeDefinition<_nerve_v1_SubtaskStanding, _nerve_v1_SubtaskStandingDecoded>
      SubtaskState: MessageTypeDefinition<_nerve_v1_SubtaskState, _nerve_v1_SubtaskStateDecoded>
      TaskManagerDetail: MessageTypeDefinition<_nerve_v1_TaskManagerDetail, _nerve_v1_TaskManagerDetailDecoded>
      TaskManagerMessage: MessageTypeDefinition<_nerve_v1_TaskManagerMessage, _nerve_v1_TaskManagerMessageDecoded>
      TaskReport: MessageTypeDefinition<_nerve_v1_TaskReport, _nerve_v1_TaskReportDecoded>
      TriggerCheckpoint: MessageTypeDefinition<_nerve_v1_TriggerCheckpoint, _nerve_v1_TriggerCheckpointDecoded>
      TriggerSavepointRequest: MessageTypeDefinition<_nerve_v1_TriggerSavepointRequest, _nerve_v1_TriggerSavepointRequestDecoded>
    }
  }
}

