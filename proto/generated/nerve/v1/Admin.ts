// From proto/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelJobRequest as _nerve_v1_CancelJobRequest, CancelJobRequestDecoded as _nerve_v1_CancelJobRequestDecoded } from '../../nerve/v1/CancelJobRequest.ts';
import type { CheckpointDetail as _nerve_v1_CheckpointDetail, CheckpointDetailDecoded as _nerve_v1_CheckpointDetailDecoded } from '../../nerve/v1/CheckpointDetail.ts';
import type { ClusterDetail as _nerve_v1_ClusterDetail, ClusterDetailDecoded as _nerve_v1_ClusterDetailDecoded } from '../../nerve/v1/ClusterDetail.ts';
import type { CollectGarbageRequest as _nerve_v1_CollectGarbageRequest, CollectGarbageRequestDecoded as _nerve_v1_CollectGarbageRequestDecoded } from '../../nerve/v1/CollectGarbageRequest.ts';
import type { CollectGarbageResponse as _nerve_v1_CollectGarbageResponse, CollectGarbageResponseDecoded as _nerve_v1_CollectGarbageResponseDecoded } from '../../nerve/v1/CollectGarbageResponse.ts';
import type { GetCheckpointRequest as _nerve_v1_GetCheckpointRequest, GetCheckpointRequestDecoded as _nerve_v1_GetCheckpointRequestDecoded } from '../../nerve/v1/GetCheckpointRequest.ts';
import type { GetClusterRequest as _nerve_v1_GetClusterRequest, GetClusterRequestDecoded as _nerve_v1_GetClusterRequestDecoded } from '../../nerve/v1/GetClusterRequest.ts';
import type { GetJobRequest as _nerve_v1_GetJobRequest, GetJobRequestDecoded as _nerve_v1_GetJobRequestDecoded } from '../../nerve/v1/GetJobRequest.ts';
import type { JobDetail as _nerve_v1_JobDetail, JobDetailDecoded as _nerve_v1_JobDetailDecoded } from '../../nerve/v1/JobDetail.ts';
import type { ListJobsRequest as _nerve_v1_ListJobsRequest, ListJobsRequestDecoded as _nerve_v1_ListJobsRequestDecoded } from '../../nerve/v1/ListJobsRequest.ts';
import type { ListJobsResponse as _nerve_v1_ListJobsResponse, ListJobsResponseDecoded as _nerve_v1_ListJobsResponseDecoded } from '../../nerve/v1/ListJobsResponse.ts';
import type { RescaleJobRequest as _nerve_v1_RescaleJobRequest, RescaleJobRequestDecoded as _nerve_v1_RescaleJobRequestDecoded } from '../../nerve/v1/RescaleJobRequest.ts';
import type { RescaleJobResponse as _nerve_v1_RescaleJobResponse, RescaleJobResponseDecoded as _nerve_v1_RescaleJobResponseDecoded } from '../../nerve/v1/RescaleJobResponse.ts';
import type { SavepointResponse as _nerve_v1_SavepointResponse, SavepointResponseDecoded as _nerve_v1_SavepointResponseDecoded } from '../../nerve/v1/SavepointResponse.ts';
import type { StopJobRequest as _nerve_v1_StopJobRequest, StopJobRequestDecoded as _nerve_v1_StopJobRequestDecoded } from '../../nerve/v1/StopJobRequest.ts';
import type { SubmitJobRequest as _nerve_v1_SubmitJobRequest, SubmitJobRequestDecoded as _nerve_v1_SubmitJobRequestDecoded } from '../../nerve/v1/SubmitJobRequest.ts';
import type { SubmitJobResponse as _nerve_v1_SubmitJobResponse, SubmitJobResponseDecoded as _nerve_v1_SubmitJobResponseDecoded } from '../../nerve/v1/SubmitJobResponse.ts';
import type { TriggerSavepointRequest as _nerve_v1_TriggerSavepointRequest, TriggerSavepointRequestDecoded as _nerve_v1_TriggerSavepointRequestDecoded } from '../../nerve/v1/TriggerSavepointRequest.ts';

export interface AdminClient extends grpc.Client {
  CancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  
  CollectGarbage(argument: _nerve_v1_CollectGarbageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  CollectGarbage(argument: _nerve_v1_CollectGarbageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  CollectGarbage(argument: _nerve_v1_CollectGarbageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  CollectGarbage(argument: _nerve_v1_CollectGarbageRequest, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  collectGarbage(argument: _nerve_v1_CollectGarbageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  collectGarbage(argument: _nerve_v1_CollectGarbageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  collectGarbage(argument: _nerve_v1_CollectGarbageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  collectGarbage(argument: _nerve_v1_CollectGarbageRequest, callback: grpc.requestCallback<_nerve_v1_CollectGarbageResponseDecoded>): grpc.ClientUnaryCall;
  
  GetCheckpoint(argument: _nerve_v1_GetCheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _nerve_v1_GetCheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _nerve_v1_GetCheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  GetCheckpoint(argument: _nerve_v1_GetCheckpointRequest, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _nerve_v1_GetCheckpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _nerve_v1_GetCheckpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _nerve_v1_GetCheckpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  getCheckpoint(argument: _nerve_v1_GetCheckpointRequest, callback: grpc.requestCallback<_nerve_v1_CheckpointDetailDecoded>): grpc.ClientUnaryCall;
  
  GetCluster(argument: _nerve_v1_GetClusterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  GetCluster(argument: _nerve_v1_GetClusterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  GetCluster(argument: _nerve_v1_GetClusterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  GetCluster(argument: _nerve_v1_GetClusterRequest, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  getCluster(argument: _nerve_v1_GetClusterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  getCluster(argument: _nerve_v1_GetClusterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  getCluster(argument: _nerve_v1_GetClusterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  getCluster(argument: _nerve_v1_GetClusterRequest, callback: grpc.requestCallback<_nerve_v1_ClusterDetailDecoded>): grpc.ClientUnaryCall;
  
  GetJob(argument: _nerve_v1_GetJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  GetJob(argument: _nerve_v1_GetJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  GetJob(argument: _nerve_v1_GetJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  GetJob(argument: _nerve_v1_GetJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  getJob(argument: _nerve_v1_GetJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  getJob(argument: _nerve_v1_GetJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  getJob(argument: _nerve_v1_GetJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  getJob(argument: _nerve_v1_GetJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  
  ListJobs(argument: _nerve_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  ListJobs(argument: _nerve_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  ListJobs(argument: _nerve_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  ListJobs(argument: _nerve_v1_ListJobsRequest, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  listJobs(argument: _nerve_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  listJobs(argument: _nerve_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  listJobs(argument: _nerve_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  listJobs(argument: _nerve_v1_ListJobsRequest, callback: grpc.requestCallback<_nerve_v1_ListJobsResponseDecoded>): grpc.ClientUnaryCall;
  
  RescaleJob(argument: _nerve_v1_RescaleJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  RescaleJob(argument: _nerve_v1_RescaleJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  RescaleJob(argument: _nerve_v1_RescaleJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  RescaleJob(argument: _nerve_v1_RescaleJobRequest, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  rescaleJob(argument: _nerve_v1_RescaleJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  rescaleJob(argument: _nerve_v1_RescaleJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  rescaleJob(argument: _nerve_v1_RescaleJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  rescaleJob(argument: _nerve_v1_RescaleJobRequest, callback: grpc.requestCallback<_nerve_v1_RescaleJobResponseDecoded>): grpc.ClientUnaryCall;
  
  StopJob(argument: _nerve_v1_StopJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  StopJob(argument: _nerve_v1_StopJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  StopJob(argument: _nerve_v1_StopJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  StopJob(argument: _nerve_v1_StopJobRequest, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  stopJob(argument: _nerve_v1_StopJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  stopJob(argument: _nerve_v1_StopJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  stopJob(argument: _nerve_v1_StopJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  stopJob(argument: _nerve_v1_StopJobRequest, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  
  TriggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  TriggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  TriggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  TriggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  triggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  triggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  triggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  triggerSavepoint(argument: _nerve_v1_TriggerSavepointRequest, callback: grpc.requestCallback<_nerve_v1_SavepointResponseDecoded>): grpc.ClientUnaryCall;
  
}

export interface AdminHandlers extends grpc.UntypedServiceImplementation {
  CancelJob: grpc.handleUnaryCall<_nerve_v1_CancelJobRequestDecoded, _nerve_v1_JobDetail>;
  
  CollectGarbage: grpc.handleUnaryCall<_nerve_v1_CollectGarbageRequestDecoded, _nerve_v1_CollectGarbageResponse>;
  
  GetCheckpoint: grpc.handleUnaryCall<_nerve_v1_GetCheckpointRequestDecoded, _nerve_v1_CheckpointDetail>;
  
  GetCluster: grpc.handleUnaryCall<_nerve_v1_GetClusterRequestDecoded, _nerve_v1_ClusterDetail>;
  
  GetJob: grpc.handleUnaryCall<_nerve_v1_GetJobRequestDecoded, _nerve_v1_JobDetail>;
  
  ListJobs: grpc.handleUnaryCall<_nerve_v1_ListJobsRequestDecoded, _nerve_v1_ListJobsResponse>;
  
  RescaleJob: grpc.handleUnaryCall<_nerve_v1_RescaleJobRequestDecoded, _nerve_v1_RescaleJobResponse>;
  
  StopJob: grpc.handleUnaryCall<_nerve_v1_StopJobRequestDecoded, _nerve_v1_SavepointResponse>;
  
  SubmitJob: grpc.handleUnaryCall<_nerve_v1_SubmitJobRequestDecoded, _nerve_v1_SubmitJobResponse>;
  
  TriggerSavepoint: grpc.handleUnaryCall<_nerve_v1_TriggerSavepointRequestDecoded, _nerve_v1_SavepointResponse>;
  
}

export interface AdminDefinition extends grpc.ServiceDefinition {
  CancelJob: MethodDefinition<_nerve_v1_CancelJobRequest, _nerve_v1_JobDetail, _nerve_v1_CancelJobRequestDecoded, _nerve_v1_JobDetailDecoded>
  CollectGarbage: MethodDefinition<_nerve_v1_CollectGarbageRequest, _nerve_v1_CollectGarbageResponse, _nerve_v1_CollectGarbageRequestDecoded, _nerve_v1_CollectGarbageResponseDecoded>
  GetCheckpoint: MethodDefinition<_nerve_v1_GetCheckpointRequest, _nerve_v1_CheckpointDetail, _nerve_v1_GetCheckpointRequestDecoded, _nerve_v1_CheckpointDetailDecoded>
  GetCluster: MethodDefinition<_nerve_v1_GetClusterRequest, _nerve_v1_ClusterDetail, _nerve_v1_GetClusterRequestDecoded, _nerve_v1_ClusterDetailDecoded>
  GetJob: MethodDefinition<_nerve_v1_GetJobRequest, _nerve_v1_JobDetail, _nerve_v1_GetJobRequestDecoded, _nerve_v1_JobDetailDecoded>
  ListJobs: MethodDefinition<_nerve_v1_ListJobsRequest, _nerve_v1_ListJobsResponse, _nerve_v1_ListJobsRequestDecoded, _nerve_v1_ListJobsResponseDecoded>
  RescaleJob: MethodDefinition<_nerve_v1_RescaleJobRequest, _nerve_v1_RescaleJobResponse, _nerve_v1_RescaleJobRequestDecoded, _nerve_v1_RescaleJobResponseDecoded>
  StopJob: MethodDefinition<_nerve_v1_StopJobRequest, _nerve_v1_SavepointResponse, _nerve_v1_StopJobRequestDecoded, _nerve_v1_SavepointResponseDecoded>
  SubmitJob: MethodDefinition<_nerve_v1_SubmitJobRequest, _nerve_v1_SubmitJobResponse, _nerve_v1_SubmitJobRequestDecoded, _nerve_v1_SubmitJobResponseDecoded>
  TriggerSavepoint: MethodDefinition<_nerve_v1_TriggerSavepointRequest, _nerve_v1_SavepointResponse, _nerve_v1_TriggerSavepointRequestDecoded, _nerve_v1_SavepointResponseDecoded>
}
