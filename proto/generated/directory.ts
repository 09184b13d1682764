import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { DirectoryClient as _nerve_v1_DirectoryClient, DirectoryDefinition as _nerve_v1_DirectoryDefinition } from './nerve/v1/Directory.ts';
import type { WhoLeadsRequest as _nerve_v1_WhoLeadsRequest, WhoLeadsRequestDecoded as _nerve_v1_WhoLeadsRequestDecoded } from './nerve/v1/WhoLeadsRequest.ts';
import type { WhoLeadsResponse as _nerve_v1_WhoLeadsResponse, WhoLeadsResponseDecoded as _nerve_v1_WhoLeadsResponseDecoded } from './nerve/v1/WhoLeadsResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  nerve: {
    v1: {
      Directory: SubtypeConstructor<typeof grpc.Client, _nerve_v1_DirectoryClient> & { service: _nerve_v1_DirectoryDefinition }
      WhoLeadsRequest: MessageTypeDefinition<_nerve_v1_WhoLeadsRequest, _nerve_v1_WhoLeadsRequestDecoded>
      WhoLeadsResponse: MessageTypeDefinition<_nerve_v1_WhoLeadsResponse, _nerve_v1_WhoLeadsResponseDecoded>
    }
  }
}

