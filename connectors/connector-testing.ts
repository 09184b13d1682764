import { MemoryClock } from '../shared/clock/memory-clock.ts';
import type { Clock } from '../shared/clock/clock.ts';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
import type { CommitterContext, SinkWriterContext } from '../shared/connector/sink.ts';
import type { EnumeratorContext, SourceReaderContext } from '../shared/connector/source.ts';
import { StreamError } from '../shared/failure/failure.ts';
import type { Failure } from '../shared/failure/failure.ts';
import { parseAttemptNumber } from '../shared/ids.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';

/** What a connector's test says about the outside. */
export interface Outside {
  readonly settings?: ConnectorSettings;
  readonly clock?: Clock;
  /** First part of all transactional ids: what keeps one test's apart from those of every other. */
  readonly clusterId?: string;
}

/** How many prepared outputs a writer of a test may have that nobody committed yet. */
export const TESTED_TRANSACTION_POOL = 4;

export function enumeratorContext(outside: Outside = {}): EnumeratorContext {
  return {
    settings: outside.settings ?? new Map(),
    clock: outside.clock ?? new MemoryClock(1_000),
    logger: silentLogger,
  };
}

export function committerContext(outside: Outside = {}): CommitterContext {
  return { ...enumeratorContext(outside), jobId: 'job', uid: 'sink', clusterId: outside.clusterId ?? 'cluster' };
}

/** The loop's side of a reader's or writer's context: waits for a wake, and turns a failure into a rejection. */
export class WakeSignal {
  #isRaised = false;
  #failure: Failure | undefined;
  #resume: (() => void) | undefined;

  readonly wake = (): void => {
    this.#isRaised = true;
    this.#resume?.();
  };

  readonly fail = (failure: Failure): void => {
    this.#failure ??= failure;
    this.wake();
  };

  /** Ends at the next wake (or the one since the last call); rejects when the connector failed. */
  async next(): Promise<void> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    this.#isRaised = false;
    this.#resume = undefined;
    if (this.#failure !== undefined) {
      throw new StreamError(this.#failure);
    }
  }
}

export interface ReaderContextOptions extends Outside {
  readonly signal: WakeSignal;
  readonly requestSplit?: () => void;
}

export function readerContext(options: ReaderContextOptions): SourceReaderContext {
  return {
    ...enumeratorContext(options),
    subtask: 0,
    parallelism: 1,
    metrics: new MetricRegistry().group({}),
    wake: options.signal.wake,
    fail: options.signal.fail,
    requestSplit: options.requestSplit ?? ((): void => undefined),
  };
}

export interface WriterContextOptions extends Outside {
  readonly signal: WakeSignal;
  readonly attempt?: number;
  readonly subtask?: number;
  readonly parallelism?: number;
  readonly jobId?: string;
}

export function writerContext(options: WriterContextOptions): SinkWriterContext {
  return {
    ...committerContext(options),
    jobId: options.jobId ?? 'job',
    attempt: parseAttemptNumber(options.attempt ?? 1),
    subtask: options.subtask ?? 0,
    parallelism: options.parallelism ?? 1,
    transactionPool: TESTED_TRANSACTION_POOL,
    metrics: new MetricRegistry().group({}),
    wake: options.signal.wake,
    fail: options.signal.fail,
  };
}
