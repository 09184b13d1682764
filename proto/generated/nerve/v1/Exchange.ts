// From proto/exchange.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { RawFrame as _nerve_v1_RawFrame, RawFrameDecoded as _nerve_v1_RawFrameDecoded } from '../../nerve/v1/RawFrame.ts';

export interface ExchangeClient extends grpc.Client {
  Connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded>;
  Connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded>;
  connect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded>;
  connect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded>;
  
}

export interface ExchangeHandlers extends grpc.UntypedServiceImplementation {
  Connect: grpc.handleBidiStreamingCall<_nerve_v1_RawFrameDecoded, _nerve_v1_RawFrame>;
  
}

export interface ExchangeDefinition extends grpc.ServiceDefinition {
  Connect: MethodDefinition<_nerve_v1_RawFrame, _nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded, _nerve_v1_RawFrameDecoded>
}
