import { describe, expect, test } from 'vitest';
import type { AttemptKey, FromCoordinator, FromTaskManager, SubtaskKey } from '../control/messages.ts';
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
import { protos } from '../rpc/grpc-proto.ts';
import {
  coordinatorMessageFromWire,
  coordinatorMessageToWire,
  taskManagerMessageFromWire,
  taskManagerMessageToWire,
} from './control-wire.ts';

const attempt: AttemptKey = { jobId: parseJobId('job-1'), attempt: parseAttemptNumber(3) };
const subtask: SubtaskKey = { vertex: parseVertexId('raw'), subtask: parseSubtaskIndex(2) };
const failure = {
  code: 'kafka-unknown-topic',
  reaction: 'fail-job',
  message: 'no topic t',
  remedy: 'Create it.',
} as const;
const metrics = [{ name: 'numRecordsIn', kind: 'counter', labels: { vertex: 'raw' }, value: 2 ** 40 + 0.5 }] as const;

const fromTaskManager: readonly FromTaskManager[] = [
  {
    kind: 'register',
    taskManager: parseTaskManagerId('tm-0'),
    incarnation: parseIncarnation('a1'),
    dataAddress: '127.0.0.1:99',
    slots: 2,
    version: '0.1.0',
    attempts: [attempt],
  },
  { kind: 'heartbeat', sentAtMs: 12, metrics },
  { kind: 'task-report', report: { ...attempt, ...subtask, state: 'failed', failure, committables: [], metrics } },
  {
    kind: 'task-report',
    report: {
      ...attempt,
      ...subtask,
      state: 'finished',
      committables: [{ sink: parseOperatorUid('out'), committables: ['{"a":1}'] }],
      metrics: [],
    },
  },
  { kind: 'split-request', ...attempt, ...subtask },
  { kind: 'attempt-failed', ...attempt, failure },
  { kind: 'attempt-ended', ...attempt },
  { kind: 'goodbye', reason: 'SIGTERM' },
];

const fromCoordinator: readonly FromCoordinator[] = [
  { kind: 'registered', heartbeatIntervalMs: 1000, heartbeatTimeoutMs: 8000, cancel: [attempt] },
  { kind: 'refused', code: 'version', message: 'other version' },
  { kind: 'heartbeat-ack', sentAtMs: 12 },
  {
    kind: 'deploy',
    deployment: {
      ...attempt,
      module: { kind: 'artifact', hash: parseArtifactHash('ab'.repeat(32)) },
      args: { inputTopic: 'hl7.raw' },
      defaultParallelism: 2,
      maxParallelism: 1024,
      fingerprint: 'f',
      slots: [
        { slot: 0, taskManager: parseTaskManagerId('tm-0'), slotIndex: parseSlotIndex(1), dataAddress: '127.0.0.1:99' },
      ],
    },
  },
  {
    kind: 'deploy',
    deployment: {
      ...attempt,
      module: { kind: 'path', path: '/app/job.ts' },
      args: {},
      defaultParallelism: 1,
      maxParallelism: 8,
      fingerprint: 'g',
      slots: [],
    },
  },
  { kind: 'start', ...attempt },
  { kind: 'cancel', ...attempt },
  {
    kind: 'assign-splits',
    ...attempt,
    ...subtask,
    assignment: 4,
    splits: [{ id: parseSplitId('hl7.raw-0'), position: '{"offset":"9"}' }],
    noMore: true,
  },
];

const service = protos.nerve.v1.Control.service.Connect;

describe('the control stream', () => {
  test.each(fromTaskManager.map((message) => [message.kind, message] as const))(
    'carries a %s of a task manager over protobuf as it is',
    (_, message) => {
      const envelope = { seq: 7, leaderEpoch: 2n ** 60n, message };
      const bytes = service.requestSerialize(taskManagerMessageToWire(envelope));
      const decoded = service.requestDeserialize(bytes);

      expect(taskManagerMessageFromWire(decoded)).toStrictEqual(envelope);
    },
  );

  test.each(fromCoordinator.map((message) => [message.kind, message] as const))(
    'carries a %s of the coordinator over protobuf as it is',
    (_, message) => {
      const envelope = { seq: 7, leaderEpoch: 1n, message };
      const bytes = service.responseSerialize(coordinatorMessageToWire(envelope));
      const decoded = service.responseDeserialize(bytes);

      expect(coordinatorMessageFromWire(decoded)).toStrictEqual(envelope);
    },
  );

  test('refuses a message without a body it knows', () => {
    const decoded = service.responseDeserialize(service.responseSerialize({ seq: 1 }));

    expect(() => coordinatorMessageFromWire(decoded)).toThrow('of the same version?');
  });
});
