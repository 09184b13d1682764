import type { AssignSplitsDecoded } from '../../proto/generated/nerve/v1/AssignSplits.ts';
import type {
  CoordinatorMessage,
  CoordinatorMessageDecoded,
} from '../../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { Deploy, DeployDecoded } from '../../proto/generated/nerve/v1/Deploy.ts';
import type { JobModule as WireModule } from '../../proto/generated/nerve/v1/JobModule.ts';
import type { JobModuleDecoded } from '../../proto/generated/nerve/v1/JobModule.ts';
import type { RegisterDecoded } from '../../proto/generated/nerve/v1/Register.ts';
import type {
  TaskManagerMessage,
  TaskManagerMessageDecoded,
} from '../../proto/generated/nerve/v1/TaskManagerMessage.ts';
import type { TaskReportDecoded } from '../../proto/generated/nerve/v1/TaskReport.ts';
import type { TaskReport as WireReport } from '../../proto/generated/nerve/v1/TaskReport.ts';
import type {
  AttemptKey,
  Deployment,
  FromCoordinator,
  FromTaskManager,
  JobModule,
  SubtaskKey,
  TaskReport,
  TaskState,
} from '../control/messages.ts';
import {
  parseArtifactHash,
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseOperatorUid,
  parseSlotIndex,
  parseSplitId,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../ids.ts';
import { invariant, required, unreachable } from '../invariant.ts';
import { failureFromWire, failureToWire } from './failure-wire.ts';
import { samplesFromWire, samplesToWire } from './metrics-wire.ts';

/**
 * The control stream's messages to and from protobuf's plain objects. `…FromWire` throws InvariantViolation on a message that
 * breaks the contract: the stream is ended, as after a lost connection.
 */
export interface Envelope<M> {
  /** 1, 2, 3, … within the stream. */
  readonly seq: number;
  /** 0 before any leader was seen. */
  readonly leaderEpoch: bigint;
  readonly message: M;
}

const TASK_STATES: readonly string[] = [
  'initializing',
  'ready',
  'running',
  'finished',
  'failed',
  'cancelled',
] satisfies TaskState[];

export function taskManagerMessageToWire({ seq, leaderEpoch, message }: Envelope<FromTaskManager>): TaskManagerMessage {
  const head = { seq, leaderEpoch: leaderEpoch.toString() };
  switch (message.kind) {
    case 'register':
      return {
        ...head,
        register: {
          taskManagerId: message.taskManager,
          incarnation: message.incarnation,
          dataAddress: message.dataAddress,
          slots: message.slots,
          version: message.version,
          attempts: message.attempts.map(attemptToWire),
        },
      };
    case 'heartbeat':
      return {
        ...head,
        heartbeat: { sentAtMs: Math.round(message.sentAtMs), metrics: samplesToWire(message.metrics) },
      };
    case 'task-report':
      return { ...head, taskReport: reportToWire(message.report) };
    case 'split-request':
      return {
        ...head,
        splitRequest: { ...attemptToWire(message), vertexId: message.vertex, subtask: message.subtask },
      };
    case 'attempt-ended':
      return { ...head, attemptEnded: attemptToWire(message) };
    case 'goodbye':
      return { ...head, goodbye: { reason: message.reason } };
    default:
      return unreachable(message);
  }
}

export function taskManagerMessageFromWire(wire: TaskManagerMessageDecoded): Envelope<FromTaskManager> {
  return { seq: Number(wire.seq), leaderEpoch: BigInt(wire.leaderEpoch), message: fromTaskManager(wire) };
}

export function coordinatorMessageToWire({ seq, leaderEpoch, message }: Envelope<FromCoordinator>): CoordinatorMessage {
  const head = { seq, leaderEpoch: leaderEpoch.toString() };
  switch (message.kind) {
    case 'registered':
      return {
        ...head,
        registered: {
          heartbeatIntervalMs: message.heartbeatIntervalMs,
          heartbeatTimeoutMs: message.heartbeatTimeoutMs,
          cancel: message.cancel.map(attemptToWire),
        },
      };
    case 'refused':
      return { ...head, refused: { code: message.code, message: message.message } };
    case 'heartbeat-ack':
      return { ...head, heartbeatAck: { sentAtMs: Math.round(message.sentAtMs) } };
    case 'deploy':
      return { ...head, deploy: deploymentToWire(message.deployment) };
    case 'start':
      return { ...head, start: attemptToWire(message) };
    case 'cancel':
      return { ...head, cancel: attemptToWire(message) };
    case 'assign-splits':
      return {
        ...head,
        assignSplits: {
          ...attemptToWire(message),
          vertexId: message.vertex,
          subtask: message.subtask,
          assignment: message.assignment,
          splits: message.splits.map(({ id, position }) => ({ id, position })),
          noMore: message.noMore,
        },
      };
    default:
      return unreachable(message);
  }
}

export function coordinatorMessageFromWire(wire: CoordinatorMessageDecoded): Envelope<FromCoordinator> {
  return { seq: Number(wire.seq), leaderEpoch: BigInt(wire.leaderEpoch), message: fromCoordinator(wire) };
}

function fromTaskManager(wire: TaskManagerMessageDecoded): FromTaskManager {
  switch (wire.body) {
    case 'register':
      return registrationFromWire(present(wire.register, 'register'));
    case 'heartbeat': {
      const heartbeat = present(wire.heartbeat, 'heartbeat');
      return { kind: 'heartbeat', sentAtMs: Number(heartbeat.sentAtMs), metrics: samplesFromWire(heartbeat.metrics) };
    }
    case 'taskReport':
      return { kind: 'task-report', report: reportFromWire(present(wire.taskReport, 'task report')) };
    case 'splitRequest': {
      const request = present(wire.splitRequest, 'split request');
      return { kind: 'split-request', ...attemptFromWire(request), ...subtaskFromWire(request) };
    }
    case 'attemptEnded':
      return { kind: 'attempt-ended', ...attemptFromWire(present(wire.attemptEnded, 'attempt ended')) };
    case 'goodbye':
      return { kind: 'goodbye', reason: present(wire.goodbye, 'goodbye').reason };
    case undefined:
      throw unknownBody('task manager');
    default:
      return unreachable(wire.body);
  }
}

function fromCoordinator(wire: CoordinatorMessageDecoded): FromCoordinator {
  switch (wire.body) {
    case 'registered': {
      const { heartbeatIntervalMs, heartbeatTimeoutMs, cancel } = present(wire.registered, 'registered');
      return { kind: 'registered', heartbeatIntervalMs, heartbeatTimeoutMs, cancel: cancel.map(attemptFromWire) };
    }
    case 'refused': {
      const { code, message } = present(wire.refused, 'refused');
      return { kind: 'refused', code, message };
    }
    case 'heartbeatAck':
      return { kind: 'heartbeat-ack', sentAtMs: Number(present(wire.heartbeatAck, 'heartbeat ack').sentAtMs) };
    case 'deploy':
      return { kind: 'deploy', deployment: deploymentFromWire(present(wire.deploy, 'deploy')) };
    case 'start':
      return { kind: 'start', ...attemptFromWire(present(wire.start, 'start')) };
    case 'cancel':
      return { kind: 'cancel', ...attemptFromWire(present(wire.cancel, 'cancel')) };
    case 'assignSplits':
      return assignmentFromWire(present(wire.assignSplits, 'split assignment'));
    case undefined:
      throw unknownBody('coordinator');
    default:
      return unreachable(wire.body);
  }
}

function registrationFromWire(wire: RegisterDecoded): FromTaskManager {
  return {
    kind: 'register',
    taskManager: parseTaskManagerId(wire.taskManagerId),
    incarnation: parseIncarnation(wire.incarnation),
    dataAddress: wire.dataAddress,
    slots: wire.slots,
    version: wire.version,
    attempts: wire.attempts.map(attemptFromWire),
  };
}

function reportToWire(report: TaskReport): WireReport {
  return {
    ...attemptToWire(report),
    vertexId: report.vertex,
    subtask: report.subtask,
    state: report.state,
    ...(report.failure === undefined ? {} : { failure: failureToWire(report.failure) }),
    committables: report.committables.map(({ sink, committables }) => ({
      sinkUid: sink,
      committables: [...committables],
    })),
    metrics: samplesToWire(report.metrics),
  };
}

function reportFromWire(wire: TaskReportDecoded): TaskReport {
  invariant(TASK_STATES.includes(wire.state), `unknown task state "${wire.state}"`);
  const report = {
    ...attemptFromWire(wire),
    ...subtaskFromWire(wire),
    state: wire.state as TaskState,
    committables: wire.committables.map(({ sinkUid, committables }) => ({
      sink: parseOperatorUid(sinkUid),
      committables,
    })),
    metrics: samplesFromWire(wire.metrics),
  };
  return wire.failure === null || wire.failure === undefined
    ? report
    : { ...report, failure: failureFromWire(wire.failure) };
}

function assignmentFromWire(wire: AssignSplitsDecoded): FromCoordinator {
  return {
    kind: 'assign-splits',
    ...attemptFromWire(wire),
    ...subtaskFromWire(wire),
    assignment: Number(wire.assignment),
    splits: wire.splits.map(({ id, position }) => ({ id: parseSplitId(id), position })),
    noMore: wire.noMore,
  };
}

function deploymentToWire(deployment: Deployment): Deploy {
  return {
    ...attemptToWire(deployment),
    module: moduleToWire(deployment.module),
    arguments: { ...deployment.args },
    defaultParallelism: deployment.defaultParallelism,
    maxParallelism: deployment.maxParallelism,
    fingerprint: deployment.fingerprint,
    slots: deployment.slots.map(({ slot, taskManager, slotIndex, dataAddress }) => ({
      slot,
      taskManagerId: taskManager,
      slotIndex,
      dataAddress,
    })),
  };
}

function deploymentFromWire(wire: DeployDecoded): Deployment {
  return {
    ...attemptFromWire(wire),
    module: moduleFromWire(present(wire.module, 'module')),
    args: wire.arguments,
    defaultParallelism: wire.defaultParallelism,
    maxParallelism: wire.maxParallelism,
    fingerprint: wire.fingerprint,
    slots: wire.slots.map(({ slot, taskManagerId, slotIndex, dataAddress }) => ({
      slot,
      taskManager: parseTaskManagerId(taskManagerId),
      slotIndex: parseSlotIndex(slotIndex),
      dataAddress,
    })),
  };
}

function moduleToWire(module: JobModule): WireModule {
  return module.kind === 'artifact' ? { artifactSha256: module.hash } : { path: module.path };
}

function moduleFromWire(wire: JobModuleDecoded): JobModule {
  return wire.at === 'path'
    ? { kind: 'path', path: required(wire.path, 'module path') }
    : { kind: 'artifact', hash: parseArtifactHash(required(wire.artifactSha256, 'artifact hash')) };
}

function attemptToWire({ jobId, attempt }: AttemptKey): { jobId: string; attempt: number } {
  return { jobId, attempt };
}

function attemptFromWire(wire: { readonly jobId: string; readonly attempt: number }): AttemptKey {
  return { jobId: parseJobId(wire.jobId), attempt: parseAttemptNumber(wire.attempt) };
}

function subtaskFromWire(wire: { readonly vertexId: string; readonly subtask: number }): SubtaskKey {
  return { vertex: parseVertexId(wire.vertexId), subtask: parseSubtaskIndex(wire.subtask) };
}

function present<T>(body: T | null | undefined, what: string): T {
  invariant(body !== null && body !== undefined, `a message says it holds a ${what}, but does not`);
  return body;
}

function unknownBody(sender: string): Error {
  return new Error(
    `a message of the ${sender} has no body this version knows: are both processes of the same version?`,
  );
}
