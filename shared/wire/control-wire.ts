import type { AssignSplitsDecoded } from '../../proto/generated/nerve/v1/AssignSplits.ts';
import type {
  CoordinatorMessage,
  CoordinatorMessageDecoded,
} from '../../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { RegisterDecoded } from '../../proto/generated/nerve/v1/Register.ts';
import type {
  TaskManagerMessage,
  TaskManagerMessageDecoded,
} from '../../proto/generated/nerve/v1/TaskManagerMessage.ts';
import type { FromCoordinator, FromTaskManager } from '../control/messages.ts';
import { parseIncarnation, parseSplitId, parseTaskManagerId } from '../ids.ts';
import { unreachable } from '../invariant.ts';
import { acknowledgementFromWire, acknowledgementToWire } from './acknowledgement-wire.ts';
import { attemptReportFromWire, attemptReportToWire } from './attempt-report-wire.ts';
import {
  announceFromWire,
  announceToWire,
  checkpointKeyFromWire,
  checkpointKeyToWire,
  declineFromWire,
  declineToWire,
  progressFromWire,
  progressToWire,
  triggerFromWire,
  triggerToWire,
} from './checkpoint-wire.ts';
import { deploymentFromWire, deploymentToWire } from './deployment-wire.ts';
import { failureFromWire, failureToWire } from './failure-wire.ts';
import { attemptFromWire, attemptToWire, present, subtaskFromWire } from './keys-wire.ts';
import { samplesFromWire, samplesToWire } from './metrics-wire.ts';
import { reportFromWire, reportToWire } from './task-report-wire.ts';

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
          attempts: message.attempts.map(attemptReportToWire),
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
    case 'attempt-failed':
      return { ...head, attemptFailed: { ...attemptToWire(message), failure: failureToWire(message.failure) } };
    case 'attempt-ended':
      return { ...head, attemptEnded: attemptToWire(message) };
    case 'acknowledge-checkpoint':
      return { ...head, acknowledgeCheckpoint: acknowledgementToWire(message, message.ack) };
    case 'decline-checkpoint':
      return { ...head, declineCheckpoint: declineToWire(message) };
    case 'checkpoint-progress':
      return { ...head, checkpointProgress: progressToWire(message) };
    case 'checkpoint-wanted':
      return { ...head, checkpointWanted: attemptToWire(message) };
    case 'draining':
      return { ...head, draining: {} };
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
    case 'trigger-checkpoint':
      return { ...head, triggerCheckpoint: triggerToWire(message) };
    case 'checkpoint-completed':
      return { ...head, checkpointCompleted: checkpointKeyToWire(message) };
    case 'checkpoint-aborted':
      return { ...head, checkpointAborted: checkpointKeyToWire(message) };
    case 'announce-checkpoints':
      return { ...head, announceCheckpoints: announceToWire(message) };
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
    case 'attemptFailed': {
      const failed = present(wire.attemptFailed, 'attempt failed');
      return {
        kind: 'attempt-failed',
        ...attemptFromWire(failed),
        failure: failureFromWire(present(failed.failure, 'failure')),
      };
    }
    case 'attemptEnded':
      return { kind: 'attempt-ended', ...attemptFromWire(present(wire.attemptEnded, 'attempt ended')) };
    case 'acknowledgeCheckpoint':
      return {
        kind: 'acknowledge-checkpoint',
        ...acknowledgementFromWire(present(wire.acknowledgeCheckpoint, 'acknowledgement')),
      };
    case 'declineCheckpoint':
      return declineFromWire(present(wire.declineCheckpoint, 'decline'));
    case 'checkpointProgress':
      return progressFromWire(present(wire.checkpointProgress, 'progress'));
    case 'checkpointWanted':
      return { kind: 'checkpoint-wanted', ...attemptFromWire(present(wire.checkpointWanted, 'wish')) };
    case 'draining':
      return { kind: 'draining' };
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
    case 'triggerCheckpoint':
      return triggerFromWire(present(wire.triggerCheckpoint, 'trigger'));
    case 'checkpointCompleted':
      return {
        kind: 'checkpoint-completed',
        ...checkpointKeyFromWire(present(wire.checkpointCompleted, 'completed checkpoint')),
      };
    case 'checkpointAborted':
      return {
        kind: 'checkpoint-aborted',
        ...checkpointKeyFromWire(present(wire.checkpointAborted, 'aborted checkpoint')),
      };
    case 'announceCheckpoints':
      return announceFromWire(present(wire.announceCheckpoints, 'announcement'));
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
    attempts: wire.attempts.map(attemptReportFromWire),
  };
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

function unknownBody(sender: string): Error {
  return new Error(
    `a message of the ${sender} has no body this version knows: are both processes of the same version?`,
  );
}
