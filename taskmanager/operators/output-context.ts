import type { KeyedProcessContext } from '../../shared/functions/functions.ts';
import type { OutputTag } from '../../shared/functions/output-tag.ts';
import { required } from '../../shared/invariant.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';

/** What a `process` function emits through. One per operator, filled in for each record: functions must not keep it. */
export class OutputContext implements KeyedProcessContext<unknown> {
  timestamp: number | undefined = undefined;
  key: string | undefined = undefined;
  readonly #main: OperatorOutput;
  readonly #sides: ReadonlyMap<string, OperatorOutput>;

  constructor({ main, sides }: OperatorParts) {
    this.#main = main;
    this.#sides = sides;
  }

  get currentKey(): string {
    return required(this.key, 'the key of a record in a keyed operator');
  }

  emit(value: unknown): void {
    this.#main.emit(value, this.timestamp);
  }

  sideOutput<S>(tag: OutputTag<S>, value: S): void {
    this.#sides.get(tag.id)?.emit(value, this.timestamp);
  }
}
