import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NodeFileLock } from '../../shared/lock/node-file-lock.ts';
import { usage } from '../terminal/usage-error.ts';
import { syncDirectory, writeDurably } from './node-durable-file.ts';
import type { LedgerState, ReplayLedger } from './replay-loop.ts';

const header = 'nerve-dlq-replay-ledger 1\n';

export interface OpenLedger extends ReplayLedger {
  close(): Promise<void>;
}

/**
 * The ledger as a file: a line `B <identity>` before a message is sent and `D <identity>` after, appended and synced to the disk. A
 * line cut short by a crash counts as written up to where it goes: an unfinished `B` was never followed by a send, so it is ignored.
 * A lock file beside it keeps two replays from using it at once.
 */
export async function openReplayLedger(path: string): Promise<OpenLedger> {
  const lock = await takeLock(`${path}.lock`);
  try {
    return openLocked(path, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function openLocked(path: string, lock: NodeFileLock): OpenLedger {
  const isNew = !existsSync(path);
  const states = isNew ? new Map<string, LedgerState>() : readStates(path);
  const fd = openSync(path, 'a', 0o600);
  // A cut line must not swallow the next one.
  writeDurably(fd, isNew ? header : '\n');
  if (isNew) {
    syncDirectory(dirname(path));
  }
  const record = (mark: 'B' | 'D', identities: readonly string[], state: LedgerState): void => {
    writeDurably(fd, identities.map((identity) => `${mark} ${JSON.stringify(identity)}\n`).join(''));
    for (const identity of identities) {
      states.set(identity, state);
    }
  };
  return {
    stateOf: (identity) => states.get(identity) ?? 'unknown',
    begin: (identities) => record('B', identities, 'in-doubt'),
    done: (identities) => record('D', identities, 'sent'),
    close: async () => {
      closeSync(fd);
      await lock.release();
    },
  };
}

/** One left behind by a process that is gone is taken over. */
async function takeLock(path: string): Promise<NodeFileLock> {
  let answer;
  try {
    answer = await NodeFileLock.take(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw usage(`The lock ${path} cannot be taken (${code}).`, 'Give a --ledger in a directory you may write to.');
  }
  if (answer.kind === 'held') {
    throw usage(
      `Another replay uses this ledger: ${answer.by} holds ${path}.`,
      'Wait for it, or give another --ledger; remove the lock of a machine that is gone.',
    );
  }
  return answer.lock;
}

function readStates(path: string): Map<string, LedgerState> {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(header)) {
    throw usage(`${path} is no replay ledger.`, 'Give another --ledger file, or leave it out.');
  }
  const states = new Map<string, LedgerState>();
  for (const line of text.slice(header.length).split('\n')) {
    const match = /^([BD]) (".*")$/.exec(line);
    const identity: unknown = match === null ? undefined : JSON.parse(match[2] ?? '""');
    if (typeof identity === 'string') {
      states.set(identity, match?.[1] === 'D' ? 'sent' : 'in-doubt');
    }
  }
  return states;
}
