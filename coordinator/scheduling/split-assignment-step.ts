import type { SplitState } from '../../shared/connector/source.ts';
import type { SubtaskIndex } from '../../shared/ids.ts';
import { parseSubtaskIndex } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';

/**
 * Which reader of one source reads which split, within one attempt. The same for every connector.
 *
 * I1  The readers' state is the authority on splits. An attempt begins with readers that own none, so what is assigned here is
 *     what they own; of an attempt that is adopted, what they report is.
 * I2  Nothing is assigned before every reader is ready, and nothing is discovered before that (jobs/states/running.ts).
 * I3  Each split is assigned to one reader, once.
 * I4  Assignments of a reader are numbered 1, 2, … without a gap; a receiver ignores a number it has seen. They are remembered,
 *     and repeated when a reader comes back that has not seen them.
 * I5  `eager`: a split goes to the reader with the fewest splits, the lowest index among equals.
 *     `on-request`: splits go out in order, one for each request, requests in the order of their arrival.
 * I6  A reader is told that no more will come exactly once: when discovery is complete and every split is given
 *     (on request: when it asks and there is none).
 */
export interface SplitAssignmentState {
  readonly mode: 'eager' | 'on-request';
  /** Every split of the source that is known, in the order of discovery. */
  readonly splits: readonly SplitState[];
  /** How many of them are assigned: always the first ones. */
  readonly given: number;
  readonly isComplete: boolean;
  readonly readers: readonly ReaderSplits[];
  /** Readers that asked and got no answer yet, first come first. Bounded by REQUESTS_PER_READER. */
  readonly waiting: readonly SubtaskIndex[];
}

interface ReaderSplits {
  readonly splits: number;
  readonly lastAssignment: number;
  readonly hasNoMore: boolean;
  /** What it was told last, and before that: a list that grows without being copied. */
  readonly told: ToldOrder | undefined;
}

interface ToldOrder {
  readonly order: SplitOrder;
  readonly before: ToldOrder | undefined;
}

/** What one reader is told. */
export interface SplitOrder {
  readonly subtask: SubtaskIndex;
  readonly assignment: number;
  readonly splits: readonly SplitState[];
  readonly noMore: boolean;
}

export interface SplitStep {
  readonly state: SplitAssignmentState;
  readonly orders: readonly SplitOrder[];
}

/**
 * Readers that ask more often than this on average without an answer are broken; the rest is ignored rather than remembered.
 * In proportion to the readers: a fixed number would leave the last of very many waiting for ever.
 */
const REQUESTS_PER_READER = 16;

export interface SourceView {
  readonly mode: 'eager' | 'on-request';
  readonly parallelism: number;
  readonly splits: readonly SplitState[];
  readonly isComplete: boolean;
}

/** Every reader is ready: gives what is known already. */
export function beginAssignment({ mode, parallelism, splits, isComplete }: SourceView): SplitStep {
  const readers = Array.from({ length: parallelism }, () => NEW_READER);
  return assign({ mode, splits, given: 0, isComplete, readers, waiting: [] });
}

const NEW_READER: ReaderSplits = { splits: 0, lastAssignment: 0, hasNoMore: false, told: undefined };

/** What a reader that goes on says of itself. */
export interface ReaderStanding {
  /** That it has been given and has not read to the end. */
  readonly splits: number;
  readonly lastAssignment: number;
}

/** Readers go on under a new leader: `splits` are those that none of them has. Whoever may be told again that no more comes, is. */
export function resumeAssignment(
  { mode, splits, isComplete }: Omit<SourceView, 'parallelism'>,
  standings: readonly ReaderStanding[],
): SplitStep {
  const readers = standings.map((standing): ReaderSplits => ({ ...NEW_READER, ...standing }));
  return assign({ mode, splits, given: 0, isComplete, readers, waiting: [] });
}

/** A reader has come back that has seen assignments up to that one only (I4). */
export function repeatOrders(
  { readers }: SplitAssignmentState,
  subtask: SubtaskIndex,
  lastSeen: number,
): readonly SplitOrder[] {
  const missed: SplitOrder[] = [];
  for (let told = readers[subtask]?.told; told !== undefined && told.order.assignment > lastSeen; told = told.before) {
    missed.push(told.order);
  }
  return missed.reverse();
}

/** True when a request of the reader waits for a split. */
export function isWaiting({ waiting }: SplitAssignmentState, subtask: SubtaskIndex): boolean {
  return waiting.includes(subtask);
}

/** `found` are splits that were not known before. */
export function onSplitsFound(
  state: SplitAssignmentState,
  found: readonly SplitState[],
  isComplete: boolean,
): SplitStep {
  const splits = found.length === 0 ? state.splits : [...state.splits, ...found];
  return assign({ ...state, splits, isComplete: state.isComplete || isComplete });
}

export function onSplitRequest(state: SplitAssignmentState, subtask: SubtaskIndex): SplitStep {
  const reader = state.readers[subtask];
  const isUseless =
    reader === undefined || reader.hasNoMore || state.waiting.length >= REQUESTS_PER_READER * state.readers.length;
  if (state.mode === 'eager' || isUseless) {
    return { state, orders: [] };
  }
  return assign({ ...state, waiting: [...state.waiting, subtask] });
}

function assign(state: SplitAssignmentState): SplitStep {
  return state.mode === 'eager' ? assignEagerly(state) : assignOnRequest(state);
}

function assignEagerly(state: SplitAssignmentState): SplitStep {
  const counts = state.readers.map((reader) => reader.splits);
  const perReader = new Map<number, SplitState[]>();
  for (const split of state.splits.slice(state.given)) {
    const reader = indexOfLeast(counts);
    counts[reader] = (counts[reader] ?? 0) + 1;
    perReader.set(reader, [...(perReader.get(reader) ?? []), split]);
  }
  const draft = new Draft({ ...state, given: state.splits.length });
  state.readers.forEach((reader, index) => {
    const splits = perReader.get(index) ?? [];
    const noMore = state.isComplete && !reader.hasNoMore;
    if (splits.length > 0 || noMore) {
      draft.order(parseSubtaskIndex(index), splits, noMore);
    }
  });
  return draft.finish();
}

function assignOnRequest(state: SplitAssignmentState): SplitStep {
  const draft = new Draft(state);
  let { given } = state;
  let answered = 0;
  for (const subtask of state.waiting) {
    const split = state.splits[given];
    if (split === undefined && !state.isComplete) {
      break;
    }
    answered += 1;
    if (split !== undefined) {
      given += 1;
      draft.order(subtask, [split], false);
    } else if (!draft.hasNoMore(subtask)) {
      draft.order(subtask, [], true);
    }
  }
  return draft.finish({ given, waiting: state.waiting.slice(answered) });
}

/** Collects orders and the readers they change, and copies the readers once. */
class Draft {
  readonly #state: SplitAssignmentState;
  readonly #orders: SplitOrder[] = [];
  readonly #readers: ReaderSplits[];

  constructor(state: SplitAssignmentState) {
    this.#state = state;
    this.#readers = [...state.readers];
  }

  hasNoMore(subtask: SubtaskIndex): boolean {
    return this.#readers[subtask]?.hasNoMore === true;
  }

  order(subtask: SubtaskIndex, splits: readonly SplitState[], noMore: boolean): void {
    const reader = required(this.#readers[subtask], `reader ${subtask}`);
    const assignment = reader.lastAssignment + 1;
    const order = { subtask, assignment, splits, noMore };
    this.#readers[subtask] = {
      told: { order, before: reader.told },
      splits: reader.splits + splits.length,
      lastAssignment: assignment,
      hasNoMore: reader.hasNoMore || noMore,
    };
    this.#orders.push(order);
  }

  finish(change: Partial<SplitAssignmentState> = {}): SplitStep {
    return { state: { ...this.#state, ...change, readers: this.#readers }, orders: this.#orders };
  }
}

function indexOfLeast(counts: readonly number[]): number {
  let least = 0;
  counts.forEach((count, index) => {
    if (count < (counts[least] ?? 0)) {
      least = index;
    }
  });
  return least;
}
