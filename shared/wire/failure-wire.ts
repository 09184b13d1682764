import type { Failure as WireFailure } from '../../proto/generated/nerve/v1/Failure.ts';
import type { FailureDecoded } from '../../proto/generated/nerve/v1/Failure.ts';
import type { FailedRecordDecoded } from '../../proto/generated/nerve/v1/FailedRecord.ts';
import type { FailedRecord, Failure, Reaction } from '../failure/failure.ts';
import { parseOperatorUid } from '../ids.ts';

const REACTIONS: readonly string[] = ['retry', 'restart-job', 'fail-job', 'stop-quietly'] satisfies Reaction[];

export function failureToWire(failure: Failure): WireFailure {
  const { code, reaction, message, remedy = '', record } = failure;
  return { code, reaction, message, remedy, ...(record === undefined ? {} : { record: { ...record } }) };
}

export function failureFromWire(wire: FailureDecoded): Failure {
  const reaction = REACTIONS.includes(wire.reaction) ? (wire.reaction as Reaction) : 'restart-job';
  return {
    code: wire.code,
    reaction,
    message: wire.message,
    ...(wire.remedy === '' ? {} : { remedy: wire.remedy }),
    ...(wire.record === null ? {} : { record: recordFromWire(wire.record) }),
  };
}

function recordFromWire({ operator, fingerprint, error, hasQuarantine }: FailedRecordDecoded): FailedRecord {
  return { operator: parseOperatorUid(operator), fingerprint, error, hasQuarantine };
}

/** Metadata of a status with which a request was refused: the failure's code and reaction. Its sentences are the status' own. */
export const FAILURE_METADATA = 'nerve-failure';

export function failureToMetadata({ code, reaction }: Failure): string {
  return `${code} ${reaction}`;
}

/** Undefined for what `failureToMetadata` does not write. */
export function failureFromMetadata(text: string): Pick<Failure, 'code' | 'reaction'> | undefined {
  const [, code, reaction] = /^([a-z0-9-]+) ([a-z-]+)$/.exec(text) ?? [];
  return code !== undefined && reaction !== undefined && REACTIONS.includes(reaction)
    ? { code, reaction: reaction as Reaction }
    : undefined;
}
