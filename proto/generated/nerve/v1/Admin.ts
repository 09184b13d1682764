// From proto/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelJobRequest as _nerve_v1_CancelJobRequest, CancelJobRequestDecoded as _nerve_v1_CancelJobRequestDecoded } from '../../nerve/v1/CancelJobRequest.ts';
import type { ClusterDetail as _nerve_v1_ClusterDetail, ClusterDetailDecoded as _nerve_v1_ClusterDetailDecoded } from '../../nerve/v1/ClusterDetail.ts';
import type { GetClusterRequest as _nerve_v1_GetClusterRequest, GetClusterRequestDecoded as _nerve_v1_GetClusterRequestDecoded } from '../../nerve/v1/GetClusterRequest.ts';
import type { GetJobRequest as _nerve_v1_GetJobRequest, GetJobRequestDecoded as _nerve_v1_GetJobRequestDecoded } from '../../nerve/v1/GetJobRequest.ts';
import type { JobDetail as _nerve_v1_JobDetail, JobDetailDecoded as _nerve_v1_JobDetailDecoded } from '../../nerve/v1/JobDetail.ts';
import type { ListJobsRequest as _nerve_v1_ListJobsRequest, ListJobsRequestDecoded as _nerve_v1_ListJobsRequestDecoded } from '../../nerve/v1/ListJobsRequest.ts';
import type { ListJobsResponse as _nerve_v1_ListJobsResponse, ListJobsResponseDecoded as _nerve_v1_ListJobsResponseDecoded } from '../../nerve/v1/ListJobsResponse.ts';
import type { SubmitJobRequest as _nerve_v1_SubmitJobRequest, SubmitJobRequestDecoded as _nerve_v1_SubmitJobRequestDecoded } from '../../nerve/v1/SubmitJobRequest.ts';
import type { SubmitJobResponse as _nerve_v1_SubmitJobResponse, SubmitJobResponseDecoded as _nerve_v1_SubmitJobResponseDecoded } from '../../nerve/v1/SubmitJobResponse.ts';

export interface AdminClient extends grpc.Client {
  CancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  CancelJob(argument: _nerve_v1_CancelJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  cancelJob(argument: _nerve_v1_CancelJobRequest, callback: grpc.requestCallback<_nerve_v1_JobDetailDecoded>): grpc.ClientUnaryCall;
  
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
  
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  SubmitJob(argument: _nerve_v1_SubmitJobRequest, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  submitJob(argument: _nerve_v1_SubmitJobRequest, callback: grpc.requestCallback<_nerve_v1_SubmitJobResponseDecoded>): grpc.ClientUnaryCall;
  
}

export interface AdminHandlers extends grpc.UntypedServiceImplementation {
  CancelJob: grpc.handleUnaryCall<_nerve_v1_CancelJobRequestDecoded, _nerve_v1_JobDetail>;
  
  GetCluster: grpc.handleUnaryCall<_nerve_v1_GetClusterRequestDecoded, _nerve_v1_ClusterDetail>;
  
  GetJob: grpc.handleUnaryCall<_nerve_v1_GetJobRequestDecoded, _nerve_v1_JobDetail>;
  
  ListJobs: grpc.handleUnaryCall<_nerve_v1_ListJobsRequestDecoded, _nerve_v1_ListJobsResponse>;
  
  SubmitJob: grpc.handleUnaryCall<_nerve_v1_SubmitJobRequestDecoded, _nerve_v1_SubmitJobResponse>;
  
}

export interface AdminDefinition extends grpc.ServiceDefinition {
  CancelJob: MethodDefinition<_nerve_v1_CancelJobRequest, _nerve_v1_JobDetail, _nerve_v1_CancelJobRequestDecoded, _nerve_v1_JobDetailDecoded>
  GetCluster: MethodDefinition<_nerve_v1_GetClusterRequest, _nerve_v1_ClusterDetail, _nerve_v1_GetClusterRequestDecoded, _nerve_v1_ClusterDetailDecoded>
  GetJob: MethodDefinition<_nerve_v1_GetJobRequest, _nerve_v1_JobDetail, _nerve_v1_GetJobRequestDecoded, _nerve_v1_JobDetailDecoded>
  ListJobs: MethodDefinition<_nerve_v1_ListJobsRequest, _nerve_v1_ListJobsResponse, _nerve_v1_ListJobsRequestDecoded, _nerve_v1_ListJobsResponseDecoded>
  SubmitJob: MethodDefinition<_nerve_v1_SubmitJobRequest, _nerve_v1_SubmitJobResponse, _nerve_v1_SubmitJobRequestDecoded, _nerve_v1_SubmitJobResponseDecoded>
}
