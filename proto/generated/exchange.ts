import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { ExchangeClient as _nerve_v1_ExchangeClient, ExchangeDefinition as _nerve_v1_ExchangeDefinition } from './nerve/v1/Exchange.ts';
import type { ExchangeHello as _nerve_v1_ExchangeHello, ExchangeHelloDecoded as _nerve_v1_ExchangeHelloDecoded } from './nerve/v1/ExchangeHello.ts';
import type { RawFrame as _nerve_v1_RawFrame, RawFrameDecoded as _nerve_v1_RawFrameDecoded } from './nerve/v1/RawFrame.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  nerve: {
    v1: {
      Exchange: SubtypeConstructor<typeof grpc.Client, _nerve_v1_ExchangeClient> & { service: _nerve_v1_ExchangeDefinition }
      ExchangeHello: MessageTypeDefinition<_nerve_v1_ExchangeHello, _nerve_v1_ExchangeHelloDecoded>
      RawFrame: MessageTypeDefinition<_nerve_v1_RawFrame, _nerve_v1_RawFrameDecoded>
    }
  }
}

