import { setTimeout as sleep } from 'node:timers/promises';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { StreamError } from '../failure/failure.ts';
import { nodeLogger } from '../log/node-logger.ts';
import type { Logger } from '../log/logger.ts';
import { armFailpoints } from './failpoint.ts';
import type { FailpointActor } from './failpoint.ts';
import { FAILPOINTS } from './failpoint-names.ts';
import type { FailpointName } from './failpoint-names.ts';
import { parseFailpoints } from './parse-failpoints.ts';
import type { FailpointAction } from './parse-failpoints.ts';

const VARIABLE = 'NERVE_FAILPOINTS';
const SHARED = 'nerve.failpoints';
const NAMES = Object.keys(FAILPOINTS);

/**
 * Arms the failpoints of NERVE_FAILPOINTS in this thread: to be called first in every process and in every thread that it
 * starts. The threads of a process count their hits together. Without the variable nothing happens, now or later.
 * @throws StreamError naming everything that is wrong with the variable
 */
export function armNodeFailpoints(who: string): void {
  const text = process.env[VARIABLE] ?? '';
  if (text.trim() === '') {
    return;
  }
  const parsed = parseFailpoints(text);
  if (parsed.kind === 'malformed') {
    throw new StreamError({
      code: 'failpoints-malformed',
      reaction: 'fail-job',
      message: `${VARIABLE} is wrong:\n${parsed.problems.map((problem) => `  ${problem}`).join('\n')}`,
      remedy: 'It is for tests of failures only: unset it, or correct it.',
    });
  }
  armFailpoints(parsed.rules, nodeActor(sharedCounts(), nodeLogger(who, 'info')));
}

/** One counter for each name, in memory that all threads of the process share. */
function sharedCounts(): Int32Array {
  const known: unknown = getEnvironmentData(SHARED);
  if (known instanceof SharedArrayBuffer) {
    return new Int32Array(known);
  }
  const memory = new SharedArrayBuffer(NAMES.length * Int32Array.BYTES_PER_ELEMENT);
  if (isMainThread) {
    setEnvironmentData(SHARED, memory);
  }
  return new Int32Array(memory);
}

function nodeActor(counts: Int32Array, logger: Logger): FailpointActor {
  return {
    count: (name) => Atomics.add(counts, NAMES.indexOf(name), 1) + 1,
    announce: (name, action, nth) => {
      logger.warn('failpoint-hit', { failpoint: name, action: action.kind, nth });
    },
    act,
    wait: async (ms) => {
      await sleep(ms);
    },
  };
}

function act(name: FailpointName, action: FailpointAction): void {
  switch (action.kind) {
    case 'exit':
      process.kill(process.pid, 'SIGKILL');
      // The signal takes its time to arrive: not one instruction more of this thread.
      block(Infinity);
      return;
    case 'freeze':
      process.kill(process.pid, 'SIGSTOP');
      // SIGSTOP, too, may take effect a moment later; the wait is part of the pause.
      block(20);
      return;
    case 'hang':
      block(action.ms);
      return;
    case 'throw':
      throw new Error(`failpoint ${name}`);
    case 'corrupt':
      return;
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
