import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { link, mkdir, open, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { StreamError } from '../failure/failure.ts';
import { checkObjectKey, truncated } from './snapshot-store.ts';
import type {
  ByteRange,
  DeleteAnswer,
  GetAnswer,
  ObjectInfo,
  PutAnswer,
  SnapshotStore,
  StoreCall,
} from './snapshot-store.ts';

/** Unfinished objects. Keys never begin with a dot, so no object can be in here. */
const SCRATCH = '.unfinished';
/** A scratch file this old has no writer any more: its process died before it could link or remove it. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
/** How often a put makes its directory before it gives up: each time another process has just removed it. */
const PLACINGS_MAX = 20;

/**
 * A directory as snapshot store: the embedded default, and any file system shared by all processes.
 * An object is written to a scratch file, synced, and then hard-linked to its name: the link is atomic and fails when the
 * name is taken (create if absent); the directory is synced last, so that the name survives a power cut (I1, I2).
 */
export class NodeSnapshotStore implements SnapshotStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes nothing, not even room for what is unfinished: for who reads and deletes only. */
  static existing(root: string): NodeSnapshotStore {
    return new NodeSnapshotStore(root);
  }

  static async open(root: string): Promise<NodeSnapshotStore> {
    try {
      await mkdir(join(root, SCRATCH), { recursive: true });
      await sweepScratch(join(root, SCRATCH));
    } catch (error) {
      throw new StreamError(
        {
          code: 'snapshot-directory-unusable',
          reaction: 'fail-job',
          message: `the snapshot directory ${root} cannot be used (${codeOf(error)})`,
          remedy: 'Check state.checkpoints.dir: it must be a directory in which this user may write.',
        },
        { cause: error },
      );
    }
    return new NodeSnapshotStore(root);
  }

  async put(key: string, bytes: Uint8Array, call: StoreCall): Promise<PutAnswer> {
    const path = this.#pathOf(key, call);
    const scratch = join(this.#root, SCRATCH, randomUUID());
    try {
      await writeSynced(scratch, bytes);
      await this.#place(scratch, path, call);
      return { kind: 'created' };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw this.#failed('put', key, error);
      }
    } finally {
      await rm(scratch, { force: true });
    }
    const taken = await this.get(key, call);
    if (taken.kind !== 'found' || !taken.bytes.equals(bytes)) {
      return { kind: 'exists' };
    }
    // I2: whoever put it may have died before its name was durable.
    try {
      await syncDirectory(dirname(path));
    } catch (error) {
      throw this.#failed('put', key, error);
    }
    return { kind: 'created' };
  }

  async get(key: string, call: StoreCall): Promise<GetAnswer> {
    const path = this.#pathOf(key, call);
    return await this.#read(key, async () => {
      await using file = await open(path, 'r');
      return await file.readFile();
    });
  }

  async getRange(key: string, range: ByteRange, call: StoreCall): Promise<GetAnswer> {
    const path = this.#pathOf(key, call);
    return await this.#read(key, async () => {
      await using file = await open(path, 'r');
      const bytes = Buffer.allocUnsafe(range.length);
      let filled = 0;
      while (filled < range.length) {
        const { bytesRead } = await file.read(bytes, filled, range.length - filled, range.offset + filled);
        if (bytesRead === 0) {
          throw truncated(key, range, (await file.stat()).size);
        }
        filled += bytesRead;
      }
      return bytes;
    });
  }

  async *list(prefix: string, call: StoreCall): AsyncIterable<ObjectInfo> {
    call.signal.throwIfAborted();
    const slash = prefix.lastIndexOf('/');
    const start = join(this.#root, slash < 0 ? '' : prefix.slice(0, slash));
    const keys = await this.#keysUnder(start, prefix);
    for (const key of keys.sort()) {
      call.signal.throwIfAborted();
      const info = await this.#infoOf(key);
      if (info !== undefined) {
        yield info;
      }
    }
  }

  async delete(key: string, call: StoreCall): Promise<DeleteAnswer> {
    const path = this.#pathOf(key, call);
    try {
      await unlink(path);
      await syncDirectory(dirname(path));
      await removeEmpty(this.#root, dirname(path));
    } catch (error) {
      if (!isAbsent(error)) {
        throw this.#failed('delete', key, error);
      }
    }
    return { kind: 'deleted' };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** Again when a delete has just removed the directory, because it was empty. */
  async #place(scratch: string, path: string, call: StoreCall): Promise<void> {
    for (let left = PLACINGS_MAX; ; left -= 1) {
      try {
        await makeDirectories(this.#root, dirname(path));
        call.signal.throwIfAborted();
        await link(scratch, path);
        await syncDirectory(dirname(path));
        return;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || left <= 1) {
          throw error;
        }
      }
    }
  }

  #pathOf(key: string, call: StoreCall): string {
    checkObjectKey(key);
    call.signal.throwIfAborted();
    return join(this.#root, key);
  }

  async #read(key: string, work: () => Promise<Buffer>): Promise<GetAnswer> {
    try {
      return { kind: 'found', bytes: await work() };
    } catch (error) {
      if (isAbsent(error)) {
        return { kind: 'absent' };
      }
      throw this.#failed('get', key, error);
    }
  }

  /** Directory by directory: one that vanishes meanwhile hides nothing of the others. */
  async #keysUnder(directory: string, prefix: string): Promise<string[]> {
    const keys: string[] = [];
    const left = [directory];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      for (const entry of await this.#entriesOf(next, prefix)) {
        const path = join(next, entry.name);
        const key = relative(this.#root, path).split(sep).join('/');
        if (entry.isDirectory() && key !== SCRATCH) {
          left.push(path);
        } else if (entry.isFile() && key.startsWith(prefix)) {
          keys.push(key);
        }
      }
    }
    return keys;
  }

  async #entriesOf(directory: string, prefix: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(directory, { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error)) {
        return [];
      }
      throw this.#failed('list', prefix, error);
    }
  }

  async #infoOf(key: string): Promise<ObjectInfo | undefined> {
    try {
      const { size, mtimeMs } = await stat(join(this.#root, key));
      return { key, bytes: size, modifiedAtMs: mtimeMs };
    } catch (error) {
      if (isAbsent(error)) {
        return undefined;
      }
      throw this.#failed('list', key, error);
    }
  }

  #failed(operation: string, key: string, error: unknown): unknown {
    if (error instanceof StreamError || (error instanceof Error && error.name === 'AbortError')) {
      return error;
    }
    return new StreamError(
      {
        code: 'snapshot-store-unavailable',
        reaction: 'retry',
        message: `${operation} of ${key} in the snapshot directory ${this.#root} failed (${codeOf(error)})`,
        remedy: 'Check the free space and the permissions of state.checkpoints.dir.',
      },
      { cause: error },
    );
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(bytes);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}

/** Each new directory is made durable in its parent: an object must not vanish because the folder above it did. */
async function makeDirectories(root: string, path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) {
    return;
  }
  for (let made = path; made.length >= first.length && made !== root; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** So that a store whose objects come and go does not fill with the folders in which they stood. */
async function removeEmpty(root: string, path: string): Promise<void> {
  for (let directory = path; directory !== root; directory = dirname(directory)) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) {
        return;
      }
      throw error;
    }
  }
}

async function sweepScratch(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { force: true });
    }
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
