import { describe, expect, test } from 'vitest';
import type { SegmentRef } from '../checkpoint/segment-ref.ts';
import type { AttemptKey, FromCoordinator, FromTaskManager, SubtaskKey } from '../control/messages.ts';
import {
  parseArtifactHash,
  parseAttemptNumber,
  parseCheckpointId,
  parseIncarnation,
  parseJobId,
  parseKeyGroup,
  parseLeaderEpoch,
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

const segment: SegmentRef = {
  kind: 'base',
  location: { kind: 'object', key: 'jobs/j/state/1-a' },
  length: 9,
  sha256: 'ab'.repeat(32),
  range: { first: parseKeyGroup(0), last: parseKeyGroup(63) },
  from: { checkpoint: parseCheckpointId(1n), part: 0 },
  to: { checkpoint: parseCheckpointId(42n), part: 4_294_967_295 },
};

const fromTaskManager: readonly FromTaskManager[] = [
  {
    kind: 'register',
    taskManager: parseTaskManagerId('tm-0'),
    incarnation: parseIncarnation('a1'),
    dataAddress: '127.0.0.1:99',
    slots: 2,
    version: '0.1.0',
    attempts: [
      {
        ...attempt,
        phase: 'running',
        fingerprint: 'f',
        module: { kind: 'path', path: '/job.mjs' },
        deployedBy: parseLeaderEpoch(7n),
        completed: parseCheckpointId(41n),
        subtasks: [
          {
            ...subtask,
            state: 'running',
            slot: 2,
            assignment: 3,
            splits: [{ id: parseSplitId('hl7.raw-0'), position: '{"offset":"9"}', isFinished: false }],
          },
        ],
      },
    ],
  },
  { kind: 'heartbeat', sentAtMs: 12, metrics },
  { kind: 'task-report', report: { ...attempt, ...subtask, state: 'failed', failure, metrics } },
  { kind: 'task-report', report: { ...attempt, ...subtask, state: 'finished', metrics: [] } },
  {
    kind: 'acknowledge-checkpoint',
    ...attempt,
    ack: {
      checkpoint: parseCheckpointId(42n),
      subtasks: [
        {
          ...subtask,
          operators: [
            {
              uid: parseOperatorUid('out'),
              states: [{ name: 'count', id: 1, kind: 'value', version: 2, serializer: 'msgpackr/1' }],
              keyed: { kind: 'since', checkpoint: parseCheckpointId(41n), kept: [0, 2], added: [segment] },
              lists: [{ name: 'l', redistribution: 'union', elements: ['\x01\xff', ''] }],
              splits: [{ id: parseSplitId('hl7.raw-0'), position: '{"offset":"9"}', isFinished: true }],
              committables: [
                { committable: '{"a":1}', preparedFor: parseCheckpointId(40n), ageMs: 7, timeoutMs: 900_000 },
                { committable: 'part', preparedFor: parseCheckpointId(42n), ageMs: 0, timeoutMs: undefined },
              ],
              isFinished: false,
              watermarkMs: -5,
            },
            {
              uid: parseOperatorUid('map'),
              states: [],
              keyed: { kind: 'whole', segments: [segment] },
              lists: [],
              splits: [],
              committables: [],
              isFinished: true,
              watermarkMs: undefined,
            },
          ],
        },
      ],
    },
  },
  {
    kind: 'decline-checkpoint',
    ...attempt,
    checkpoint: parseCheckpointId(42n),
    subtask,
    cause: 'failed',
    detail: 'could not store its state',
  },
  {
    kind: 'checkpoint-progress',
    ...attempt,
    checkpoint: parseCheckpointId(42n),
    stages: [
      { subtask, stage: { kind: 'waiting-for-barriers', from: ['a#1'] } },
      { subtask, stage: { kind: 'done' } },
    ],
  },
  { kind: 'checkpoint-wanted', ...attempt },
  { kind: 'split-request', ...attempt, ...subtask },
  { kind: 'attempt-failed', ...attempt, failure },
  {
    kind: 'attempt-failed',
    ...attempt,
    failure: {
      ...failure,
      record: {
        operator: parseOperatorUid('parse'),
        fingerprint: 'ef'.repeat(32),
        error: 'RangeError',
        hasQuarantine: true,
      },
    },
  },
  { kind: 'attempt-ended', ...attempt },
  { kind: 'draining' },
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
      parallelismOverrides: {},
      fingerprint: 'f',
      slots: [
        { slot: 0, taskManager: parseTaskManagerId('tm-0'), slotIndex: parseSlotIndex(1), dataAddress: '127.0.0.1:99' },
      ],
      checkpointing: {
        lineage: 'run-1',
        directory: 's3://bucket/prefix',
        restore: { checkpoint: parseCheckpointId(41n), metadataKey: 'jobs/j/checkpoints/1-41/metadata' },
        clusterId: 'c',
        transactionPool: 6,
      },
      quarantined: [
        { operator: parseOperatorUid('parse'), fingerprint: 'cd'.repeat(32), error: 'TypeError', failures: 3 },
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
      parallelismOverrides: {},
      fingerprint: 'g',
      slots: [],
      checkpointing: { lineage: 'run-1', directory: '/d', restore: undefined, clusterId: 'c', transactionPool: 6 },
      quarantined: [],
    },
  },
  { kind: 'start', ...attempt },
  { kind: 'cancel', ...attempt },
  {
    kind: 'trigger-checkpoint',
    ...attempt,
    checkpoint: parseCheckpointId(43n),
    triggeredAtMs: 1_700_000_000_000,
    subtasks: [subtask],
    final: 'drain',
    completed: parseCheckpointId(42n),
  },
  {
    kind: 'trigger-checkpoint',
    ...attempt,
    checkpoint: parseCheckpointId(1n),
    triggeredAtMs: 1,
    subtasks: [],
    final: undefined,
    completed: undefined,
  },
  { kind: 'checkpoint-completed', ...attempt, checkpoint: parseCheckpointId(43n) },
  { kind: 'checkpoint-aborted', ...attempt, checkpoint: parseCheckpointId(44n) },
  {
    kind: 'announce-checkpoints',
    ...attempt,
    completed: parseCheckpointId(43n),
    issued: parseCheckpointId(46n),
    pending: [parseCheckpointId(45n)],
  },
  { kind: 'announce-checkpoints', ...attempt, completed: undefined, issued: undefined, pending: [] },
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
