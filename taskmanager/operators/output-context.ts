import type { OnTimerContext } from '../../shared/functions/functions.ts';
import type { OutputTag } from '../../shared/functions/output-tag.ts';
import type { Timers } from '../../shared/functions/timers.ts';
import { required } from '../../shared/invariant.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';

/** What a `process` function emits through. One per operator, filled in for each record: functions must not keep it. */
export class OutputContext implements OnTimerContext<unknown> {
  timestamp: number | undefined = undefined;
  key: string | undefined = undefined;
  timeDomain: 'event' | 'processing' = 'event';
  keyTimers: Timers | undefined = undefined;
  /** The subtask has ended: what a function still emits goes nowhere. */
  isClosed = false;
  readonly #main: OperatorOutput;
  readonly #sides: ReadonlyMap<string, OperatorOutput>;

  constructor({ main, sides }: OperatorParts) {
    this.#main = main;
    this.#sides = sides;
  }

  get currentKey(): string {
    return required(this.key, 'the key of a record in a keyed operator');
  }

  get timers(): Timers {
    return required(this.keyTimers, 'the timers of a keyed operator');
  }

  emit(value: unknown): void {
    if (!this.isClosed) {
      this.#main.emit(value, this.timestamp);
    }
  }

  sideOutput<S>(tag: OutputTag<S>, value: S): void {
    if (!this.isClosed) {
      this.#sides.get(tag.id)?.emit(value, this.timestamp);
    }
  }
}
