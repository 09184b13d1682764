// From proto/control.proto

import type { AttemptRef as _nerve_v1_AttemptRef, AttemptRefDecoded as _nerve_v1_AttemptRefDecoded } from '../../nerve/v1/AttemptRef.ts';

export interface Register {
  'taskManagerId'?: (string);
  'incarnation'?: (string);
  'dataAddress'?: (string);
  'slots'?: (number);
  'version'?: (string);
  'attempts'?: (_nerve_v1_AttemptRef)[];
}

export interface RegisterDecoded {
  'taskManagerId': (string);
  'incarnation': (string);
  'dataAddress': (string);
  'slots': (number);
  'version': (string);
  'attempts': (_nerve_v1_AttemptRefDecoded)[];
}
