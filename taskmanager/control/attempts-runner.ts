import { attemptName } from '../../shared/control/messages.ts';
import type {
  AttemptKey,
  AttemptReport,
  Deployment,
  FromTaskManager,
  TaskReport,
} from '../../shared/control/messages.ts';
import { failpoint } from '../../shared/failpoints/failpoint.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { required, unreachable } from '../../shared/invariant.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { AttemptExchange, TaskManagerExchange } from '../exchange/attempt-exchange.ts';
import type { SlotCommand, SlotReport } from '../slots/slot-messages.ts';
import { keyOf } from './attempt.ts';
import type { AttemptEffect, AttemptEvent } from './attempt-events.ts';
import { describeAttempts, noAttempts } from './attempts.ts';
import { attemptsStep } from './attempts-step.ts';
import type { Attempts } from './attempts.ts';

/** A running slot, whatever runs it. */
export interface SlotHandle {
  post(command: SlotCommand): void;
  terminate(): void;
}

export interface SlotStartOptions<Ports> {
  readonly deployment: Deployment;
  readonly slot: number;
  readonly modulePath: string;
  readonly ports: Ports;
  readonly onReport: (report: SlotReport) => void;
  readonly onEnd: (failure: Failure | undefined) => void;
}

export interface AttemptsRunnerDeps<Ports> {
  readonly taskManager: TaskManagerId;
  readonly slotCount: number;
  readonly exchange: TaskManagerExchange<Ports>;
  readonly startSlot: (options: SlotStartOptions<Ports>) => SlotHandle;
  /** The path of the attempt's module here. Ends soon after the signal aborts. */
  readonly fetchModule: (deployment: Deployment, signal: AbortSignal) => Promise<string>;
  readonly send: (message: FromTaskManager) => void;
  readonly refuseLeader: () => void;
  /** Calls back once after `delayMs`. */
  readonly after: (delayMs: number, callback: () => void) => void;
  readonly monotonicMs: () => number;
  readonly logger: Logger;
}

/** How long a thread may take to end after a cancel, before it is ended from outside. Less than the coordinator waits. */
const CANCEL_MS = 10_000;
/** How long the streams to the other task managers of an attempt may take. */
const CONNECT_MS = 20_000;

/** Does what `attemptsStep` decides. Every event goes through `raise`; an event raised by an effect waits for its turn. */
export class AttemptsRunner<Ports> {
  readonly #deps: AttemptsRunnerDeps<Ports>;
  readonly #threads = new Map<string, SlotHandle>();
  readonly #exchanges = new Map<string, AttemptExchange<Ports>>();
  readonly #preparations = new Map<string, AbortController>();
  readonly #samples = new Map<string, readonly MetricSample[]>();
  readonly #queue: AttemptEvent[] = [];
  #attempts: Attempts;
  #isRunning = false;
  #onEmpty: () => void = () => undefined;

  constructor(deps: AttemptsRunnerDeps<Ports>) {
    this.#deps = deps;
    this.#attempts = noAttempts(deps.taskManager, deps.slotCount);
  }

  /** For a registration. */
  get live(): readonly AttemptReport[] {
    return describeAttempts(this.#attempts);
  }

  /** The highest leader epoch seen; 0 when none. */
  get epoch(): bigint {
    return this.#attempts.epoch;
  }

  /** What the slots said last. `askForSamples` brings the next. */
  get samples(): readonly MetricSample[] {
    return [...this.#samples.values()].flat();
  }

  askForSamples(): void {
    for (const thread of this.#threads.values()) {
      thread.post({ kind: 'sample-metrics' });
    }
  }

  raise(event: AttemptEvent): void {
    this.#queue.push(event);
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const { attempts, effects } = attemptsStep(this.#attempts, next, this.#deps.monotonicMs());
        this.#attempts = attempts;
        for (const effect of effects) {
          this.#perform(effect);
        }
      }
    } finally {
      this.#isRunning = false;
    }
    if (this.#attempts.live.size === 0) {
      this.#onEmpty();
    }
  }

  /** Cancels everything; ends when nothing runs any more. */
  async abandonAll(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    this.raise({ kind: 'abandon' });
    await empty;
  }

  #perform(effect: AttemptEffect): void {
    switch (effect.kind) {
      case 'prepare':
        this.#prepare(effect.deployment);
        return;
      case 'stop-preparing':
        this.#preparations.get(attemptName(effect.key))?.abort();
        return;
      case 'start-thread':
        this.#startThread(effect);
        return;
      case 'post':
        this.#threads.get(threadName(effect.key, effect.slot))?.post(effect.command);
        return;
      case 'set-deadline': {
        const { key } = effect;
        this.#deps.after(CANCEL_MS, () => {
          this.raise({ kind: 'cancel-overdue', key });
        });
        return;
      }
      case 'terminate':
        this.#deps.logger.warn('slot-terminated', { attempt: attemptName(effect.key), slot: effect.slot });
        this.#threads.get(threadName(effect.key, effect.slot))?.terminate();
        return;
      case 'close-exchange': {
        const name = attemptName(effect.key);
        this.#exchanges.get(name)?.close();
        this.#exchanges.delete(name);
        return;
      }
      case 'send':
        this.#log(effect.message);
        this.#deps.send(effect.message);
        if (effect.message.kind === 'acknowledge-checkpoint') {
          failpoint('task.after-ack');
        }
        return;
      case 'refuse-leader':
        this.#deps.refuseLeader();
        return;
      default:
        unreachable(effect);
    }
  }

  #prepare(deployment: Deployment): void {
    const key = keyOf(deployment);
    const name = attemptName(key);
    const abort = new AbortController();
    this.#preparations.set(name, abort);
    this.#deps.logger.info('attempt-deploying', { attempt: name });
    this.#prepared(deployment, abort)
      .then(
        (modulePath): AttemptEvent => ({ kind: 'prepared', key, modulePath }),
        (error: unknown): AttemptEvent => {
          const failure = classifyUnknown(error, `deploying ${name} on ${this.#deps.taskManager}`);
          return { kind: 'preparation-failed', key, failure };
        },
      )
      .then(
        (event) => {
          this.#preparations.delete(name);
          this.raise(event);
        },
        // `raise` throws only what contradicts itself: the process must end.
        (error: unknown) => {
          throw error;
        },
      );
  }

  async #prepared(deployment: Deployment, abort: AbortController): Promise<string> {
    const { fetchModule, exchange } = this.#deps;
    const modulePath = await fetchModule(deployment, abort.signal);
    abort.signal.throwIfAborted();
    const opened = exchange.openAttempt(keyOf(deployment), deployment.slots);
    this.#exchanges.set(attemptName(deployment), opened);
    this.#deps.after(CONNECT_MS, () => {
      abort.abort();
    });
    await opened.connect(abort.signal);
    return modulePath;
  }

  #startThread({ deployment, slot, modulePath }: Extract<AttemptEffect, { kind: 'start-thread' }>): void {
    const key = keyOf(deployment);
    const name = threadName(key, slot);
    const exchange = required(this.#exchanges.get(attemptName(key)), `the exchange of ${attemptName(key)}`);
    const handle = this.#deps.startSlot({
      deployment,
      slot,
      modulePath,
      ports: exchange.takePorts(slot),
      onReport: (report) => {
        if (report.kind === 'metrics') {
          this.#samples.set(name, report.samples);
          return;
        }
        if (report.kind === 'task-report') {
          this.#samples.set(name, withLast(this.#samples.get(name) ?? [], report.report));
        }
        this.raise({ kind: 'slot-report', key, slot, report });
      },
      onEnd: (failure) => {
        this.#threads.delete(name);
        this.#samples.delete(name);
        this.raise({ kind: 'thread-ended', key, slot, failure });
        this.#exchanges.get(attemptName(key))?.endSlot(slot);
      },
    });
    this.#threads.set(name, handle);
  }

  #log(message: FromTaskManager): void {
    const { logger } = this.#deps;
    switch (message.kind) {
      case 'task-report': {
        const { report } = message;
        const where = { attempt: attemptName(report), vertex: report.vertex, subtask: report.subtask };
        if (report.failure !== undefined) {
          logger.warn('task-failed', { ...where, code: report.failure.code, failure: formatFailure(report.failure) });
        } else {
          logger.debug('task-state', { ...where, state: report.state });
        }
        return;
      }
      case 'attempt-failed':
        logger.warn('attempt-failed', {
          attempt: attemptName(message),
          code: message.failure.code,
          failure: formatFailure(message.failure),
        });
        return;
      case 'attempt-ended':
        logger.info('attempt-ended', { attempt: attemptName(message) });
        return;
      case 'acknowledge-checkpoint':
        logger.debug('checkpoint-acknowledged', {
          attempt: attemptName(message),
          checkpoint: String(message.ack.checkpoint),
        });
        return;
      case 'decline-checkpoint': {
        const { subtask, cause, detail } = message;
        const where = { attempt: attemptName(message), vertex: subtask.vertex, subtask: subtask.subtask };
        logger.info('checkpoint-declined', { ...where, checkpoint: String(message.checkpoint), cause, detail });
        return;
      }
      case 'checkpoint-progress':
      case 'checkpoint-wanted':
      case 'register':
      case 'heartbeat':
      case 'split-request':
      case 'draining':
      case 'goodbye':
        return;
      default:
        unreachable(message);
    }
  }
}

/** A subtask's last values: a later heartbeat must not tell what was sampled before them. */
function withLast(samples: readonly MetricSample[], { vertex, subtask, metrics }: TaskReport): readonly MetricSample[] {
  return metrics.length === 0
    ? samples
    : [
        ...samples.filter(({ labels }) => labels['vertex'] !== vertex || labels['subtask'] !== String(subtask)),
        ...metrics,
      ];
}

function threadName(key: AttemptKey, slot: number): string {
  return `${attemptName(key)}/${slot}`;
}
