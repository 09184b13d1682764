import type { CheckpointMetadata } from '../../../shared/checkpoint/checkpoint-metadata.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseLeaderEpoch,
  parseSubtaskIndex,
  parseTaskManagerId,
} from '../../../shared/ids.ts';
import type { CheckpointId, TaskManagerId } from '../../../shared/ids.ts';
import { required } from '../../../shared/invariant.ts';
import type { CheckpointStep } from '../checkpoint-draft.ts';
import type { CheckpointEvent, CheckpointPersist, CheckpointPointer, CheckpointSend } from '../checkpoint-events.ts';
import type { CheckpointSettings } from '../checkpoint-settings.ts';
import { checkpointStep } from '../checkpoint-step.ts';
import type { Checkpoints } from '../checkpoints.ts';
import { openCheckpoints } from '../open-checkpoints.ts';
import type { Transition } from './explore-testing.ts';
import { check, committablesIn, formatCommittable } from './protocol-invariants-testing.ts';
import type { ReceivedAcknowledgement } from '../received-acknowledgement.ts';
import { emptySnapshot, JOB, participantsOn, SINK, SINK_UID, SOURCE, SOURCE_UID } from './simulated-job-testing.ts';

/**
 * The checkpoint step with the least world around it, small enough that every order of every event can be tried: two task
 * managers, two checkpoints, one death of the leader (its successor adopts the attempt, and takes one more), one write whose
 * answer is ambiguous. A state is plain data; what may happen next is every message, write or commit that is under way.
 */
export interface ProtocolState {
  readonly leader: Checkpoints;
  readonly revision: bigint;
  readonly leaderEpoch: bigint;
  readonly ids: Stored<bigint>;
  readonly pointer: Stored<CheckpointPointer | undefined>;
  readonly marker: Stored<bigint>;
  readonly objects: readonly CheckpointMetadata[];
  /** Asked for and not answered. `late`: whoever asked has given it up, or is dead, and it may still land. */
  readonly writes: readonly { readonly write: CheckpointPersist; readonly isLate: boolean }[];
  readonly commits: readonly { readonly checkpoint: CheckpointId; readonly all: readonly string[]; isLate: boolean }[];
  readonly down: readonly (readonly ToTaskManager[])[];
  readonly up: readonly (readonly ModelAcknowledgement[])[];
  readonly taskManagers: readonly ModelTaskManager[];
  readonly committed: readonly string[];
  /** By leader, the ids it has triggered; and what anybody was told of as aborted. */
  readonly triggered: readonly { readonly by: bigint; readonly checkpoint: bigint }[];
  readonly aborted: readonly bigint[];
  readonly crashesLeft: number;
  readonly ambiguousLeft: number;
}

interface Stored<V> {
  readonly value: V;
  readonly revision: bigint;
}

interface ModelTaskManager {
  readonly lastTriggered: bigint;
  /** Prepared, and not covered by a marker of which it has heard. */
  readonly prepared: readonly CheckpointId[];
}

interface ModelAcknowledgement {
  readonly checkpoint: CheckpointId;
  /** The checkpoints for which output was prepared that it names. */
  readonly named: readonly CheckpointId[];
}

type ToTaskManager = Extract<CheckpointSend, { kind: 'trigger' | 'complete' | 'abort' | 'announce' }>;

const HOSTS: readonly TaskManagerId[] = [parseTaskManagerId('tm-0'), parseTaskManagerId('tm-1')];
/** Time stands still, but for ticks: at one of them a repeat is due, at the other the next checkpoint. */
const STILL = { now: 0, wallMs: 0 };
const REPEAT = { now: 500, wallMs: 0 };
const DUE = { now: 1e9, wallMs: 0 };
const SETTINGS: CheckpointSettings = {
  intervalMs: 1_000,
  timeoutMs: Number.MAX_SAFE_INTEGER,
  minPauseMs: 0,
  tolerableFailures: 100,
  retained: 1,
  concurrentMax: 2,
  /** So many that a leader reserves once. */
  idBlock: 6,
};

export function firstProtocolState(): ProtocolState {
  const nothing: Omit<ProtocolState, 'leader'> = {
    revision: 1n,
    leaderEpoch: 1n,
    ids: { value: 0n, revision: 0n },
    pointer: { value: undefined, revision: 0n },
    marker: { value: 0n, revision: 0n },
    objects: [],
    writes: [],
    commits: [],
    down: [[], []],
    up: [[], []],
    taskManagers: HOSTS.map(() => ({ lastTriggered: 0n, prepared: [] })),
    committed: [],
    triggered: [],
    aborted: [],
    crashesLeft: 1,
    ambiguousLeft: 1,
  };
  return elect(nothing, 'started');
}

/** `readsBack`: the protocol is broken, an ambiguous answer is resolved by a read (protocol-mutation-testing.ts). */
export function nextProtocolStates(state: ProtocolState, readsBack = false): readonly Transition<ProtocolState>[] {
  return [
    ...deliveries(state),
    ...state.writes.flatMap((_, i) => answersTo(state, i, readsBack)),
    ...state.commits.map((_, i) => commit(state, i)),
    ...tick(state),
    ...crash(state),
  ];
}

/** Nothing is under way: what was prepared for a completed checkpoint is visible, and nothing is half done. */
export function checkProtocolEnd(state: ProtocolState): void {
  check(state.pointer.value?.checkpoint === state.marker.value, 'at the end a pointer has no marker');
  check(state.marker.value > 0n, 'at the end no checkpoint has completed');
  for (const [i, { prepared }] of state.taskManagers.entries()) {
    const uncovered = prepared.filter((id) => id <= state.marker.value);
    check(uncovered.length === 0, `tm-${i} has not heard that its output of ${uncovered.join()} is committed`);
  }
}

function deliveries(state: ProtocolState): Transition<ProtocolState>[] {
  return HOSTS.flatMap((host, i) => {
    const [message, ...messages] = state.down[i] ?? [];
    const [acked, ...acks] = state.up[i] ?? [];
    const down =
      message === undefined
        ? []
        : [
            {
              label: `${host} takes ${message.kind} ${idIn(message)}`,
              to: take(changed(state, { down: replaced(state.down, i, messages) }), i, message),
            },
          ];
    const without = changed(state, { up: replaced(state.up, i, acks) });
    const up =
      acked === undefined
        ? []
        : [
            {
              label: `the leader takes ${host}'s acknowledgement of ${acked.checkpoint}`,
              to: step(without, { kind: 'acknowledged', ack: acknowledgementOf(i, acked) }),
            },
          ];
    return [...down, ...up];
  });
}

function acknowledgementOf(i: number, { checkpoint, named }: ModelAcknowledgement): ReceivedAcknowledgement {
  const taskManager = required(HOSTS[i], 'a task manager');
  const subtask = parseSubtaskIndex(i);
  const committables = named.map((preparedFor) => ({
    committable: formatCommittable(`${taskManager}/${preparedFor}`, 0),
    preparedFor,
    ageMs: 0,
    timeoutMs: undefined,
  }));
  return {
    checkpoint,
    taskManager,
    subtasks: [
      { vertex: SOURCE, subtask, operators: [emptySnapshot(SOURCE_UID)] },
      { vertex: SINK, subtask, operators: [{ ...emptySnapshot(SINK_UID), committables }] },
    ],
  };
}

function take(state: ProtocolState, i: number, message: ToTaskManager): ProtocolState {
  const host = required(state.taskManagers[i], 'a task manager');
  const completed = completedIn(message);
  const prepared = host.prepared.filter((id) => completed === undefined || id > completed);
  if (message.kind !== 'trigger' || message.checkpoint <= host.lastTriggered) {
    return changed(state, { taskManagers: replaced(state.taskManagers, i, { ...host, prepared }) });
  }
  const { checkpoint } = message;
  const named = [...prepared, checkpoint];
  return changed(state, {
    taskManagers: replaced(state.taskManagers, i, { lastTriggered: checkpoint, prepared: named }),
    up: replaced(state.up, i, [...(state.up[i] ?? []), { checkpoint, named }]),
  });
}

function answersTo(state: ProtocolState, i: number, readsBack: boolean): Transition<ProtocolState>[] {
  const { write, isLate } = required(state.writes[i], 'a write');
  const without = changed(state, { writes: state.writes.filter((_, j) => j !== i) });
  const label = write.kind === 'put-object' ? `object ${write.metadata.checkpoint}` : write.record.kind;
  const landed = land(without, write);
  if (isLate) {
    return [{ label: `a late ${label} lands`, to: landed.state }];
  }
  const known = { label: `${label} is answered`, to: step(landed.state, landed.event) };
  if (state.ambiguousLeft === 0) {
    return [known];
  }
  const spent = { ambiguousLeft: state.ambiguousLeft - 1 };
  const ambiguous = ambiguousAnswer(write, readsBack);
  const lateCopy = changed(without, { ...spent, writes: [...without.writes, { write, isLate: true }] });
  return [
    known,
    {
      label: `${label} lands, its answer is lost`,
      to: step(changed(landed.state, spent), readsBack ? landed.event : ambiguous),
    },
    { label: `${label} is delayed, its answer is lost`, to: step(lateCopy, ambiguous) },
  ];
}

function land(
  state: ProtocolState,
  write: CheckpointPersist,
): { readonly state: ProtocolState; readonly event: CheckpointEvent } {
  if (write.kind === 'put-object') {
    const { checkpoint } = write.metadata;
    const objects = state.objects.some((object) => object.checkpoint === checkpoint)
      ? state.objects
      : [...state.objects, write.metadata];
    return {
      state: changed(state, { objects }),
      event: { kind: 'object-answered', checkpoint, answer: { kind: 'created' } },
    };
  }
  const { record } = write;
  const answered = (to: ProtocolState, answer: 'fenced' | bigint): ReturnType<typeof land> => ({
    state: to,
    event: {
      kind: 'record-answered',
      record: record.kind,
      answer: answer === 'fenced' ? { kind: 'fenced' } : { kind: 'done', revision: answer },
    },
  });
  if (write.leaderEpoch !== state.leaderEpoch) {
    return answered(state, 'fenced');
  }
  const revision = state.revision + 1n;
  switch (record.kind) {
    case 'ids':
      return state.ids.value === record.reservedTo
        ? answered(state, state.ids.revision)
        : write.expectedRevision !== state.ids.revision
          ? answered(state, 'fenced')
          : answered(changed(state, { revision, ids: { value: record.reservedTo, revision } }), revision);
    case 'pointer':
      return state.pointer.value?.checkpoint === record.pointer.checkpoint
        ? answered(state, state.pointer.revision)
        : write.expectedRevision !== state.pointer.revision
          ? answered(state, 'fenced')
          : answered(withPointer(changed(state, { revision }), record.pointer), revision);
    case 'marker':
      return state.marker.value === record.checkpoint
        ? answered(state, state.marker.revision)
        : write.expectedRevision !== state.marker.revision
          ? answered(state, 'fenced')
          : answered(withMarker(changed(state, { revision }), record.checkpoint), revision);
    case 'terminal':
      throw new Error('no job stops here');
  }
}

function withPointer(state: ProtocolState, pointer: CheckpointPointer): ProtocolState {
  const before = state.pointer.value?.checkpoint ?? 0n;
  check(pointer.checkpoint > before, `pointer ${pointer.checkpoint} is not higher than ${before}`);
  check(before === state.marker.value, `pointer ${pointer.checkpoint} before the marker of ${before}`);
  check(!state.aborted.includes(pointer.checkpoint), `aborted checkpoint ${pointer.checkpoint} has a pointer`);
  check(metadataOf(state, pointer) !== undefined, `the metadata of checkpoint ${pointer.checkpoint} is not there`);
  return changed(state, { pointer: { value: pointer, revision: state.revision } });
}

function withMarker(state: ProtocolState, checkpoint: CheckpointId): ProtocolState {
  const { value: pointer } = state.pointer;
  check(pointer?.checkpoint === checkpoint, `marker ${checkpoint} without its pointer`);
  for (const committable of committablesIn(required(metadataOf(state, pointer), 'the metadata'))) {
    check(state.committed.includes(committable), `marker ${checkpoint}, but ${committable} is not committed`);
  }
  return changed(state, { marker: { value: checkpoint, revision: state.revision } });
}

function commit(state: ProtocolState, i: number): Transition<ProtocolState> {
  const { checkpoint, all, isLate } = required(state.commits[i], 'a commit');
  const pointer = required(state.pointer.value, `a pointer before the commits of ${checkpoint}`);
  if (pointer.checkpoint === checkpoint) {
    const named = committablesIn(required(metadataOf(state, pointer), 'the metadata'));
    for (const committable of all) {
      check(named.includes(committable), `${committable} is committed, and the pointer does not name it`);
    }
  }
  const fresh = all.filter((committable) => !state.committed.includes(committable));
  // A late copy finds everything committed: its successor could not have written the marker before.
  check(pointer.checkpoint === checkpoint || fresh.length === 0, `${fresh.join()} is committed behind its marker`);
  const next = changed(state, {
    commits: state.commits.filter((_, j) => j !== i),
    committed: [...state.committed, ...fresh],
  });
  return { label: `commits of ${checkpoint}`, to: isLate ? next : step(next, { kind: 'committed', checkpoint }) };
}

/** Of use only to repeat a write, or to trigger the next checkpoint. */
function tick(state: ProtocolState): Transition<ProtocolState>[] {
  const { ids, completing } = state.leader;
  if (ids.reserving?.write.kind === 'ambiguous' || isAmbiguous(completing)) {
    return [{ label: 'a write is repeated', to: step(state, { kind: 'tick' }, REPEAT) }];
  }
  const to = tookOf(state) >= checkpointsOf(state) ? state : step(state, { kind: 'tick' }, DUE);
  return tookOf(to) > tookOf(state) ? [{ label: 'the next checkpoint is due', to }] : [];
}

function tookOf({ triggered, leaderEpoch }: ProtocolState): number {
  return triggered.filter(({ by }) => by === leaderEpoch).length;
}

/** Two of the first leader, one of its successor. */
function checkpointsOf({ crashesLeft }: ProtocolState): number {
  return 1 + crashesLeft;
}

function isAmbiguous(completing: Checkpoints['completing']): boolean {
  return completing !== undefined && completing.stage.kind !== 'commits' && completing.stage.write.kind === 'ambiguous';
}

/** The leader dies. What it asked for may still land; what was on its streams is lost. */
function crash(state: ProtocolState): Transition<ProtocolState>[] {
  if (state.crashesLeft === 0) {
    return [];
  }
  const orphaned = changed(state, {
    crashesLeft: state.crashesLeft - 1,
    writes: state.writes.map(({ write }) => ({ write, isLate: true })),
    commits: state.commits.map((asked) => ({ ...asked, isLate: true })),
    down: [[], []],
    up: [[], []],
  });
  return [{ label: 'the leader dies; its successor adopts the attempt', to: elect(orphaned, 'adopted') }];
}

function elect(state: Omit<ProtocolState, 'leader'>, how: 'started' | 'adopted'): ProtocolState {
  const leaderEpoch = state.revision + 1n;
  const elected = { ...state, revision: leaderEpoch, leaderEpoch };
  const { value: pointer, revision } = elected.pointer;
  const metadata = pointer === undefined ? undefined : metadataOf(elected, pointer);
  const identity = {
    jobId: JOB,
    attempt: parseAttemptNumber(1),
    leaderEpoch: parseLeaderEpoch(leaderEpoch),
    attemptRevision: 1n,
    lineage: 'l',
    fingerprint: 'f',
    artifact: 'a',
  };
  const stored = {
    reservedTo: elected.ids.value,
    pointer: pointer === undefined || metadata === undefined ? undefined : { pointer, metadata },
    marker: elected.marker.revision === 0n ? undefined : elected.marker.value,
    revisions: { ids: elected.ids.revision, pointer: revision, marker: elected.marker.revision },
  };
  const opened = openCheckpoints(identity, SETTINGS, stored, STILL);
  return perform({ ...elected, leader: opened.state }, opened, how);
}

function step(state: ProtocolState, event: CheckpointEvent, context = STILL): ProtocolState {
  return perform(state, checkpointStep(state.leader, event, context), 'adopted');
}

function perform(
  state: ProtocolState,
  { state: leader, persist, send }: CheckpointStep,
  how: 'started' | 'adopted',
): ProtocolState {
  const asked = persist.map((write) => ({ write, isLate: false }));
  let next = changed(state, { leader, writes: [...state.writes, ...asked] });
  for (const effect of send) {
    next = performSend(next, effect, how);
  }
  return next;
}

function performSend(state: ProtocolState, send: CheckpointSend, how: 'started' | 'adopted'): ProtocolState {
  switch (send.kind) {
    case 'ready':
      return step(state, { kind: how, participants: participantsOn(HOSTS) });
    case 'trigger': {
      const { checkpoint } = send;
      const by = state.triggered.find((other) => other.checkpoint === checkpoint)?.by ?? state.leaderEpoch;
      check(by === state.leaderEpoch, `checkpoint id ${checkpoint} is used by two leaders`);
      const isNews = !state.triggered.some((other) => other.checkpoint === checkpoint);
      const triggered = isNews ? [...state.triggered, { by, checkpoint }] : state.triggered;
      return tell(changed(state, { triggered }), send);
    }
    case 'complete':
      check(state.marker.value >= send.checkpoint, `checkpoint ${send.checkpoint} is announced without its marker`);
      return tell(state, send);
    case 'abort': {
      const { checkpoint } = send;
      check(state.pointer.value?.checkpoint !== checkpoint, `checkpoint ${checkpoint} is aborted behind its pointer`);
      return tell(changed(state, { aborted: [...new Set([...state.aborted, checkpoint])] }), send);
    }
    case 'announce':
      return tell(state, send);
    case 'commit': {
      const all = send.committables.flatMap(({ committables }) => committables);
      return changed(state, { commits: [...state.commits, { checkpoint: send.checkpoint, all, isLate: false }] });
    }
    case 'restart-attempt':
    case 'fail-job':
      throw new Error(`the attempt does not go on: ${send.failure.message}`);
    case 'fenced':
      throw new Error('the leader is fenced, though nobody else was elected');
    default:
      return state;
  }
}

function tell(state: ProtocolState, message: ToTaskManager): ProtocolState {
  const i = HOSTS.indexOf(message.to);
  return changed(state, { down: replaced(state.down, i, [...(state.down[i] ?? []), message]) });
}

function ambiguousAnswer(write: CheckpointPersist, readsBack: boolean): CheckpointEvent {
  const failure = { code: 'not-there', reaction: 'retry', message: 'a read found nothing' } as const;
  const answer = readsBack ? ({ kind: 'refused', failure } as const) : ({ kind: 'ambiguous' } as const);
  return write.kind === 'put-object'
    ? { kind: 'object-answered', checkpoint: write.metadata.checkpoint, answer }
    : { kind: 'record-answered', record: write.record.kind, answer };
}

function metadataOf(
  { objects }: Pick<ProtocolState, 'objects'>,
  { checkpoint, leaderEpoch }: CheckpointPointer,
): CheckpointMetadata | undefined {
  return objects.find((object) => object.checkpoint === checkpoint && object.leaderEpoch === leaderEpoch);
}

function completedIn(message: ToTaskManager): CheckpointId | undefined {
  switch (message.kind) {
    case 'trigger':
    case 'announce':
      return message.completed;
    case 'complete':
      return message.checkpoint;
    case 'abort':
      return undefined;
  }
}

function idIn(message: ToTaskManager): string {
  return message.kind === 'announce' ? '' : String(parseCheckpointId(message.checkpoint));
}

function changed(state: ProtocolState, change: Partial<ProtocolState>): ProtocolState {
  return { ...state, ...change };
}

function replaced<T>(all: readonly T[], i: number, value: T): readonly T[] {
  return all.map((other, j) => (j === i ? value : other));
}
