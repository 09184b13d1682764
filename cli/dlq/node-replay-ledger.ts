import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { usage } from '../terminal/usage-error.ts';
import { takeLock } from './node-ledger-lock.ts';
import type { LedgerState, ReplayLedger } from './replay-loop.ts';

const header = 'nerve-dlq-replay-ledger 1\n';

export interface OpenLedger extends ReplayLedger {
  close(): void;
}

/**
 * The ledger as a file: a line `B <identity>` before a message is sent and `D <identity>` after, appended and synced to the disk. A
 * line cut short by a crash counts as written up to where it goes: an unfinished `B` was never followed by a send, so it is ignored.
 * A lock file beside it keeps two replays from using it at once.
 */
export function openReplayLedger(path: string): OpenLedger {
  const lock = takeLock(`${path}.lock`);
  const isNew = !existsSync(path);
  const states = isNew ? new Map<string, LedgerState>() : readStates(path);
  const fd = openSync(path, 'a', 0o600);
  // A cut line must not swallow the next one.
  append(fd, isNew ? header : '\n');
  if (isNew) {
    syncDirectory(dirname(path));
  }
  const record = (mark: 'B' | 'D', identities: readonly string[], state: LedgerState): void => {
    append(fd, identities.map((identity) => `${mark} ${JSON.stringify(identity)}\n`).join(''));
    for (const identity of identities) {
      states.set(identity, state);
    }
  };
  return {
    stateOf: (identity) => states.get(identity) ?? 'unknown',
    begin: (identities) => record('B', identities, 'in-doubt'),
    done: (identities) => record('D', identities, 'sent'),
    close: () => {
      closeSync(fd);
      lock.release();
    },
  };
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

function append(fd: number, text: string): void {
  writeSync(fd, text);
  fsyncSync(fd);
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
