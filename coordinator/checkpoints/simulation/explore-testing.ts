import { hash } from 'node:crypto';

/** A way from one state to another; the label is what a counterexample shows. */
export interface Transition<S> {
  readonly label: string;
  readonly to: S;
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** States that nothing leaves. */
  readonly ends: number;
}

export interface Exploration<S> {
  readonly first: S;
  /** Every way out of a state. Throws when a promise is broken on the way. */
  readonly next: (state: S) => readonly Transition<S>[];
  /** Called for a state that nothing leaves. Throws when something is left undone. */
  readonly onEnd: (state: S) => void;
  /** More states than this is a mistake in the model, and an error: the space must be visited whole. */
  readonly statesMax: number;
}

interface Visited {
  readonly from: string | undefined;
  readonly label: string;
}

/** Visits every state that can be reached, each once, nearest first: the first violation found is a shortest one. */
export function explore<S>({ first, next, onEnd, statesMax }: Exploration<S>): Explored {
  const visited = new Map<string, Visited>([[nameOf(first), { from: undefined, label: 'start' }]]);
  let frontier: readonly S[] = [first];
  let transitions = 0;
  let ends = 0;
  while (frontier.length > 0) {
    const reached: S[] = [];
    for (const state of frontier) {
      const from = nameOf(state);
      const ways = guarded(visited, from, () => next(state));
      transitions += ways.length;
      if (ways.length === 0) {
        ends += 1;
        guarded(visited, from, () => {
          onEnd(state);
        });
      }
      for (const { label, to } of ways) {
        const name = nameOf(to);
        if (!visited.has(name)) {
          visited.set(name, { from, label });
          reached.push(to);
        }
      }
      if (visited.size > statesMax) {
        throw new Error(`the space has more than ${statesMax} states`);
      }
    }
    frontier = reached;
  }
  return { states: visited.size, transitions, ends };
}

function guarded<T>(visited: ReadonlyMap<string, Visited>, from: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`${String(error)}\nby way of:\n  ${pathTo(visited, from).join('\n  ')}`, { cause: error });
  }
}

function pathTo(visited: ReadonlyMap<string, Visited>, name: string): readonly string[] {
  const path: string[] = [];
  for (let at = visited.get(name); at !== undefined; at = at.from === undefined ? undefined : visited.get(at.from)) {
    path.unshift(at.label);
  }
  return path;
}

/** A digest: the states of a space are too many to be kept whole. */
function nameOf(state: unknown): string {
  const text = JSON.stringify(state, (_, part: unknown): unknown => {
    if (typeof part === 'bigint') {
      return `${part}n`;
    }
    if (part instanceof Set) {
      return ['set', ...part.values()];
    }
    return part instanceof Map ? ['map', ...part] : part;
  });
  return hash('sha1', text, 'base64');
}
