import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import process from 'node:process';
import { usage } from '../terminal/usage-error.ts';

export interface LedgerLock {
  release(): void;
}

/** Takes the lock file, or says who has it. One left behind by a process that is gone is taken over. */
export function takeLock(path: string): LedgerLock {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return { release: () => unlinkSync(path) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EEXIST') {
        throw usage(
          `The lock ${path} cannot be taken (${String(code)}).`,
          'Give a --ledger in a directory you may write to.',
        );
      }
      const holder = Number(readFileSync(path, 'utf8'));
      if (isAlive(holder)) {
        throw usage(`Process ${holder} is replaying with this ledger.`, 'Wait for it, or give another --ledger.');
      }
      unlinkSync(path);
    }
  }
  throw usage(`The lock ${path} cannot be taken.`, 'Another replay has just started.');
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
