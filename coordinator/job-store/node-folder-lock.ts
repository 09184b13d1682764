import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StreamError } from '../../shared/failure/failure.ts';

const LOCK = 'lock';
/** Locks of dead processes that are taken over before it is given up: more than one only when several processes race. */
const TAKE_OVERS_MAX = 5;

/**
 * Marks a folder as this process's, so that a second coordinator is told so at its start. A lock is a file that names its
 * holder; it is created by a hard link, which fails when there is one. The lock of a dead process is taken over.
 *
 * It is a courtesy, not the fence: whoever writes into the folder compares epochs as well.
 */
export class NodeFolderLock {
  readonly #path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
  }

  /** @throws StreamError `job-store-folder-in-use` when a live process of this machine holds it, or one of another machine. */
  static async take(folder: string): Promise<NodeFolderLock> {
    const path = join(folder, LOCK);
    const content = JSON.stringify({ ...thisProcess(), nonce: randomUUID() });
    const scratch = `${path}.${randomUUID()}`;
    await writeFile(scratch, content);
    try {
      for (let attempt = 0; attempt < TAKE_OVERS_MAX; attempt += 1) {
        if (await linked(scratch, path)) {
          return new NodeFolderLock(path, content);
        }
        await removeDead(folder, path);
      }
      throw inUse(folder, 'other processes are starting in it');
    } finally {
      await rm(scratch, { force: true });
    }
  }

  async release(): Promise<void> {
    if ((await read(this.#path)) === this.#content) {
      await rm(this.#path, { force: true });
    }
  }
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells this process from a later one with the same pid; undefined where the system does not say. */
  readonly startedAt: string | undefined;
}

function thisProcess(): Holder {
  return { host: hostname(), pid: process.pid, startedAt: startOf(process.pid) };
}

/** Moves the lock aside if its holder is dead. If it was meanwhile replaced by a live one, that one is put back. */
async function removeDead(folder: string, path: string): Promise<void> {
  const found = await read(path);
  if (found === undefined) {
    return;
  }
  const holder = parseHolder(found);
  if (holder !== undefined && mayLive(holder)) {
    throw inUse(folder, `process ${holder.pid} on ${holder.host} holds it`);
  }
  const aside = `${path}.${randomUUID()}`;
  if (!(await renamed(path, aside))) {
    return;
  }
  if ((await read(aside)) !== found) {
    await linked(aside, path);
  }
  await rm(aside, { force: true });
}

/** Of another machine nothing is known: its lock counts until somebody removes it. */
function mayLive({ host, pid, startedAt }: Holder): boolean {
  if (host !== hostname()) {
    return true;
  }
  if (startedAt !== undefined) {
    return startOf(pid) === startedAt;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Linux: the boot, and the time since then at which the process began. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const started = fields[19];
    // A process that has ended and is not yet waited for (Z) holds nothing any more.
    return started === undefined || fields[0] === 'Z' ? undefined : `${boot}/${started}`;
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('host' in value) || !('pid' in value)) {
      return undefined;
    }
    const { host, pid } = value;
    const startedAt = 'startedAt' in value && typeof value.startedAt === 'string' ? value.startedAt : undefined;
    return typeof host === 'string' && typeof pid === 'number' ? { host, pid, startedAt } : undefined;
  } catch {
    // The lock was being written when the machine failed: its process is gone.
    return undefined;
  }
}

async function read(path: string): Promise<string | undefined> {
  return await unless('ENOENT', async () => await readFile(path, 'utf8'));
}

async function linked(from: string, to: string): Promise<boolean> {
  return (
    (await unless('EEXIST', async () => {
      await link(from, to);
      return true;
    })) ?? false
  );
}

async function renamed(from: string, to: string): Promise<boolean> {
  return (
    (await unless('ENOENT', async () => {
      await rename(from, to);
      return true;
    })) ?? false
  );
}

async function unless<T>(code: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === code) {
      return undefined;
    }
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function inUse(folder: string, why: string): StreamError {
  return new StreamError({
    code: 'job-store-folder-in-use',
    reaction: 'fail-job',
    message: `the folder of job records ${folder} belongs to another coordinator: ${why}`,
    remedy:
      'End that coordinator, or give this one another folder (coordinator.jobs-dir); several coordinators of one cluster need high-availability.type etcd.',
  });
}
