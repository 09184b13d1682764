/**
 * What a coordinator needs for a large cluster: a real coordinator process, and task managers that are simulated in this process,
 * each with a control stream and a TCP connection of its own. They register, take the deployment, report every subtask, send their
 * metrics with a heartbeat a second, and acknowledge a checkpoint a second in which each subtask names three segments.
 *
 *   node bench/coordinator.bench.ts --task-managers 1000 --slots 4 --seconds 60
 */
import { parseArgs } from 'node:util';
import { ClusterUnderTest } from '../integration-tests/harness/cluster-under-test.ts';
import { eventually } from '../integration-tests/harness/eventually.ts';
import type { SegmentRef } from '../shared/checkpoint/segment-ref.ts';
import type { SubtaskSnapshot } from '../shared/control/acknowledgement.ts';
import type { AttemptKey, FromCoordinator, FromTaskManager, SlotPlace } from '../shared/control/messages.ts';
import {
  parseCheckpointId,
  parseIncarnation,
  parseKeyGroup,
  parseOperatorUid,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../shared/ids.ts';
import type { CheckpointId, LeaderEpoch } from '../shared/ids.ts';
import { VERSION } from '../shared/version.ts';
import type { ControlSession } from '../taskmanager/control/control-client.ts';
import { GrpcControlClient } from '../taskmanager/control/grpc-control-client.ts';
import { READERS } from './coordinator-bench-job.ts';

const { values } = parseArgs({
  options: {
    'task-managers': { type: 'string', default: '1000' },
    slots: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '60' },
  },
});
const taskManagers = Number(values['task-managers']);
const slots = Number(values.slots);
const seconds = Number(values.seconds);
const HEARTBEAT_MS = 1_000;
const SEGMENTS = 3;
/** Metrics of a subtask with one keyed operator and a sink, as a real one reports them. */
const METRICS = 16;
const FIRST = parseCheckpointId(1n);
const NUMBERS = parseVertexId('numbers');
const COUNT = parseVertexId('count');

class SimulatedTaskManager {
  readonly name: string;
  #epoch = 0n;
  #key: AttemptKey | undefined;
  #mine: readonly SlotPlace[] = [];
  readonly #session: ControlSession;
  readonly #beat: NodeJS.Timeout;

  constructor(index: number, address: string) {
    this.name = `tm-${index}`;
    // Channels with the same options share a connection: real ones do not.
    this.#session = new GrpcControlClient(60_000 + index).open({
      address,
      registration: {
        taskManager: parseTaskManagerId(this.name),
        incarnation: parseIncarnation('1'),
        dataAddress: '127.0.0.1:1',
        slots,
        version: VERSION,
        attempts: [],
      },
      epoch: 0n,
      onMessage: (message, epoch) => {
        this.#hear(message, epoch);
      },
      onEnd: (reason) => {
        if (!isOver) {
          throw new Error(`${this.name} lost the coordinator: ${reason}`);
        }
      },
    });
    this.#beat = setInterval(() => {
      this.#say({ kind: 'heartbeat', sentAtMs: performance.now(), metrics: this.#mine.flatMap(metricsOf) });
    }, HEARTBEAT_MS);
  }

  /** The barrier has come through all channels. */
  acknowledge(checkpoint: CheckpointId): void {
    if (this.#key !== undefined) {
      const subtasks = this.#subtasks().map(({ vertex, slot }) => snapshotOf(vertex, slot, checkpoint));
      this.#say({ kind: 'acknowledge-checkpoint', ...this.#key, ack: { checkpoint, subtasks } });
    }
  }

  close(): void {
    clearInterval(this.#beat);
    this.#session.close();
  }

  #hear(message: FromCoordinator, epoch: LeaderEpoch): void {
    this.#epoch = epoch;
    switch (message.kind) {
      case 'deploy': {
        const { jobId, attempt } = message.deployment;
        this.#key = { jobId, attempt };
        this.#mine = message.deployment.slots.filter(({ taskManager }) => taskManager === this.name);
        this.#report('ready');
        return;
      }
      case 'start':
        this.#report('running');
        return;
      case 'trigger-checkpoint':
        onTrigger(message.checkpoint);
        return;
      default:
    }
  }

  #report(state: 'ready' | 'running'): void {
    for (const { vertex, slot } of this.#subtasks()) {
      if (this.#key !== undefined) {
        const report = { ...this.#key, vertex, subtask: parseSubtaskIndex(slot), state, metrics: [] };
        this.#say({ kind: 'task-report', report });
      }
    }
  }

  #subtasks(): readonly { readonly vertex: typeof COUNT; readonly slot: number }[] {
    return this.#mine.flatMap(({ slot }) =>
      slot < READERS
        ? [
            { vertex: NUMBERS, slot },
            { vertex: COUNT, slot },
          ]
        : [{ vertex: COUNT, slot }],
    );
  }

  #say(message: FromTaskManager): void {
    this.#session.send(message, this.#epoch);
  }
}

let isOver = false;
let newest = 0n;
const cluster = await ClusterUnderTest.start({
  taskManagers: 0,
  slots,
  configuration: { 'execution.checkpointing.interval': '1s' },
});
const { leader } = await cluster.admin.cluster();
const simulated = Array.from({ length: taskManagers }, (_, index) => new SimulatedTaskManager(index, leader));
try {
  await cluster.registered(taskManagers);
  const width = taskManagers * slots;
  const jobId = await cluster.submit('bench/coordinator-bench-job.ts', [], width, { maxParallelism: width });
  await eventually('checkpoints complete', async () => ((await completed(jobId)) > 3 ? true : undefined), 120_000);
  const [from, cpuFrom, fromMs] = [await completed(jobId), cluster.coordinator.cpuMs(), performance.now()];
  await pause(seconds * 1_000);
  const count = (await completed(jobId)) - from;
  const cpuMs = cluster.coordinator.cpuMs() - cpuFrom;
  const wallMs = performance.now() - fromMs;
  process.stdout.write(
    `${taskManagers} task managers × ${slots} slots, ${width + READERS} subtasks, ${Math.round(wallMs / 1_000)} s: ` +
      `${count} checkpoints, ${(cpuMs / wallMs).toFixed(2)} cores, ` +
      `${Math.round(cluster.coordinator.residentBytes() / 2 ** 20)} MiB resident\n`,
  );
} finally {
  isOver = true;
  simulated.forEach((each) => {
    each.close();
  });
  await cluster.stop();
}

/** The first word of a checkpoint: its barriers are through the cluster a moment later. */
function onTrigger(checkpoint: CheckpointId): void {
  if (checkpoint > newest) {
    newest = checkpoint;
    setTimeout(() => {
      simulated.forEach((each) => {
        each.acknowledge(checkpoint);
      });
    }, 50);
  }
}

function snapshotOf(vertex: typeof COUNT, slot: number, checkpoint: CheckpointId): SubtaskSnapshot {
  const isKeyed = vertex === COUNT;
  return {
    vertex,
    subtask: parseSubtaskIndex(slot),
    operators: (isKeyed ? ['count', 'out'] : ['numbers', 'key']).map((uid) => ({
      uid: parseOperatorUid(uid),
      states: [],
      keyed: { kind: 'whole', segments: uid === 'count' ? segmentsOf(slot, checkpoint) : [] },
      lists: [],
      splits: [],
      committables: [],
      isFinished: false,
      watermarkMs: undefined,
    })),
  };
}

function segmentsOf(slot: number, checkpoint: CheckpointId): readonly SegmentRef[] {
  const range = { first: parseKeyGroup(slot), last: parseKeyGroup(slot) };
  return Array.from({ length: SEGMENTS }, (_, part) => ({
    kind: 'delta',
    location: { kind: 'object', key: `jobs/wide/shared/${slot}-${checkpoint}-${part}` },
    length: 10_000,
    sha256: 'ab'.repeat(32),
    range,
    from: { checkpoint: FIRST, part: 0 },
    to: { checkpoint, part },
  }));
}

function metricsOf({ slot }: SlotPlace) {
  return Array.from({ length: METRICS }, (_, i) => ({
    name: `metric${i}`,
    kind: 'counter' as const,
    labels: { job: 'wide', vertex: 'count', subtask: String(slot) },
    value: i,
  }));
}

/** Patient: while a thousand deployments arrive in it, this process does not even hear the answer. */
async function completed(jobId: string): Promise<number> {
  return await eventually('the coordinator answers', async () => {
    const job = await cluster.admin.job(jobId).catch(() => undefined);
    return job === undefined ? undefined : (job.checkpoints?.completed ?? 0);
  });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
