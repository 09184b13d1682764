import type { PreparedOutput, SinkWriter } from '../../shared/connector/sink.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { Operator } from './operator.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';

/**
 * Hands records to a sink's writer. `open`, `flush` and `prepareCommit` of the writer wait, so the subtask's life calls them
 * outside the loop; a full writer stops the subtask through the pressure.
 */
export class SinkOperator implements Operator {
  readonly scope: OperatorScope;
  readonly writer: SinkWriter<unknown>;
  readonly #received: HotCount;
  readonly #pressure: OutputPressure;

  constructor(
    parts: { readonly scope: OperatorScope; readonly received: HotCount; readonly pressure: OutputPressure },
    writer: SinkWriter<unknown>,
  ) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#pressure = parts.pressure;
    this.writer = writer;
  }

  record(value: unknown): void {
    this.#received.value += 1;
    try {
      this.writer.write(value);
    } catch (error) {
      throw placed(error, this.scope);
    }
    this.#pressure.check(this.writer);
  }

  /** Flushes, and gives what the committer needs. */
  async prepareCommit(checkpoint: CheckpointId, signal: AbortSignal): Promise<readonly PreparedOutput[]> {
    try {
      return await this.writer.prepareCommit(checkpoint, signal);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }
}
