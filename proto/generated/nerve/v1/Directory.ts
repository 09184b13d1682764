// From proto/directory.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { WhoLeadsRequest as _nerve_v1_WhoLeadsRequest, WhoLeadsRequestDecoded as _nerve_v1_WhoLeadsRequestDecoded } from '../../nerve/v1/WhoLeadsRequest.ts';
import type { WhoLeadsResponse as _nerve_v1_WhoLeadsResponse, WhoLeadsResponseDecoded as _nerve_v1_WhoLeadsResponseDecoded } from '../../nerve/v1/WhoLeadsResponse.ts';

export interface DirectoryClient extends grpc.Client {
  WhoLeads(argument: _nerve_v1_WhoLeadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  WhoLeads(argument: _nerve_v1_WhoLeadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  WhoLeads(argument: _nerve_v1_WhoLeadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  WhoLeads(argument: _nerve_v1_WhoLeadsRequest, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  whoLeads(argument: _nerve_v1_WhoLeadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  whoLeads(argument: _nerve_v1_WhoLeadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  whoLeads(argument: _nerve_v1_WhoLeadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  whoLeads(argument: _nerve_v1_WhoLeadsRequest, callback: grpc.requestCallback<_nerve_v1_WhoLeadsResponseDecoded>): grpc.ClientUnaryCall;
  
}

export interface DirectoryHandlers extends grpc.UntypedServiceImplementation {
  WhoLeads: grpc.handleUnaryCall<_nerve_v1_WhoLeadsRequestDecoded, _nerve_v1_WhoLeadsResponse>;
  
}

export interface DirectoryDefinition extends grpc.ServiceDefinition {
  WhoLeads: MethodDefinition<_nerve_v1_WhoLeadsRequest, _nerve_v1_WhoLeadsResponse, _nerve_v1_WhoLeadsRequestDecoded, _nerve_v1_WhoLeadsResponseDecoded>
}
