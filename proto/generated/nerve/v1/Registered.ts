// From proto/control.proto

import type { AttemptRef as _nerve_v1_AttemptRef, AttemptRefDecoded as _nerve_v1_AttemptRefDecoded } from '../../nerve/v1/AttemptRef.ts';

export interface Registered {
  'heartbeatIntervalMs'?: (number);
  'heartbeatTimeoutMs'?: (number);
  'cancel'?: (_nerve_v1_AttemptRef)[];
}

export interface RegisteredDecoded {
  'heartbeatIntervalMs': (number);
  'heartbeatTimeoutMs': (number);
  'cancel': (_nerve_v1_AttemptRefDecoded)[];
}
