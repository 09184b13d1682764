import type { Clock } from '../../shared/clock/clock.ts';
import type { TaskConnectors } from '../../shared/connector/connector.ts';
import type { AttemptKey } from '../../shared/control/messages.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { layoutSubtasks, vertexOf } from '../../shared/graph/execution-layout.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import { isKeyed } from '../../shared/graph/logical-graph.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import type { SlotExchange, SlotExchangeOptions } from '../exchange/slot-exchange.ts';
import { buildChain } from '../operators/build-chain.ts';
import { Subtask } from '../tasks/subtask.ts';
import type { SubtaskHost, SubtaskReport } from '../tasks/subtask.ts';
import type { SubtaskCheckpointWord } from '../tasks/checkpoint-host.ts';
import { SubtaskMetrics } from '../tasks/subtask-metrics.ts';
import { contextsOf } from './open-contexts.ts';
import { onCheckpointCommand, stagesOf, triggeredAfter } from './slot-checkpoints.ts';
import { SlotLoop } from './slot-loop.ts';
import type { SlotLoopDeps } from './slot-loop.ts';
import type { SlotCommand, SlotReport, SlotSpec } from './slot-messages.ts';
import type { SlotState } from './slot-state.ts';

/** What a slot needs from its thread. */
export interface SlotDeps {
  readonly clock: Clock;
  readonly schedule: SlotLoopDeps['schedule'];
  /** Calls back once after `delayMs`; gives a function that takes it back. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly connectors: TaskConnectors;
  readonly state: SlotState;
  readonly logger: Logger;
  readonly openExchange: (callbacks: Pick<SlotExchangeOptions, 'onWake' | 'onFailure'>) => SlotExchange;
  readonly report: (report: SlotReport) => void;
}

/**
 * One slot of one attempt: subtask i of every vertex of a slot sharing group, run by one loop.
 *
 * I1  It ends when every subtask has ended and is closed and every frame written here was sent; or, after a cancel or a
 *     failure, when every subtask is closed.
 * I2  One failure is reported, by the subtask or by the slot; then nothing runs until the cancel.
 */
export class Slot {
  readonly #spec: SlotSpec;
  readonly #deps: SlotDeps;
  readonly #attempt: AttemptKey;
  readonly #registry = new MetricRegistry();
  readonly #loop: SlotLoop;
  readonly #exchange: SlotExchange;
  readonly #subtasks: readonly Subtask[];
  readonly #ended = Promise.withResolvers<undefined>();
  /** The newest checkpoint that was triggered here, until it is complete or aborted. */
  #triggered: CheckpointId | undefined;
  #hasFailed = false;
  #isCancelled = false;
  #isEnding = false;

  /** Builds all subtasks. @throws StreamError */
  constructor(graph: JobGraph, spec: SlotSpec, deps: SlotDeps) {
    this.#spec = spec;
    this.#deps = deps;
    this.#attempt = { jobId: spec.deployment.jobId, attempt: spec.deployment.attempt };
    this.#loop = new SlotLoop({
      monotonicMs: () => deps.clock.monotonicMs(),
      schedule: deps.schedule,
      flushAfterMs: spec.settings.flushAfterMs,
    });
    this.#exchange = deps.openExchange({
      onWake: this.#loop.wake,
      onFailure: (failure) => {
        this.#loop.post(() => {
          this.#fail(failure);
        });
      },
    });
    this.#subtasks = this.#buildSubtasks(graph);
  }

  /** Ends when nothing of the slot runs any more. */
  get ended(): Promise<undefined> {
    return this.#ended.promise;
  }

  open(): void {
    this.#loop.begin(this.#subtasks, this.#exchange, () => {
      this.#endIfDone();
    });
    for (const subtask of this.#subtasks) {
      subtask.open();
    }
  }

  onCommand(command: SlotCommand): void {
    this.#loop.post(() => {
      this.#perform(command);
    });
  }

  #perform(command: SlotCommand): void {
    switch (command.kind) {
      case 'start':
        for (const subtask of this.#subtasks) {
          subtask.start();
        }
        return;
      case 'cancel':
        this.#isCancelled = true;
        this.#loop.stop();
        for (const subtask of this.#subtasks) {
          subtask.cancel();
        }
        return;
      case 'assign-splits': {
        const { vertex, subtask: index } = command.assignment;
        this.#subtasks
          .find(({ key }) => key.vertex === vertex && key.subtask === index)
          ?.assignSplits(command.assignment);
        return;
      }
      case 'sample-metrics':
        this.#publish();
        this.#deps.report({ kind: 'metrics', samples: this.#registry.samples() });
        this.#reportStages();
        return;
      case 'trigger-checkpoint':
      case 'checkpoint-completed':
      case 'checkpoint-aborted':
      case 'announce-checkpoints':
      case 'leader-lost':
        this.#triggered = triggeredAfter(this.#triggered, command);
        onCheckpointCommand(command, this.#subtasks);
        return;
      default:
        unreachable(command);
    }
  }

  /** Downstream first: vertices stand behind all they read from. */
  #buildSubtasks(graph: JobGraph): readonly Subtask[] {
    return layoutSubtasks(graph)
      .filter(({ slot }) => slot === this.#spec.slot)
      .map(({ vertex, subtask }) => this.#buildSubtask(graph, { vertex, subtask }))
      .reverse();
  }

  #buildSubtask(graph: JobGraph, key: Subtask['key']): Subtask {
    const { jobId, attempt } = this.#attempt;
    const vertex = vertexOf(graph, key.vertex);
    const labels = { job: jobId, attempt: String(attempt), vertex: key.vertex, subtask: String(key.subtask) };
    const scope = { ...this.#attempt, ...key, jobName: graph.jobName, parallelism: vertex.parallelism };
    const metricsOf = (uid: string) => this.#registry.group({ ...labels, operator: uid });
    const gate = this.#exchange.gateOf(key.vertex, key.subtask);
    const chain = buildChain({
      graph,
      vertex,
      scope,
      exchange: this.#exchange,
      connectors: this.#deps.connectors,
      metricsOf,
      quarantined: this.#spec.deployment.quarantined,
      async: {
        monotonicMs: () => this.#deps.clock.monotonicMs(),
        schedule: this.#deps.after,
        wake: this.#loop.wake,
        fail: (failure) => {
          this.#failLater(key, failure);
        },
      },
    });
    return new Subtask({
      key,
      chain,
      gate,
      metrics: new SubtaskMetrics(this.#registry.group(labels), chain, gate, this.#deps.clock.monotonicMs()),
      host: this.#hostOf(key),
      contexts: contextsOf({
        scope,
        settings: this.#spec.settings.connectors,
        checkpointing: this.#spec.deployment.checkpointing,
        clock: this.#deps.clock,
        logger: this.#deps.logger,
        metricsOf,
        wake: () => {
          this.#subtaskOf(key)?.wakeSource();
          this.#loop.wake();
        },
        requestSplit: () => {
          this.#deps.report({ kind: 'split-request', ...this.#attempt, ...key });
        },
        fail: (failure) => {
          this.#failLater(key, failure);
        },
        state: {
          slot: this.#deps.state,
          maxParallelism: graph.maxParallelism,
          keyedOperators: Math.max(1, keyedOperatorsOf(graph, this.#spec.slot)),
          after: this.#deps.after,
          wantCheckpoint: () => {
            this.#deps.report({ kind: 'checkpoint-wanted' });
          },
        },
      }),
    });
  }

  #hostOf(key: Subtask['key']): SubtaskHost {
    const { clock } = this.#deps;
    return {
      post: (mail) => {
        this.#loop.post(mail);
      },
      report: (report) => {
        this.#onReport(report);
      },
      say: (word) => {
        this.#onWord(key, word);
      },
      monotonicMs: () => clock.monotonicMs(),
      nowMs: () => clock.nowMs(),
    };
  }

  #subtaskOf({ vertex, subtask }: Subtask['key']): Subtask | undefined {
    return this.#subtasks.find(({ key }) => key.vertex === vertex && key.subtask === subtask);
  }

  #failLater(key: Subtask['key'], failure: Failure): void {
    this.#loop.post(() => {
      if (!this.#hasFailed) {
        // Says nothing when the subtask has ended: what it wrote was flushed by then, and the others go on.
        this.#subtaskOf(key)?.fail(failure);
      }
    });
  }

  /** A failure of the exchange: of the whole slot. */
  #fail(failure: Failure): void {
    if (!this.#hasFailed && !this.#isCancelled && !this.#isEnding) {
      this.#hasFailed = true;
      this.#loop.stop();
      this.#deps.report({ kind: 'slot-failed', failure });
    }
  }

  #onReport(report: SubtaskReport): void {
    const isFinal = report.state === 'finished' || report.state === 'failed' || report.state === 'cancelled';
    if (report.state === 'failed') {
      // I2: the attempt is over, wherever the failure came from; what the others would do is done again by the next one.
      this.#hasFailed = true;
      this.#loop.stop();
    }
    if (isFinal) {
      this.#publish();
    }
    const metrics = isFinal
      ? this.#registry
          .samples()
          .filter(({ labels }) => labels['vertex'] === report.vertex && labels['subtask'] === String(report.subtask))
      : [];
    this.#deps.report({ kind: 'task-report', report: { ...this.#attempt, ...report, metrics } });
  }

  #onWord(subtask: Subtask['key'], word: SubtaskCheckpointWord): void {
    switch (word.kind) {
      case 'snapshot': {
        const { checkpoint, snapshot } = word;
        this.#deps.report({ kind: 'subtask-snapshot', checkpoint, snapshot });
        return;
      }
      case 'declined': {
        const { checkpoint, cause, detail } = word;
        this.#deps.report({ kind: 'subtask-declined', checkpoint, subtask, cause, detail });
        return;
      }
      case 'wanted':
        // One that is under way may be the one; whoever asked asks again when it was not.
        if (this.#triggered === undefined) {
          this.#deps.report({ kind: 'checkpoint-wanted' });
        }
        return;
      default:
        unreachable(word);
    }
  }

  #reportStages(): void {
    const stages = stagesOf(this.#subtasks);
    if (stages.length > 0) {
      this.#deps.report({ kind: 'checkpoint-stages', stages });
    }
  }

  #publish(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const { metrics } of this.#subtasks) {
      metrics.publish(nowMs);
    }
  }

  /** I1 */
  #endIfDone(): void {
    const isBroken = this.#isCancelled || this.#hasFailed;
    if (
      this.#isEnding ||
      !this.#subtasks.every(({ hasEnded }) => hasEnded) ||
      (!isBroken && !this.#exchange.isDrained)
    ) {
      return;
    }
    this.#isEnding = true;
    Promise.all(this.#subtasks.map(async ({ closed }) => await closed)).then(
      () => {
        this.#exchange.close();
        this.#ended.resolve(undefined);
      },
      (error: unknown) => {
        this.#deps.report({ kind: 'slot-failed', failure: classifyUnknown(error, 'closing a slot') });
        this.#exchange.close();
        this.#ended.resolve(undefined);
      },
    );
  }
}

/** Operators with keyed state in one slot: its limits are for all of them. */
function keyedOperatorsOf(graph: JobGraph, slot: number): number {
  return layoutSubtasks(graph)
    .filter((place) => place.slot === slot)
    .flatMap(({ vertex }) => vertexOf(graph, vertex).nodes)
    .filter(({ operator }) => isKeyed(operator.kind)).length;
}
