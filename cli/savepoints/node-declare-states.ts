import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StreamError } from '../../shared/failure/failure.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import type { JobOperator } from './compare-states.ts';
import { declaredFromWire } from './declare-wire.ts';
import type { Declared, DeclareRequest } from './declared-operators.ts';

export interface DeclareOptions {
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Functions that have not opened by then wait for something that is not here. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 20_000;

/**
 * The operators of a job with the states that they declare. Their functions are opened for that, in a thread that is ended when they
 * have said it: what they connect to, start or leave open lives no longer than the question.
 * @throws StreamError `job-module-failed`
 */
export async function declareStates(
  { module, args }: PreparedJob,
  { parallelism, maxParallelism, deadlineMs = DEADLINE_MS }: DeclareOptions,
  signal: AbortSignal,
): Promise<readonly JobOperator[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nerve-check-'));
  const location = join(folder, 'job.mjs');
  writeFileSync(location, module);
  const workerData: DeclareRequest = { location, args, parallelism, maxParallelism };
  const worker = new Worker(join(import.meta.dirname, 'declare-states-main.ts'), {
    workerData,
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  try {
    const declared = await answerOf(worker, AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]));
    if (declared.kind === 'failed') {
      throw failed(declared.sentence);
    }
    return declared.operators;
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answerOf(worker: Worker, signal: AbortSignal): Promise<Declared> {
  return await new Promise<Declared>((resolve, reject) => {
    worker.once('message', (message: unknown) => {
      resolve(declaredFromWire(message));
    });
    worker.once('error', (error: unknown) => {
      reject(
        failed(`it threw ${error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is no error'}.`),
      );
    });
    worker.once('exit', (code) => {
      reject(failed(`it ended its thread with exit code ${code}.`));
    });
    signal.addEventListener('abort', () => {
      reject(failed('its functions did not open in time: they wait for something.'));
    });
  });
}

function failed(sentence: string): StreamError {
  return new StreamError({
    code: 'job-module-failed',
    reaction: 'fail-job',
    message: `the functions of the job could not be opened: ${sentence}`,
    remedy: 'A function must open without what it works with when it runs.',
  });
}
