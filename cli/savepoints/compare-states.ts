import type {
  CheckpointInventory,
  ListInventory,
  OperatorInventory,
  StateInventory,
} from '../../shared/checkpoint/summarize-checkpoint.ts';
import { isKeyed } from '../../shared/graph/logical-graph.ts';
import type { OperatorSpec } from '../../shared/graph/logical-graph.ts';
import type { DeclaredList, DeclaredState, DeclaredStates } from './record-states.ts';

/** An operator of the job that is to begin from a checkpoint. */
export interface JobOperator {
  readonly uid: string;
  readonly kind: OperatorSpec['kind'];
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly hashId: string;
  readonly declared: DeclaredStates;
}

/**
 *   restored       as it is
 *   redistributed  to another number of subtasks
 *   migrated       by the job's `migrate` function, when a value is read
 *   new            the job has it, the checkpoint does not: it begins empty
 *   dropped        the checkpoint has it, the job does not
 *   incompatible   the job would be refused, or would fail when it opens
 *   unknown        the function could not be opened here
 */
export type Verdict = 'restored' | 'redistributed' | 'migrated' | 'new' | 'dropped' | 'incompatible' | 'unknown';

export interface StateVerdict {
  readonly uid: string;
  /** `state visits`, `list buffer`, `splits`, `timers`, `operator`. */
  readonly what: string;
  readonly verdict: Verdict;
  /** Empty: nothing to add. */
  readonly detail: string;
}

/** True for what should keep a job from being replaced without a second thought. */
export function isAlarming({ verdict }: StateVerdict): boolean {
  return verdict === 'dropped' || verdict === 'incompatible' || verdict === 'unknown';
}

/** What would become of each state of a checkpoint, were the job to begin with it. Operators are matched by uid. */
export function compareStates(
  checkpoint: Pick<CheckpointInventory, 'operators'>,
  job: readonly JobOperator[],
): readonly StateVerdict[] {
  const stored = new Map(checkpoint.operators.map((operator) => [operator.uid, operator]));
  const known = new Set(job.map(({ uid }) => uid));
  return [
    ...job.flatMap((operator) => verdictsOf(stored.get(operator.uid), operator)),
    ...checkpoint.operators.filter(({ uid }) => !known.has(uid)).flatMap(droppedWith),
  ];
}

function verdictsOf(stored: OperatorInventory | undefined, operator: JobOperator): StateVerdict[] {
  const { uid, declared } = operator;
  if (stored === undefined || !holdsAnything(stored)) {
    return declared.kind === 'unknown' ? [] : beginning(uid, declared);
  }
  const conflicts = conflictsOf(stored, operator);
  if (conflicts.length > 0) {
    return conflicts.map((detail) => ({ uid, what: 'operator', verdict: 'incompatible', detail }));
  }
  const how = movedOrNot(stored, operator);
  return [
    ...keyedVerdicts(stored, operator, how),
    ...stored.lists.map((list) => listVerdict(uid, list, operator, how)),
    ...splitVerdicts(stored, operator, how),
  ];
}

type Moved = Pick<StateVerdict, 'verdict' | 'detail'>;

function movedOrNot({ parallelism: before }: OperatorInventory, { parallelism }: JobOperator): Moved {
  return before === parallelism
    ? { verdict: 'restored', detail: '' }
    : { verdict: 'redistributed', detail: `from ${before} to ${parallelism} subtasks` };
}

function conflictsOf(stored: OperatorInventory, operator: JobOperator): string[] {
  if (stored.segments === 0) {
    return [];
  }
  const conflicts: string[] = [];
  if (stored.maxParallelism !== operator.maxParallelism) {
    conflicts.push(
      `max parallelism is ${operator.maxParallelism} in the job and ${stored.maxParallelism} in the checkpoint`,
    );
  }
  if (stored.hashId !== operator.hashId) {
    conflicts.push(`keys are divided by ${operator.hashId} in the job and by ${stored.hashId} in the checkpoint`);
  }
  return conflicts;
}

function keyedVerdicts(stored: OperatorInventory, operator: JobOperator, how: Moved): StateVerdict[] {
  const { uid, declared } = operator;
  const hasKeys = isKeyed(operator.kind);
  const verdicts: StateVerdict[] = [];
  if (stored.states.some(({ kind }) => kind === 'timers')) {
    const dropped: Moved = { verdict: 'dropped', detail: 'the operator has no timers in the job' };
    verdicts.push({ uid, what: 'timers', ...(hasKeys ? how : dropped) });
  }
  const states = stored.states.filter(({ kind }) => kind !== 'timers');
  if (declared.kind === 'unknown') {
    const detail = `the function cannot be opened here: ${declared.why}`;
    return [
      ...verdicts,
      ...states.map(({ name }) => ({ uid, what: `state ${name}`, verdict: 'unknown' as const, detail })),
    ];
  }
  const byName = new Map(declared.states.map((state) => [state.name, state]));
  const names = new Set(states.map(({ name }) => name));
  return [
    ...verdicts,
    ...states.map((state) => ({
      uid,
      what: `state ${state.name}`,
      ...stateVerdict(state, byName.get(state.name), how),
    })),
    ...beginning(uid, { states: declared.states.filter(({ name }) => !names.has(name)), lists: [] }),
  ];
}

/** The rules by which state opens (taskmanager/state/state-dictionary.ts). */
function stateVerdict(stored: StateInventory, declared: DeclaredState | undefined, how: Moved): Moved {
  if (declared === undefined) {
    return { verdict: 'dropped', detail: 'the job declares no such state: it is carried along and never read' };
  }
  if (declared.kind !== stored.kind) {
    return {
      verdict: 'incompatible',
      detail: `it is a ${stored.kind} in the checkpoint and a ${declared.kind} in the job`,
    };
  }
  if (declared.serializer !== stored.serializer) {
    const detail = `it was written by ${stored.serializer}, the job reads with ${declared.serializer}`;
    return { verdict: 'incompatible', detail };
  }
  if (declared.version === stored.version) {
    return how;
  }
  const versions = `from version ${stored.version} to ${declared.version}`;
  if (declared.version < stored.version) {
    return { verdict: 'incompatible', detail: `${versions}: the job is older than the checkpoint` };
  }
  return declared.canMigrate
    ? { verdict: 'migrated', detail: how.detail === '' ? versions : `${versions}, ${how.detail}` }
    : { verdict: 'incompatible', detail: `${versions}, and the job has no migrate function` };
}

function listVerdict(uid: string, stored: ListInventory, { declared, kind }: JobOperator, how: Moved): StateVerdict {
  const what = `list ${stored.name}`;
  // Names with a slash are the runtime's own: what an async operator has under way.
  if (stored.name.includes('/')) {
    const dropped: Moved = { verdict: 'dropped', detail: 'the operator is no async one in the job' };
    return { uid, what, ...(kind === 'async' ? how : dropped) };
  }
  if (declared.kind === 'unknown') {
    return { uid, what, verdict: 'unknown', detail: `the function cannot be opened here: ${declared.why}` };
  }
  const found = declared.lists.find(({ name }) => name === stored.name);
  if (found === undefined) {
    return { uid, what, verdict: 'dropped', detail: 'the job declares no such list' };
  }
  if (found.redistribution !== stored.redistribution) {
    const detail = `it is a ${stored.redistribution} list in the checkpoint and a ${found.redistribution} list in the job`;
    return { uid, what, verdict: 'incompatible', detail };
  }
  return { uid, what, ...how };
}

function splitVerdicts(stored: OperatorInventory, { uid, kind }: JobOperator, how: Moved): StateVerdict[] {
  if (stored.splits === 0) {
    return [];
  }
  const dropped: Moved = { verdict: 'dropped', detail: 'the operator is no source in the job' };
  const { verdict, detail } = kind === 'source' ? how : dropped;
  const counted = `${stored.splits} splits, ${stored.finishedSplits} of them read to the end`;
  return [{ uid, what: 'splits', verdict, detail: detail === '' ? counted : `${counted}; ${detail}` }];
}

function droppedWith(stored: OperatorInventory): StateVerdict[] {
  const { uid } = stored;
  const detail = 'the job has no operator of that uid';
  const names = [
    ...(stored.segments > 0
      ? stored.states.map(({ name, kind }) => (kind === 'timers' ? 'timers' : `state ${name}`))
      : []),
    ...stored.lists.map(({ name }) => `list ${name}`),
    ...(stored.splits > 0 ? ['splits'] : []),
  ];
  return [...new Set(names)].map((what) => ({ uid, what, verdict: 'dropped', detail }));
}

function beginning(
  uid: string,
  { states, lists }: { readonly states: readonly DeclaredState[]; readonly lists: readonly DeclaredList[] },
): StateVerdict[] {
  return [...states.map(({ name }) => `state ${name}`), ...lists.map(({ name }) => `list ${name}`)].map((what) => ({
    uid,
    what,
    verdict: 'new',
    detail: '',
  }));
}

function holdsAnything({ segments, lists, splits }: OperatorInventory): boolean {
  return segments > 0 || splits > 0 || lists.some(({ elements }) => elements > 0);
}
