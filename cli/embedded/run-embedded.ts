import type { Clock } from '../../shared/clock/clock.ts';
import { StreamError, formatFailure } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { chainGraph, slotsNeeded } from '../../shared/graph/job-graph.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { hasEnded } from '../admin/admin-client.ts';
import type { AdminClient, JobDetail } from '../admin/admin-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import type { Settings } from '../cli-context.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { EmbeddedCluster, StartEmbeddedCluster } from './embedded-cluster.ts';
import { renderProgress, summarizeRun } from './run-summary.ts';
import type { RunCheckpoints, RunSummary } from './run-summary.ts';

/** How often progress is asked for, and drawn where a person watches. */
const PROGRESS_INTERVAL_MS = 250;
/** How often a line of progress is written into a pipe or a file. */
const LINE_INTERVAL_MS = 2_000;

export interface EmbeddedRunDeps {
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly connect: ConnectAdmin;
  readonly startCluster: StartEmbeddedCluster;
}

export interface EmbeddedRun {
  readonly prepared: PreparedJob;
  readonly settings: Settings;
  readonly taskManagers: number;
  /** Draw progress on the terminal. */
  readonly isQuiet: boolean;
}

export interface EmbeddedRunResult {
  readonly state: 'finished' | 'failed' | 'cancelled';
  readonly failure: Failure | undefined;
  readonly summary: RunSummary;
  readonly checkpoints: RunCheckpoints;
  readonly elapsedMs: number;
}

/**
 * Runs one job on a cluster of its own and waits for its end; an abort cancels the job first. The path is the cluster's:
 * the module is submitted over the admin API, stored, deployed to task-manager processes.
 */
export async function runEmbedded(
  run: EmbeddedRun,
  deps: EmbeddedRunDeps,
  signal: AbortSignal,
): Promise<EmbeddedRunResult> {
  const { configuration } = run.settings;
  const defaults = {
    parallelism: configuration['parallelism.default'],
    maxParallelism: configuration['pipeline.max-parallelism'],
  };
  const graph = chainGraph(buildGraph(run.prepared.job, run.prepared.args, defaults));
  const sources = new Set(
    graph.vertices.flatMap((vertex) =>
      vertex.nodes.filter((node) => node.operator.kind === 'source').map((node) => node.uid),
    ),
  );
  const cluster = await deps.startCluster({
    settings: run.settings,
    taskManagers: run.taskManagers,
    slotsPerTaskManager: Math.ceil(slotsNeeded(graph) / run.taskManagers),
  });
  const client = deps.connect([cluster.address]);
  try {
    const { jobId } = await client.submit({
      module: run.prepared.module,
      args: run.prepared.args,
      parallelism: defaults.parallelism,
      maxParallelism: defaults.maxParallelism,
    });
    return await watch({ jobId, sources, client, cluster, isQuiet: run.isQuiet }, deps, signal);
  } finally {
    client.close();
    await cluster.stop();
  }
}

interface Watched {
  readonly jobId: string;
  readonly sources: ReadonlySet<string>;
  readonly client: AdminClient;
  readonly cluster: EmbeddedCluster;
  readonly isQuiet: boolean;
}

async function watch(watched: Watched, deps: EmbeddedRunDeps, signal: AbortSignal): Promise<EmbeddedRunResult> {
  const { jobId, client, sources } = watched;
  const broken: { failure: Failure | undefined } = { failure: undefined };
  watched.cluster.broken.then(
    (failure) => {
      broken.failure = failure;
    },
    () => undefined,
  );
  const view = new ProgressView(deps, sources, watched.isQuiet);
  for (;;) {
    const asked = signal.aborted ? client.cancel(jobId) : client.job(jobId, { metrics: true });
    const detail = await asked.catch((error: unknown) => {
      // A coordinator that broke does not answer: the cause says more than that.
      throw broken.failure === undefined ? error : new StreamError(broken.failure, { cause: error });
    });
    view.show(detail);
    if (hasEnded(detail.summary)) {
      return view.result(await client.job(jobId, { metrics: true }));
    }
    if (broken.failure !== undefined) {
      throw new StreamError(broken.failure);
    }
    await deps.clock.sleep(PROGRESS_INTERVAL_MS, signal);
  }
}

/** Draws the progress line, tells each failure of an attempt once, and keeps the time. */
class ProgressView {
  readonly #deps: EmbeddedRunDeps;
  readonly #sources: ReadonlySet<string>;
  readonly #isQuiet: boolean;
  #firstRecordAtMs: number | undefined;
  #lastChangeAtMs = 0;
  #last = { atMs: 0, records: 0, perSecond: 0 };
  #failuresTold = 0;
  #nextLineAtMs = 0;

  constructor(deps: EmbeddedRunDeps, sources: ReadonlySet<string>, isQuiet: boolean) {
    this.#deps = deps;
    this.#sources = sources;
    this.#isQuiet = isQuiet;
    this.#last.atMs = deps.clock.monotonicMs();
  }

  show(detail: JobDetail): void {
    const now = this.#deps.clock.monotonicMs();
    const summary = summarizeRun(detail.metrics, this.#sources);
    if (summary.recordsIn !== this.#last.records) {
      const perSecond = ((summary.recordsIn - this.#last.records) * 1000) / Math.max(1, now - this.#last.atMs);
      this.#firstRecordAtMs ??= this.#last.atMs;
      this.#lastChangeAtMs = now;
      this.#last = { atMs: now, records: summary.recordsIn, perSecond };
    }
    this.#tellFailures(detail);
    const { terminal } = this.#deps;
    if (this.#isQuiet || this.#firstRecordAtMs === undefined || now < this.#nextLineAtMs) {
      return;
    }
    this.#nextLineAtMs = now + (terminal.isInteractive ? 0 : LINE_INTERVAL_MS);
    const line = renderProgress(summary, Math.max(0, this.#last.perSecond), now - this.#firstRecordAtMs);
    terminal.err(terminal.isInteractive ? `\r\u001b[K${line}` : `${line}\n`);
  }

  result(detail: JobDetail): EmbeddedRunResult {
    if (!this.#isQuiet && this.#deps.terminal.isInteractive) {
      this.#deps.terminal.err('\r\u001b[K');
    }
    const { state, failure } = detail.summary;
    const isKnown = state === 'finished' || state === 'cancelled';
    return {
      state: isKnown ? state : 'failed',
      failure,
      summary: summarizeRun(detail.metrics, this.#sources),
      checkpoints: { completed: detail.checkpoints?.completed ?? 0, failed: detail.checkpoints?.failed ?? 0 },
      elapsedMs: this.#firstRecordAtMs === undefined ? 0 : this.#lastChangeAtMs - this.#firstRecordAtMs,
    };
  }

  #tellFailures(detail: JobDetail): void {
    const unseen = detail.failures.slice(this.#failuresTold);
    this.#failuresTold = detail.failures.length;
    for (const { attempt, where, failure } of unseen) {
      this.#deps.terminal.err(`attempt ${attempt} failed at ${where}: ${formatFailure(failure)}\n`);
    }
  }
}
