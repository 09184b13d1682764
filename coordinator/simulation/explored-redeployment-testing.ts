import type { AttemptReport, Deployment, FromCoordinator } from '../../shared/control/messages.ts';
import {
  parseIncarnation,
  parseJobId,
  parseLeaderEpoch,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import type { AttemptNumber, CheckpointId } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Transition } from '../checkpoints/simulation/explore-testing.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { Job } from '../jobs/job.ts';
import { shapeSpec, shapeSpecAt } from '../jobs/shape-spec.ts';
import type { KernelContext, KernelEvent, KernelSend, KernelStep } from '../kernel/kernel-events.ts';
import { EMPTY_KERNEL } from '../kernel/kernel-state.ts';
import type { KernelSettings, KernelState } from '../kernel/kernel-state.ts';
import { kernelStep } from '../kernel/kernel-step.ts';
import { SETTINGS, snapshotOf, specOf, vertexOf } from '../kernel/kernel-testing.ts';
import { recoverKernel } from '../kernel/recover-kernel.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { SimulatedRecords } from './simulated-records-testing.ts';

/**
 * The kernel with the least world around it in which a job can be redeployed, small enough that every order of every event can be
 * tried: one job, two task managers of one slot, one order to rescale or one task manager more, one that is asked to end, one death of
 * the leader before or behind a write. Stores and committers answer at once; what task managers say and hear comes in any order.
 *
 * E1  No attempt begins while anything runs of another that its leader has deployed or adopted. What is left of one under an earlier
 *     leader is condemned, abandoned by the sinks, and told to end when it is heard of.
 * E2  An attempt begins with the last checkpoint whose pointer is durable when it is deployed.
 * E3  Who was told that the redeployment has begun finds the job at its new parallelism in the end, also under another leader; who was
 *     refused, or heard nothing, finds it as it was, or, when the leader died meanwhile, as asked.
 * E4  In the end the job runs as its record says, unless there are too few slots for it, and nothing runs on who has left.
 */
export interface RedeploymentWorld {
  /** Undefined: nobody leads. */
  readonly kernel: KernelState | undefined;
  readonly records: SimulatedRecords;
  readonly epoch: bigint;
  readonly now: number;
  readonly taskManagers: readonly ModelTaskManager[];
  /** Drawings that are under way. */
  readonly shapings: readonly Extract<KernelSend, { kind: 'shape-job' }>[];
  readonly left: Budget;
  readonly order: 'not-given' | 'unanswered' | 'begun' | 'refused';
  readonly hasDied: boolean;
}

interface Budget {
  readonly orders: number;
  readonly drains: number;
  readonly deaths: number;
  readonly ticks: number;
}

interface ModelTaskManager {
  readonly isThere: boolean;
  readonly isDraining: boolean;
  readonly hasRegistered: boolean;
  readonly attempts: readonly ModelAttempt[];
  readonly down: readonly FromCoordinator[];
  readonly up: readonly KernelEvent[];
}

interface ModelAttempt {
  readonly number: AttemptNumber;
  readonly fingerprint: string;
  readonly subtasks: readonly number[];
  readonly isStarted: boolean;
  /** The last leader that deployed or adopted it. */
  readonly epoch: bigint;
}

/** What a protocol forgets that is broken. */
export type RedeploymentMutation = 'record-not-written' | 'end-before-it-is-over';

export interface RedeploymentScenario {
  readonly from: number;
  /** Undefined: the job is reactive, and the second task manager comes later. */
  readonly to: number | undefined;
  readonly left: Budget;
  readonly mutation?: RedeploymentMutation;
}

const NAME = 'j';
const JOB = parseJobId(NAME);
const BOUNDS = { least: 1, most: 2 };
const NEVER_MS = 1e12;
const SETTINGS_HERE: KernelSettings = {
  ...SETTINGS,
  heartbeatTimeoutMs: NEVER_MS,
  deployTimeoutMs: NEVER_MS,
  endTimeoutMs: NEVER_MS,
  adoptionTimeoutMs: NEVER_MS,
  scaling: { cooldownMs: 0, stabilizationMs: 0, failedCheckpointsMax: 1 },
};

/** The job runs; whatever may happen has not begun. */
export function firstWorld({ from, to, left }: RedeploymentScenario): RedeploymentWorld {
  const isReactive = to === undefined;
  const taskManager = { isThere: true, isDraining: false, hasRegistered: false, attempts: [], down: [], up: [] };
  let world: RedeploymentWorld = {
    kernel: EMPTY_KERNEL,
    records: new SimulatedRecords(),
    epoch: 1n,
    now: 0,
    taskManagers: [taskManager, taskManager],
    shapings: [],
    left,
    order: 'not-given',
    hasDied: false,
  };
  world = register(world, 0);
  world = isReactive ? world : register(world, 1);
  const spec = isReactive ? shapeSpecAt(draw, BOUNDS, 1) : draw(from);
  world = takeIn(world, { kind: 'submit', request: 1, spec });
  for (let settled = false; !settled;) {
    const [next] = deliveries(world, undefined);
    settled = next === undefined;
    world = next?.to ?? world;
  }
  invariant(jobIn(world)?.kind === 'running', 'the job runs at the beginning');
  return world;
}

export function nextWorlds(world: RedeploymentWorld, scenario: RedeploymentScenario): Transition<RedeploymentWorld>[] {
  const { mutation } = scenario;
  return [
    ...deliveries(world, mutation),
    ...world.shapings.map((_, i) => shaped(world, i)),
    ...order(world, scenario),
    ...drain(world),
    ...tick(world),
    ...death(world),
  ];
}

/** Nothing is under way (E3, E4). */
export function checkEnd(world: RedeploymentWorld, { from, to }: RedeploymentScenario): void {
  const job = required(jobIn(world), 'the job');
  const present = world.taskManagers.filter(({ isThere, hasRegistered }) => isThere && hasRegistered).length;
  const parallelism = job.spec.defaultParallelism;
  if (to !== undefined) {
    const isAsked = world.order === 'begun' || (world.hasDied && world.order === 'unanswered' && parallelism === to);
    invariant(parallelism === (isAsked ? to : from), `E3: at ${parallelism}, though the order was ${world.order}`);
  }
  const enough = job.spec.slotsNeeded <= present;
  invariant(job.kind === (enough ? 'running' : 'waiting-for-slots'), `E4: it is ${job.kind} in the end`);
  const running = world.taskManagers.flatMap(({ attempts }) => attempts.flatMap(({ subtasks }) => subtasks));
  const expected = enough ? job.spec.slotsNeeded : 0;
  invariant(running.length === expected, `E4: ${running.length} subtasks run, not ${expected}`);
}

function deliveries(
  world: RedeploymentWorld,
  mutation: RedeploymentMutation | undefined,
): Transition<RedeploymentWorld>[] {
  return world.taskManagers.flatMap((taskManager, i) => {
    const [message, ...down] = taskManager.down;
    const [event, ...up] = taskManager.up;
    const heard =
      message === undefined
        ? []
        : [{ label: `tm-${i} takes ${message.kind}`, to: hear(changed(world, i, { down }), i, message, mutation) }];
    if (event === undefined || world.kernel === undefined) {
      return heard;
    }
    return [
      ...heard,
      ...withDeath(changed(world, i, { up }), event, { label: `the leader hears ${event.kind} of tm-${i}`, mutation }),
    ];
  });
}

/** An event, taken whole; or the leader dies of it, behind its write. (That it dies before it is a death before the event.) */
function withDeath(
  world: RedeploymentWorld,
  event: KernelEvent,
  { label, mutation }: { readonly label: string; readonly mutation: RedeploymentMutation | undefined },
): Transition<RedeploymentWorld>[] {
  const whole = { label, to: takeIn(world, event, { mutation }) };
  return world.left.deaths === 0
    ? [whole]
    : [
        whole,
        { label: `${label}, and dies behind the write`, to: die(takeIn(world, event, { mutation, dies: true })) },
      ];
}

function hear(
  world: RedeploymentWorld,
  i: number,
  message: FromCoordinator,
  mutation: RedeploymentMutation | undefined,
): RedeploymentWorld {
  const taskManager = required(world.taskManagers[i], 'a task manager');
  const { attempts } = taskManager;
  switch (message.kind) {
    case 'deploy':
      return deployed(world, i, message.deployment);
    case 'start':
      return changed(world, i, {
        attempts: attempts.map((each) => (each.number === message.attempt ? { ...each, isStarted: true } : each)),
      });
    case 'cancel':
      return mutation === 'end-before-it-is-over'
        ? saying(world, i, [ended(world, i, message.attempt)])
        : endedOn(world, i, [message.attempt]);
    case 'registered':
      return endedOn(
        world,
        i,
        message.cancel.map(({ attempt }) => attempt),
      );
    case 'trigger-checkpoint': {
      const mine = attempts.find(({ number }) => number === message.attempt);
      return mine === undefined ? world : saying(world, i, [acknowledgement(world, i, mine, message.checkpoint)]);
    }
    default:
      return world;
  }
}

function deployed(world: RedeploymentWorld, i: number, { attempt, slots, fingerprint }: Deployment): RedeploymentWorld {
  const others = world.taskManagers.flatMap(({ attempts }) =>
    attempts.filter((each) => each.number !== attempt && each.epoch === world.epoch),
  );
  invariant(others.length === 0, `E1: attempt ${attempt} begins while attempt ${others[0]?.number ?? 0} runs`);
  const subtasks = slots.flatMap(({ slot, taskManager }) => (taskManager === idOf(i) ? [slot] : []));
  const taskManager = required(world.taskManagers[i], 'a task manager');
  const attempts = [
    ...taskManager.attempts,
    { number: attempt, fingerprint, subtasks, isStarted: false, epoch: world.epoch },
  ];
  const reports = subtasks.map((slot): KernelEvent => ({
    kind: 'task-report',
    connection: connectionOf(world, i),
    report: {
      jobId: JOB,
      attempt,
      vertex: parseVertexId('v'),
      subtask: parseSubtaskIndex(slot),
      state: 'ready',
      metrics: [],
    },
  }));
  return saying(changed(world, i, { attempts }), i, reports);
}

/** It ends what runs of these attempts, and goes when it is to and nothing runs any more. */
function endedOn(world: RedeploymentWorld, i: number, numbers: readonly AttemptNumber[]): RedeploymentWorld {
  const { attempts, isDraining } = required(world.taskManagers[i], 'a task manager');
  const over = attempts.filter(({ number }) => numbers.includes(number));
  const kept = attempts.filter(({ number }) => !numbers.includes(number));
  const said = over.map(({ number }) => ended(world, i, number));
  const isLeaving = isDraining && kept.length === 0 && over.length > 0;
  const bye: KernelEvent = { kind: 'goodbye', connection: connectionOf(world, i), reason: 'it was asked to' };
  const left = saying(changed(world, i, { attempts: kept }), i, isLeaving ? [...said, bye] : said);
  return isLeaving ? changed(left, i, { isThere: false }) : left;
}

function ended(world: RedeploymentWorld, i: number, attempt: AttemptNumber): KernelEvent {
  return { kind: 'attempt-ended', connection: connectionOf(world, i), jobId: JOB, attempt };
}

function acknowledgement(
  world: RedeploymentWorld,
  i: number,
  { number, subtasks }: ModelAttempt,
  checkpoint: CheckpointId,
): KernelEvent {
  const ack = { checkpoint, subtasks: subtasks.map((slot) => snapshotOf(slot, {})) };
  return { kind: 'acknowledge-checkpoint', connection: connectionOf(world, i), jobId: JOB, attempt: number, ack };
}

function order(world: RedeploymentWorld, { to, mutation }: RedeploymentScenario): Transition<RedeploymentWorld>[] {
  if (world.left.orders === 0 || world.kernel === undefined) {
    return [];
  }
  const without = spent(world, 'orders');
  if (to === undefined) {
    return [{ label: 'tm-1 comes', to: register(without, 1) }];
  }
  const event: KernelEvent = { kind: 'redeploy', jobId: JOB, request: 9, spec: draw(to), purpose: 'asked-for' };
  return withDeath({ ...without, order: 'unanswered' }, event, { label: `the job is to run at ${to}`, mutation });
}

function drain(world: RedeploymentWorld): Transition<RedeploymentWorld>[] {
  const { isThere, hasRegistered } = required(world.taskManagers[0], 'a task manager');
  if (world.left.drains === 0 || !isThere || !hasRegistered || world.kernel === undefined) {
    return [];
  }
  const draining: KernelEvent = { kind: 'draining', connection: connectionOf(world, 0) };
  const to = saying(changed(spent(world, 'drains'), 0, { isDraining: true }), 0, [draining]);
  return [{ label: 'tm-0 is asked to end', to }];
}

/** Time passes as far as a checkpoint needs; without end while somebody waits for one. */
function tick(world: RedeploymentWorld): Transition<RedeploymentWorld>[] {
  if (world.kernel === undefined || world.left.ticks === 0) {
    return [];
  }
  const later = { ...spent(world, 'ticks'), now: world.now + 1_000 };
  return [{ label: 'a second passes', to: takeIn(later, { kind: 'tick', heard: new Map() }) }];
}

function death(world: RedeploymentWorld): Transition<RedeploymentWorld>[] {
  if (world.kernel === undefined) {
    return [{ label: 'another leads', to: elect(world) }];
  }
  return world.left.deaths === 0 ? [] : [{ label: 'the leader dies', to: die(world) }];
}

/** What was on its way to it or from it is lost. */
function die(world: RedeploymentWorld): RedeploymentWorld {
  const taskManagers = world.taskManagers.map((each) => ({ ...each, down: [], up: [] }));
  return { ...spent(world, 'deaths'), kernel: undefined, taskManagers, shapings: [], hasDied: true };
}

function elect(world: RedeploymentWorld): RedeploymentWorld {
  const epoch = world.epoch + 1n;
  const records = world.records.copy();
  records.raise(epoch);
  const led = { ...world, epoch, records, kernel: EMPTY_KERNEL };
  const recovered = perform(led, recoverKernel(records.load(), contextOf(led)), {});
  return world.taskManagers.reduce((next, { isThere, hasRegistered, isDraining }, i) => {
    if (!isThere || !hasRegistered) {
      return next;
    }
    const again: KernelEvent[] = isDraining ? [{ kind: 'draining', connection: connectionOf(next, i) }] : [];
    return saying(next, i, [registration(next, i), ...again]);
  }, recovered);
}

function register(world: RedeploymentWorld, i: number): RedeploymentWorld {
  return saying(changed(world, i, { hasRegistered: true }), i, [registration(world, i)]);
}

function registration(world: RedeploymentWorld, i: number): KernelEvent {
  const { attempts } = required(world.taskManagers[i], 'a task manager');
  return {
    kind: 'register',
    connection: connectionOf(world, i),
    registration: {
      taskManager: idOf(i),
      incarnation: parseIncarnation(`i${i}`),
      dataAddress: `host:${i}`,
      slots: 1,
      version: '1',
      attempts: attempts.map((attempt) => reportOf(attempt)),
    },
  };
}

function reportOf({ number, fingerprint, subtasks, isStarted }: ModelAttempt): AttemptReport {
  return {
    jobId: JOB,
    attempt: number,
    phase: isStarted ? 'running' : 'preparing',
    fingerprint,
    module: draw(1).module,
    deployedBy: parseLeaderEpoch(1n),
    completed: undefined,
    subtasks: subtasks.map((slot) => ({
      vertex: parseVertexId('v'),
      subtask: parseSubtaskIndex(slot),
      state: isStarted ? 'running' : 'ready',
      slot,
      assignment: 0,
      splits: [],
    })),
  };
}

function shaped(world: RedeploymentWorld, i: number): Transition<RedeploymentWorld> {
  const { jobId, slots, spec } = required(world.shapings[i], 'a drawing');
  const without = { ...world, shapings: world.shapings.filter((_, other) => other !== i) };
  const event: KernelEvent = { kind: 'job-shaped', jobId, slots, of: spec, spec: shapeSpec(draw, BOUNDS, slots) };
  return { label: `the job is drawn for ${slots} slots`, to: takeIn(without, event) };
}

interface Taking {
  readonly mutation?: RedeploymentMutation | undefined;
  /** Of the first step that writes, nothing is sent, and nothing comes after it. */
  readonly dies?: boolean;
}

/** One event, and all that stores and committers answer to it. */
function takeIn(world: RedeploymentWorld, event: KernelEvent, how: Taking = {}): RedeploymentWorld {
  const { kernel } = world;
  return kernel === undefined ? world : perform(world, kernelStep(kernel, event, contextOf(world)), how);
}

function perform(world: RedeploymentWorld, step: KernelStep, how: Taking): RedeploymentWorld {
  const records = world.records.copy();
  const persist = step.persist.filter(
    (effect) =>
      !(
        how.mutation === 'record-not-written' &&
        effect.kind === 'put-job' &&
        effect.record.state === 'restarting' &&
        world.order === 'unanswered'
      ),
  );
  const answers = [...records.persist(persist)];
  let next: RedeploymentWorld = { ...world, kernel: step.state, records };
  if (how.dies === true) {
    return next;
  }
  for (const effect of step.send) {
    if (effect.kind === 'message') {
      next = told(next, effect.connection, effect.message);
    } else if (effect.kind === 'shape-job') {
      next = { ...next, shapings: [...next.shapings, effect] };
    } else if (effect.kind === 'answer-redeploy') {
      next = { ...next, order: effect.answer.kind };
    } else if (effect.kind === 'close-connection') {
      next = closed(next, effect.connection);
    } else {
      answers.push(...answersTo(effect, records));
    }
  }
  return answers.reduce((after, answer) => takeIn(after, answer, how), withAdopted(next));
}

function withAdopted(world: RedeploymentWorld): RedeploymentWorld {
  const job = jobIn(world);
  if (job?.kind !== 'running') {
    return world;
  }
  const { number } = job.run;
  const taskManagers = world.taskManagers.map((each) => ({
    ...each,
    attempts: each.attempts.map((attempt) =>
      attempt.number === number ? { ...attempt, epoch: world.epoch } : attempt,
    ),
  }));
  return { ...world, taskManagers };
}

function answersTo(effect: KernelSend, records: SimulatedRecords): readonly KernelEvent[] {
  switch (effect.kind) {
    case 'raise':
      return [effect.event];
    case 'write-checkpoint':
      return [records.write(effect)];
    case 'abandon': {
      const { jobId, sink, tries, attempt } = effect;
      return [{ kind: 'abandoned', jobId, attempt: attempt.attempt, sink, tries }];
    }
    case 'discover':
      return [{ kind: 'discovered', jobId: JOB, vertex: effect.vertex, discovery: { splits: [], isComplete: true } }];
    default:
      return [];
  }
}

/** E2 */
function told(world: RedeploymentWorld, connection: ConnectionId, message: FromCoordinator): RedeploymentWorld {
  if (message.kind === 'deploy') {
    const pointer = world.records.load().jobs[0]?.stored.pointer?.pointer.checkpoint;
    const restored = message.deployment.checkpointing.restore?.checkpoint;
    invariant(
      restored === pointer,
      `E2: it begins with checkpoint ${restored ?? 0n}, the last one is ${pointer ?? 0n}`,
    );
  }
  return isHeeded(message) ? sent(world, connection, message) : world;
}

/** What else it is told it has no use for: the space is kept small. */
function isHeeded(message: FromCoordinator): boolean {
  return message.kind === 'registered' ? message.cancel.length > 0 : HEEDED.has(message.kind);
}

const HEEDED: ReadonlySet<FromCoordinator['kind']> = new Set(['deploy', 'start', 'cancel', 'trigger-checkpoint']);

function sent(world: RedeploymentWorld, connection: ConnectionId, message: FromCoordinator): RedeploymentWorld {
  return world.taskManagers.reduce((next, taskManager, i) => {
    const isTo = connectionOf(world, i) === connection && taskManager.isThere;
    return isTo ? changed(next, i, { down: [...taskManager.down, message] }) : next;
  }, world);
}

/** It is a member no more: it ends, and with it what runs there. */
function closed(world: RedeploymentWorld, connection: ConnectionId): RedeploymentWorld {
  return world.taskManagers.reduce((next, _, i) => {
    const isIt = connectionOf(world, i) === connection;
    return isIt ? changed(next, i, { isThere: false, attempts: [], down: [], up: [] }) : next;
  }, world);
}

function draw(parallelism: number): JobSpec {
  return specOf(NAME, {
    defaultParallelism: parallelism,
    fingerprint: `f${parallelism}`,
    slotsNeeded: parallelism,
    vertices: [vertexOf(parallelism)],
  });
}

function jobIn({ kernel }: RedeploymentWorld): Job | undefined {
  return kernel?.jobs.get(JOB);
}

function contextOf({ now, epoch }: RedeploymentWorld): KernelContext {
  return { now, wallMs: now, random: seededRandom(1), epoch: parseLeaderEpoch(epoch), settings: SETTINGS_HERE };
}

function idOf(i: number): ReturnType<typeof parseTaskManagerId> {
  return parseTaskManagerId(`tm-${i}`);
}

/** Another one with each leader. */
function connectionOf({ epoch }: RedeploymentWorld, i: number): ConnectionId {
  return parseConnectionId(Number(epoch) * 10 + i);
}

function changed(world: RedeploymentWorld, i: number, change: Partial<ModelTaskManager>): RedeploymentWorld {
  const taskManagers = world.taskManagers.map((each, other) => (other === i ? { ...each, ...change } : each));
  return { ...world, taskManagers };
}

function saying(world: RedeploymentWorld, i: number, events: readonly KernelEvent[]): RedeploymentWorld {
  const { up } = required(world.taskManagers[i], 'a task manager');
  return changed(world, i, { up: [...up, ...events] });
}

function spent(world: RedeploymentWorld, what: keyof Budget): RedeploymentWorld {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}
