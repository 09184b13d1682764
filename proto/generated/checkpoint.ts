import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CheckpointMetadata as _nerve_v1_CheckpointMetadata, CheckpointMetadataDecoded as _nerve_v1_CheckpointMetadataDecoded } from './nerve/v1/CheckpointMetadata.ts';
import type { OperatorList as _nerve_v1_OperatorList, OperatorListDecoded as _nerve_v1_OperatorListDecoded } from './nerve/v1/OperatorList.ts';
import type { OperatorState as _nerve_v1_OperatorState, OperatorStateDecoded as _nerve_v1_OperatorStateDecoded } from './nerve/v1/OperatorState.ts';
import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from './nerve/v1/SplitPosition.ts';
import type { StateEntryInfo as _nerve_v1_StateEntryInfo, StateEntryInfoDecoded as _nerve_v1_StateEntryInfoDecoded } from './nerve/v1/StateEntryInfo.ts';
import type { StateHandle as _nerve_v1_StateHandle, StateHandleDecoded as _nerve_v1_StateHandleDecoded } from './nerve/v1/StateHandle.ts';
import type { SubtaskState as _nerve_v1_SubtaskState, SubtaskStateDecoded as _nerve_v1_SubtaskStateDecoded } from './nerve/v1/SubtaskState.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  nerve: {
    v1: {
      CheckpointMetadata: MessageTypeDefinition<_nerve_v1_CheckpointMetadata, _nerve_v1_CheckpointMetadataDecoded>
      OperatorList: MessageTypeDefinition<_nerve_v1_OperatorList, _nerve_v1_OperatorListDecoded>
      OperatorState: MessageTypeDefinition<_nerve_v1_OperatorState, _nerve_v1_OperatorStateDecoded>
      SplitPosition: MessageTypeDefinition<_nerve_v1_SplitPosition, _nerve_v1_SplitPositionDecoded>
      StateEntryInfo: MessageTypeDefinition<_nerve_v1_StateEntryInfo, _nerve_v1_StateEntryInfoDecoded>
      StateHandle: MessageTypeDefinition<_nerve_v1_StateHandle, _nerve_v1_StateHandleDecoded>
      SubtaskState: MessageTypeDefinition<_nerve_v1_SubtaskState, _nerve_v1_SubtaskStateDecoded>
    }
  }
}

