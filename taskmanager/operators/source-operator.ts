import type { PollResult, SourceOutput, SourceReader } from '../../shared/connector/source.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed, USER_FUNCTION_FAILED } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';

/** Takes records from a source's reader. The head of its chain; nothing calls its `record`. */
export class SourceOperator implements Operator, SourceOutput<unknown> {
  readonly scope: OperatorScope;
  readonly reader: SourceReader<unknown>;
  readonly #received: HotCount;
  readonly #main: OperatorOutput;

  constructor(parts: OperatorParts, reader: SourceReader<unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#main = parts.main;
    this.reader = reader;
  }

  /** At most `recordsMax` records down the chain. */
  poll(recordsMax: number): PollResult {
    try {
      return this.reader.poll(recordsMax, this);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }

  collect(value: unknown, timestampMs: number | undefined, split: SplitId): void {
    this.#received.value += 1;
    try {
      this.#main.emit(value, timestampMs);
    } catch (error) {
      throw withPosition(placed(error, this.scope), value, split);
    }
  }

  record(): void {
    throw new Error('a source has no input');
  }
}

/** A failure of the chain behind the source says for which record: its position, never its content. */
function withPosition(error: StreamError, value: unknown, split: SplitId): StreamError {
  const { failure } = error;
  if (failure.code !== USER_FUNCTION_FAILED) {
    return error;
  }
  const message = `${failure.message} (at the record ${positionOf(value) ?? 'at an unknown position'} of split ${split})`;
  return new StreamError({ ...failure, message }, { cause: error });
}

/** `partition:offset` of a SourceRecord; undefined when the source's `deserialize` made something else of it. */
function positionOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('position' in value)) {
    return undefined;
  }
  const { position } = value;
  if (typeof position !== 'object' || position === null || !('partition' in position) || !('offset' in position)) {
    return undefined;
  }
  const { partition, offset } = position;
  return typeof partition === 'number' && typeof offset === 'bigint' ? `${partition}:${offset}` : undefined;
}
