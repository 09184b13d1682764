import type { OperatorOutput } from './operator-output.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';
import type { RecordGuard } from './record-guard.ts';
import type { Suspensions } from './suspensions.ts';

/** What the chain gives to each of its operators. */
export interface OperatorParts {
  readonly scope: OperatorScope;
  /** Its place in the chain, from 0 at the head. */
  readonly place: number;
  /** Records handed to it. */
  readonly received: HotCount;
  readonly main: OperatorOutput;
  /** By tag; a side output that nothing reads is absent, and what is sent there is dropped (as in Flink). */
  readonly sides: ReadonlyMap<string, OperatorOutput>;
  /** For operators with a user's function. */
  readonly guard: RecordGuard;
  readonly pressure: OutputPressure;
  readonly suspensions: Suspensions;
}
