import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { inspectionFromWire } from './inspection-wire.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

/** How long the thread may live on after its answer, in which late failures of its top level still count. */
const AFTERMATH_MS = 100;

export interface InspectionLimits {
  /** A module that has not drawn its graph by then waits for something, and a build must not. */
  readonly deadlineMs: number;
  /** A module that needs more to draw a graph would endanger the coordinator. */
  readonly heapMbMax: number;
}

const LIMITS: InspectionLimits = { deadlineMs: 20_000, heapMbMax: 512 };

/**
 * Imports a job module and draws its graph in a worker thread. A module that throws, hangs, exits or takes all memory does so
 * there: what the coordinator imports afterwards has been seen to behave.
 */
export async function inspectJob(
  request: InspectionRequest,
  signal: AbortSignal,
  limits: InspectionLimits = LIMITS,
): Promise<Inspection> {
  const worker = new Worker(join(import.meta.dirname, 'inspect-job-main.ts'), {
    workerData: request,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMbMax },
  });
  worker.stdout.resume();
  worker.stderr.resume();
  try {
    return await outcomeOf(worker, signal, limits.deadlineMs);
  } finally {
    await worker.terminate();
  }
}

async function outcomeOf(worker: Worker, signal: AbortSignal, deadlineMs: number): Promise<Inspection> {
  return await new Promise<Inspection>((resolve) => {
    let answer: Inspection | undefined;
    let aftermath: NodeJS.Timeout | undefined;
    const end = (inspection: Inspection): void => {
      clearTimeout(deadline);
      clearTimeout(aftermath);
      signal.removeEventListener('abort', aborted);
      resolve(inspection);
    };
    const aborted = (): void => {
      end(unsound('the submission was given up'));
    };
    const deadline = setTimeout(() => {
      end(unsound(`the job module did not draw its graph within ${deadlineMs} ms: it must not wait for anything`));
    }, deadlineMs);
    signal.addEventListener('abort', aborted);
    worker.on('message', (message: unknown) => {
      const inspection = inspectionFromWire(message);
      answer = inspection;
      aftermath = setTimeout(() => {
        end(inspection);
      }, AFTERMATH_MS);
    });
    worker.on('error', (error: unknown) => {
      const what = error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is no error';
      end(unsound(`the job module failed after it was imported: ${what}`));
    });
    worker.on('exit', (code) => {
      end(answer ?? unsound(`the job module ended its thread with exit code ${code}: it must not call process.exit`));
    });
  });
}

function unsound(problem: string): Inspection {
  return { kind: 'unsound', problems: [problem] };
}
