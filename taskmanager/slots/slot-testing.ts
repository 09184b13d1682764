import { setImmediate as nextTurn } from 'node:timers/promises';
import { customTaskConnector } from '../../connectors/custom/custom-task-connector.ts';
import { customSink } from '../../connectors/custom/sink-spec.ts';
import { customSource } from '../../connectors/custom/source-spec.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { PreparedOutput, SinkSpec, SinkWriter, SinkWriterContext } from '../../shared/connector/sink.ts';
import type {
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSpec,
  SplitSnapshot,
} from '../../shared/connector/source.ts';
import type { Deployment, TaskReport } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import { layoutSubtasks } from '../../shared/graph/execution-layout.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import { parseSlotIndex, parseSplitId, parseSubtaskIndex, parseTaskManagerId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import { defaultExchangeLimits } from '../exchange/exchange-limits.ts';
import type { ExchangeLimits } from '../exchange/exchange-limits.ts';
import { MemoryPacketPort } from '../exchange/memory-packet-port.ts';
import { openSlotExchange } from '../exchange/open-slot-exchange.ts';
import type { SlotExchange } from '../exchange/slot-exchange.ts';
import type { PacketPort } from '../exchange/packet-port.ts';
import { CheckpointDriver, KEY } from './checkpoint-driver-testing.ts';
import { MemorySlotState } from './memory-slot-state.ts';
import { Slot } from './slot.ts';
import type { SlotState } from './slot-state.ts';
import type { SlotCommand, SlotReport } from './slot-messages.ts';

/** The numbers 0, 1, 2 … as a source; how many were asked of it is what back-pressure is measured by. */
export class CountingReader implements SourceReader<number> {
  handedOver = 0;
  isClosed = false;
  #count: number;
  #context: SourceReaderContext | undefined;
  #hasSplit = false;
  #noMore = false;

  /** `Infinity`: until the test ends it. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Nothing is behind what has been handed over. */
  end(): void {
    this.#count = this.handedOver;
    this.#context?.wake();
  }

  async open(context: SourceReaderContext): Promise<void> {
    this.#context = context;
    await Promise.resolve();
  }

  addSplits(): void {
    this.#hasSplit = true;
    this.#context?.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#context?.wake();
  }

  poll(recordsMax: number, output: SourceOutput<number>): 'more' | 'wait' | 'finished' {
    for (let i = 0; i < recordsMax && this.#hasSplit && this.handedOver < this.#count; i += 1) {
      output.collect(this.handedOver, this.handedOver, parseSplitId('numbers'));
      this.handedOver += 1;
    }
    if (!this.#hasSplit) {
      return this.#noMore ? 'finished' : 'wait';
    }
    if (this.handedOver < this.#count) {
      return 'more';
    }
    return this.#noMore ? 'finished' : 'wait';
  }

  snapshot(): readonly SplitSnapshot[] {
    const isFinished = this.#noMore && this.handedOver === this.#count;
    return this.#hasSplit ? [{ id: parseSplitId('numbers'), position: `${this.handedOver}`, isFinished }] : [];
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.resolve();
  }
}

/**
 * Keeps what is written, in transactions: what was written since the last barrier is one committable, and visible once a
 * checkpoint that covers it has completed. Full while `room` is 0; a flush waits while `isStuck`.
 */
export class KeepingWriter implements SinkWriter<number> {
  readonly values: number[] = [];
  room = Infinity;
  isClosed = false;
  isFlushed = false;
  flushFailure: Failure | undefined;
  readonly prepared = new Map<CheckpointId, readonly number[]>();
  readonly visible: number[] = [];
  #from = 0;
  #stuck: { readonly promise: Promise<undefined>; readonly resolve: (value: undefined) => void } | undefined;
  context: SinkWriterContext | undefined;

  get isWritable(): boolean {
    return this.room > 0;
  }

  async open(context: SinkWriterContext): Promise<void> {
    this.context = context;
    await Promise.resolve();
  }

  write(value: number): void {
    this.values.push(value);
    this.room -= 1;
  }

  release(room: number): void {
    this.room = room;
    this.context?.wake();
  }

  async flush(): Promise<void> {
    await Promise.resolve();
    if (this.flushFailure !== undefined) {
      throw new StreamError(this.flushFailure);
    }
    this.isFlushed = true;
  }

  /** From now on a flush waits, until `unstick`. */
  stick(): void {
    this.#stuck = Promise.withResolvers<undefined>();
  }

  unstick(): void {
    this.#stuck?.resolve(undefined);
    this.#stuck = undefined;
  }

  async prepareCommit(checkpoint: CheckpointId): Promise<readonly PreparedOutput[]> {
    const [from, to] = [this.#from, this.values.length];
    this.#from = to;
    await this.#stuck?.promise;
    await this.flush();
    if (from === to) {
      return [];
    }
    this.prepared.set(checkpoint, this.values.slice(from, to));
    return [{ committable: `${from}-${to}`, beganAtMs: 0, timeoutMs: 60_000 }];
  }

  committed(checkpoint: CheckpointId): void {
    for (const [preparedFor, values] of this.prepared) {
      if (preparedFor <= checkpoint) {
        this.visible.push(...values);
        this.prepared.delete(preparedFor);
      }
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.resolve();
  }
}

export function numbers(reader: SourceReader<number>): SourceSpec<number> {
  return customSource({
    bounded: true,
    summary: 'numbers',
    createReader: () => reader,
    createEnumerator: () => {
      throw new Error('not of a task manager');
    },
  });
}

export function keeping(writer: SinkWriter<number>): SinkSpec<number> {
  return customSink({ summary: 'kept', createWriter: () => writer });
}

export interface SlotRun {
  readonly slots: readonly Slot[];
  readonly exchanges: readonly SlotExchange[];
  readonly reports: TaskReport[];
  readonly failures: Failure[];
  samples: readonly MetricSample[];
  readonly checkpoints: CheckpointDriver;
  readonly reported: SlotReport[];
  /** How often the loops asked for a turn. */
  turnsAsked: number;
  /** Splits to every reader, the start, and no more splits. */
  start(): void;
  cancel(): void;
  post(command: SlotCommand): void;
  readonly areAllReady: boolean;
  readonly hasFinished: boolean;
  /** The states reported by one vertex' subtask 0. */
  statesOf(vertex: string): readonly string[];
}

/**
 * Opens all slots of a job in this thread, over memory ports that are delivered at once. Checkpoints are triggered when subtasks
 * ask for them, and completed, while the driver acts. `state`: of each slot, by its number. `quarantined`: what the deployment
 * says of earlier attempts.
 */
export function openSlots(
  job: JobDefinition,
  limits: Partial<ExchangeLimits> = {},
  state: (slot: number) => SlotState = () => new MemorySlotState(),
  quarantined: Deployment['quarantined'] = [],
): SlotRun {
  // Each slot builds its own, as each thread does: functions are shared by no two of them.
  const build = (): JobGraph => chainGraph(buildGraph(job, {}, { parallelism: 1, maxParallelism: 128 }));
  const graph = build();
  const slotCount = Math.max(...layoutSubtasks(graph).map(({ slot }) => slot)) + 1;
  const taskManager = parseTaskManagerId('tm');
  const places = Array.from({ length: slotCount }, (_, slot) => ({
    slot,
    taskManager,
    slotIndex: parseSlotIndex(slot),
    dataAddress: '127.0.0.1:1',
  }));
  const deployment: Deployment = {
    ...KEY,
    module: { kind: 'path', path: 'in-this-test' },
    args: {},
    defaultParallelism: 1,
    maxParallelism: 128,
    parallelismOverrides: {},
    quarantined,
    fingerprint: fingerprintOf(graph),
    slots: places,
    checkpointing: {
      lineage: 'lineage',
      directory: 'in-memory',
      restore: undefined,
      clusterId: 'test',
      transactionPool: 4,
    },
  };
  const ports = memoryPorts(slotCount);
  const exchanges: SlotExchange[] = [];
  const slots: Slot[] = [];
  const run: SlotRun = {
    slots,
    exchanges,
    reports: [],
    failures: [],
    samples: [],
    turnsAsked: 0,
    reported: [],
    checkpoints: new CheckpointDriver(graph, (command) => {
      for (const slot of slots) {
        slot.onCommand(command);
      }
    }),
    start: () => {
      for (const slot of slots) {
        slot.onCommand({ kind: 'start' });
        for (const vertex of graph.vertices) {
          slot.onCommand({
            kind: 'assign-splits',
            assignment: {
              jobId: deployment.jobId,
              attempt: deployment.attempt,
              vertex: vertex.id,
              subtask: parseSubtaskIndex(0),
              assignment: 1,
              splits: [{ id: parseSplitId('numbers'), position: '0' }],
              noMore: true,
            },
          });
        }
      }
    },
    cancel: () => {
      for (const slot of slots) {
        slot.onCommand({ kind: 'cancel' });
      }
    },
    post: (command) => {
      for (const slot of slots) {
        slot.onCommand(command);
      }
    },
    get hasFinished() {
      return run.reports.filter(({ state }) => state === 'finished').length === layoutSubtasks(graph).length;
    },
    get areAllReady() {
      return run.reports.filter(({ state }) => state === 'ready').length === layoutSubtasks(graph).length;
    },
    statesOf: (vertex) => run.reports.filter((report) => report.vertex === vertex).map(({ state }) => state),
  };
  const onReport = (report: SlotReport): void => {
    run.reported.push(report);
    run.checkpoints.onReport(report);
    if (report.kind === 'task-report') {
      run.reports.push(report.report);
    } else if (report.kind === 'slot-failed') {
      run.failures.push(report.failure);
    } else if (report.kind === 'metrics') {
      run.samples = [...run.samples, ...report.samples];
    }
  };
  for (const { slot } of places) {
    const settings = {
      limits: { ...defaultExchangeLimits, ...limits },
      flushAfterMs: 5,
      connectors: new Map<string, string>(),
      logLevel: 'silent' as const,
      state: {
        backend: 'heap' as const,
        localDir: '',
        limits: { dirtySoftBytes: 2 ** 20, dirtyHardBytes: 2 ** 22, cacheBytes: 2 ** 20 },
        s3: { endpoint: undefined, region: '', accessKey: undefined, secretKey: undefined },
      },
    };
    const opened = new Slot(
      build(),
      { deployment, slot, modulePath: '', taskManager, settings },
      {
        clock: nodeClock,
        schedule: (turn) => {
          run.turnsAsked += 1;
          setImmediate(turn);
        },
        after: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return () => {
            clearTimeout(timer);
          };
        },
        connectors: new Map([['custom', customTaskConnector]]),
        state: state(slot),
        logger: silentLogger,
        report: onReport,
        openExchange: (callbacks) => {
          const exchange = openSlotExchange({
            graph,
            slot,
            taskManager,
            places,
            ports: ports[slot]!,
            limits: settings.limits,
            clock: nodeClock,
            ...callbacks,
          });
          exchanges.push(exchange);
          return exchange;
        },
      },
    );
    slots.push(opened);
  }
  for (const slot of slots) {
    slot.open();
  }
  return run;
}

/** Runs the event loop until `condition` holds; a bound on turns instead of a time. */
export async function eventually(condition: () => boolean, turnsMax = 20_000): Promise<void> {
  for (let turn = 0; turn < turnsMax; turn += 1) {
    if (condition()) {
      return;
    }
    await nextTurn();
  }
  throw new Error(`the condition did not hold after ${turnsMax} turns of the event loop`);
}

/** Lets the event loop turn so often: what would go wrong by then has. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await nextTurn();
  }
}

interface TestPorts {
  readonly router: PacketPort;
  readonly peers: ReadonlyMap<number, PacketPort>;
}

function memoryPorts(slotCount: number): readonly TestPorts[] {
  const peers = Array.from({ length: slotCount }, () => new Map<number, PacketPort>());
  for (let a = 0; a < slotCount; a += 1) {
    for (let b = a + 1; b < slotCount; b += 1) {
      const [atA, atB] = MemoryPacketPort.pair();
      peers[a]!.set(b, new DeliveringPort(atA));
      peers[b]!.set(a, new DeliveringPort(atB));
    }
  }
  return peers.map((map) => ({ router: MemoryPacketPort.pair()[0], peers: map }));
}

/** A memory port that delivers by itself, in the next turn of the event loop. */
class DeliveringPort implements PacketPort {
  readonly #port: MemoryPacketPort;

  constructor(port: MemoryPacketPort) {
    this.#port = port;
    DeliveringPort.all.add(this);
  }

  static readonly all = new Set<DeliveringPort>();

  post(packet: Buffer): void {
    this.#port.post(packet);
    setImmediate(deliverAll);
  }

  postWithOthers(packet: Buffer): void {
    this.post(packet);
  }

  atEndOfTurn(callback: () => void): void {
    queueMicrotask(callback);
  }

  listen(handlers: Parameters<PacketPort['listen']>[0]): void {
    this.#port.listen(handlers);
  }

  drain(): void {
    this.#port.drain();
  }

  close(): void {
    this.#port.close();
    setImmediate(deliverAll);
  }
}

function deliverAll(): void {
  for (const port of DeliveringPort.all) {
    port.drain();
  }
}
