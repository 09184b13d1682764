import type { Failure as WireFailure } from '../../proto/generated/nerve/v1/Failure.ts';
import type { FailureDecoded } from '../../proto/generated/nerve/v1/Failure.ts';
import type { Failure, Reaction } from '../failure/failure.ts';

const REACTIONS: readonly string[] = ['retry', 'restart-job', 'fail-job', 'stop-quietly'] satisfies Reaction[];

export function failureToWire(failure: Failure): WireFailure {
  return { code: failure.code, reaction: failure.reaction, message: failure.message, remedy: failure.remedy ?? '' };
}

export function failureFromWire(wire: FailureDecoded): Failure {
  const reaction = REACTIONS.includes(wire.reaction) ? (wire.reaction as Reaction) : 'restart-job';
  const failure = { code: wire.code, reaction, message: wire.message };
  return wire.remedy === '' ? failure : { ...failure, remedy: wire.remedy };
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
