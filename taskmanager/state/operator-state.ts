import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { OperatorListSnapshot } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorListState, OperatorListStateDescriptor } from '../../shared/functions/state.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { invariant } from '../../shared/invariant.ts';
import { ValueCodec } from './value-codec.ts';

/** The state of a subtask without keys: small, held in memory, and written whole with each checkpoint. */
export class OperatorState {
  readonly #restored: ReadonlyMap<string, OperatorListSnapshot>;
  readonly #lists = new Map<string, { snapshot(): OperatorListSnapshot }>();

  /** What `redistributeOperatorState` gave this subtask. */
  constructor(restored: readonly OperatorListSnapshot[]) {
    this.#restored = new Map(restored.map((state) => [state.name, state]));
  }

  list<T>({ options, redistribution }: OperatorListStateDescriptor<T>): OperatorListState<T> {
    const { name } = options;
    invariant(!this.#lists.has(name), `operator state ${name} is declared twice`);
    const restored = this.#restored.get(name);
    if (restored !== undefined && restored.redistribution !== redistribution) {
      throw new StreamError({
        code: 'state-incompatible',
        reaction: 'fail-job',
        message: `operator state ${name} is of kind ${restored.redistribution} in the checkpoint and ${redistribution} in the job`,
        remedy: 'Give the changed state a new name.',
      });
    }
    const codec = new ValueCodec(options);
    let values: T[] = (restored?.elements ?? []).map((element) => codec.decode(element));
    this.#lists.set(name, {
      snapshot: () => ({ name, redistribution, elements: values.map((value) => codec.encode(value, undefined)) }),
    });
    return {
      get: () => values,
      add: (value) => {
        values.push(value);
      },
      update: (replacement) => {
        values = Array.from(replacement);
      },
      clear: () => {
        values = [];
      },
    };
  }

  /** Encoded at once: what user code does afterwards belongs to the next checkpoint. Undeclared states are carried on. */
  snapshot(): readonly OperatorListSnapshot[] {
    const undeclared = Array.from(this.#restored.values()).filter(({ name }) => !this.#lists.has(name));
    return [...undeclared, ...Array.from(this.#lists.values(), (list) => list.snapshot())];
  }
}

/**
 * Deals operator state out to `parallelism` subtasks. `former`: by subtask index. Flink's rules (reference §2.4): split is
 * round robin over all elements in order, union gives all to each. Unchanged parallelism leaves split lists where they were.
 */
export function redistributeOperatorState(
  former: readonly (readonly OperatorListSnapshot[])[],
  parallelism: number,
): readonly (readonly OperatorListSnapshot[])[] {
  if (former.length === parallelism && former.flat().every((state) => state.redistribution === 'split')) {
    return former;
  }
  const dealt = Array.from(
    { length: parallelism },
    () => new Map<string, OperatorListSnapshot & { elements: Binary[] }>(),
  );
  let turn = 0;
  for (const { name, redistribution, elements } of former.flat()) {
    const lists = dealt.map((states) => {
      const list = states.get(name) ?? { name, redistribution, elements: [] };
      states.set(name, list);
      return list;
    });
    for (const element of elements) {
      const takers = redistribution === 'union' ? lists : lists.slice(turn % parallelism, (turn % parallelism) + 1);
      takers.forEach((list) => list.elements.push(element));
      turn += redistribution === 'split' ? 1 : 0;
    }
  }
  return dealt.map((states) => Array.from(states.values()));
}
