import type { OperatorStateAccess } from '../../shared/functions/runtime-context.ts';
import type { OperatorListSnapshot } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { OperatorState, redistributeOperatorState } from '../state/operator-state.ts';
import type { Capture } from './operator.ts';
import type { StateContext } from './state-context.ts';

/** The state without keys of one operator's subtask: dealt out at a restore, declared while its function opens, captured whole. */
export class ListStates {
  #state = new OperatorState([]);

  restore({ restored, subtask, parallelism }: StateContext): void {
    const former = (restored?.operator?.subtasks ?? []).map(({ lists }) => lists);
    this.#state = new OperatorState(redistributeOperatorState(former, parallelism)[subtask] ?? []);
  }

  get access(): OperatorStateAccess {
    return this.#state;
  }

  snapshot(): readonly OperatorListSnapshot[] {
    return this.#state.snapshot();
  }

  /** For operators whose only state this is. */
  capture(): Capture {
    const lists = this.snapshot();
    return {
      write: async () => await Promise.resolve({ states: [], keyed: { kind: 'whole', segments: [] }, lists }),
    };
  }
}
