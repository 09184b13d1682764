import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';

/** Locks of dead processes that are taken over before it is given up: more than one only when several processes race. */
const TAKE_OVERS_MAX = 20;

export type LockAnswer =
  | { readonly kind: 'taken'; readonly lock: NodeFileLock }
  /** `by`: a live process of this machine, or one of another machine, in words. */
  | { readonly kind: 'held'; readonly by: string };

/**
 * Marks something as this process's, so that a second one is told so at its start. The lock of a dead process is taken over.
 *
 * F1  A lock is a numbered file, `<path>.<n>`, that names its holder; the one with the greatest number counts. It is created by a
 *     hard link, which fails when there is one: of several that take over the same dead lock only one gets the next number, and
 *     nobody ever sees it half written.
 * F2  The greatest number is never removed, only replaced by a greater one (a lock that was given back says so in its file). So
 *     whoever acts on an old look at the folder finds a greater number than its own, and gives way.
 */
export class NodeFileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws what the file system throws, such as ENOENT for a folder that is not there */
  static async take(path: string): Promise<LockAnswer> {
    const scratch = `${path}.${randomUUID()}`;
    await writeFile(scratch, JSON.stringify(thisProcess()));
    try {
      for (let attempt = 0; attempt < TAKE_OVERS_MAX; attempt += 1) {
        const newest = (await numbersOf(path)).at(-1) ?? 0;
        const by = await livingHolder(`${path}.${newest}`);
        if (by !== undefined) {
          return { kind: 'held', by };
        }
        const own = newest + 1;
        if ((await linked(scratch, `${path}.${own}`)) && (await counts(path, own))) {
          return { kind: 'taken', lock: new NodeFileLock(`${path}.${own}`) };
        }
      }
      return { kind: 'held', by: 'other processes that are starting' };
    } finally {
      await rm(scratch, { force: true });
    }
  }

  async release(): Promise<void> {
    const scratch = `${this.#path}.${randomUUID()}`;
    // A folder that vanished has taken its lock with it.
    await unless('ENOENT', async () => {
      await writeFile(scratch, RELEASED);
      await rename(scratch, this.#path);
    });
  }
}

/** Names no holder. */
const RELEASED = '{}';

/** F2: whether the lock that was just created counts. If so the older ones are removed, else it is. */
async function counts(path: string, own: number): Promise<boolean> {
  const numbers = await numbersOf(path);
  const isNewest = numbers.at(-1) === own;
  for (const each of isNewest ? numbers.slice(0, -1) : [own]) {
    await rm(`${path}.${each}`, { force: true });
  }
  return isNewest;
}

/** Ascending. */
async function numbersOf(path: string): Promise<readonly number[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  return names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,14}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
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

/** Undefined: there is none, it was given back, or its process is dead. */
async function livingHolder(path: string): Promise<string | undefined> {
  const holder = parseHolder((await unless('ENOENT', async () => await readFile(path, 'utf8'))) ?? RELEASED);
  return holder !== undefined && mayLive(holder) ? `process ${holder.pid} on ${holder.host}` : undefined;
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

async function linked(from: string, to: string): Promise<boolean> {
  return (
    (await unless('EEXIST', async () => {
      await link(from, to);
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
