import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { inspectionFromWire } from './inspection-wire.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

/** A module that has not drawn its graph by then waits for something, and a build must not. */
const INSPECTION_MS = 20_000;
/** How long the thread may live on after its answer, in which late failures of its top level still count. */
const AFTERMATH_MS = 100;
/** A module that needs more than this to draw a graph would endanger the coordinator. */
const HEAP_MB_MAX = 512;

/**
 * Imports a job module and draws its graph in a worker thread. A module that throws, hangs, exits or takes all memory does so
 * there: what the coordinator imports afterwards has been seen to behave.
 */
export async function inspectJob(request: InspectionRequest, signal: AbortSignal): Promise<Inspection> {
  const worker = new Worker(join(import.meta.dirname, 'inspect-job-main.ts'), {
    workerData: request,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
  });
  worker.stdout.resume();
  worker.stderr.resume();
  try {
    return await outcomeOf(worker, signal);
  } finally {
    await worker.terminate();
  }
}

async function outcomeOf(worker: Worker, signal: AbortSignal): Promise<Inspection> {
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
      end(
        unsound(
          `the job module did not draw its graph within ${INSPECTION_MS / 1000} s: it must not wait for anything`,
        ),
      );
    }, INSPECTION_MS);
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
