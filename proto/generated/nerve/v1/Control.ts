// From proto/control.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ArtifactChunk as _nerve_v1_ArtifactChunk, ArtifactChunkDecoded as _nerve_v1_ArtifactChunkDecoded } from '../../nerve/v1/ArtifactChunk.ts';
import type { ArtifactRequest as _nerve_v1_ArtifactRequest, ArtifactRequestDecoded as _nerve_v1_ArtifactRequestDecoded } from '../../nerve/v1/ArtifactRequest.ts';
import type { CoordinatorMessage as _nerve_v1_CoordinatorMessage, CoordinatorMessageDecoded as _nerve_v1_CoordinatorMessageDecoded } from '../../nerve/v1/CoordinatorMessage.ts';
import type { TaskManagerMessage as _nerve_v1_TaskManagerMessage, TaskManagerMessageDecoded as _nerve_v1_TaskManagerMessageDecoded } from '../../nerve/v1/TaskManagerMessage.ts';

export interface ControlClient extends grpc.Client {
  Connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_TaskManagerMessage, _nerve_v1_CoordinatorMessageDecoded>;
  Connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_TaskManagerMessage, _nerve_v1_CoordinatorMessageDecoded>;
  connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_TaskManagerMessage, _nerve_v1_CoordinatorMessageDecoded>;
  connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_TaskManagerMessage, _nerve_v1_CoordinatorMessageDecoded>;
  
  FetchArtifact(argument: _nerve_v1_ArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_nerve_v1_ArtifactChunkDecoded>;
  FetchArtifact(argument: _nerve_v1_ArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_nerve_v1_ArtifactChunkDecoded>;
  fetchArtifact(argument: _nerve_v1_ArtifactRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_nerve_v1_ArtifactChunkDecoded>;
  fetchArtifact(argument: _nerve_v1_ArtifactRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_nerve_v1_ArtifactChunkDecoded>;
  
}

export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  Connect: grpc.handleBidiStreamingCall<_nerve_v1_TaskManagerMessageDecoded, _nerve_v1_CoordinatorMessage>;
  
  FetchArtifact: grpc.handleServerStreamingCall<_nerve_v1_ArtifactRequestDecoded, _nerve_v1_ArtifactChunk>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  Connect: MethodDefinition<_nerve_v1_TaskManagerMessage, _nerve_v1_CoordinatorMessage, _nerve_v1_TaskManagerMessageDecoded, _nerve_v1_CoordinatorMessageDecoded>
  FetchArtifact: MethodDefinition<_nerve_v1_ArtifactRequest, _nerve_v1_ArtifactChunk, _nerve_v1_ArtifactRequestDecoded, _nerve_v1_ArtifactChunkDecoded>
}
