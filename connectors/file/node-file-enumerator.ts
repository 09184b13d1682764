import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Dirent, Stats } from 'node:fs';
import type { SplitId } from '../../shared/ids.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Discovery, EnumeratorContext, SplitEnumerator } from '../../shared/connector/source.ts';
import { encodeFileSplit } from './file-split.ts';
import type { ResolvedFileSource } from './source-spec.ts';
import { fileFailure } from './node-file-failure.ts';

interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Finds the files of a path, once. Symbolic links to files are followed, links to directories are not (they could circle). */
export class FileEnumerator implements SplitEnumerator {
  readonly assignment = 'on-request';
  readonly discoveryIntervalMs = undefined;
  readonly #source: ResolvedFileSource;
  readonly #context: EnumeratorContext;

  constructor(source: ResolvedFileSource, context: EnumeratorContext) {
    this.#source = source;
    this.#context = context;
  }

  async discover(known: ReadonlySet<SplitId>, signal: AbortSignal): Promise<Discovery> {
    const root = this.#source.path;
    const found = await this.#find(root, signal);
    const foundAtMs = this.#context.clock.nowMs();
    const splits = found
      .map((file, ordinal) => encodeFileSplit({ ...file, ordinal, foundAtMs, offsetBytes: 0, recordIndex: 0 }))
      .filter((split) => !known.has(split.id));
    this.#context.logger.info('file-source-discovered', { files: found.length, new: splits.length });
    return { splits, isComplete: true };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #find(root: string, signal: AbortSignal): Promise<readonly FoundFile[]> {
    const status = await named(root, stat(root));
    if (status.isFile()) {
      return [{ path: basename(root), sizeBytes: status.size }];
    }
    if (!status.isDirectory()) {
      throw new StreamError({
        code: 'file-not-readable',
        reaction: 'fail-job',
        message: `Cannot read the input "${root}": it is neither a file nor a directory.`,
        remedy: 'Name a regular file or a directory of them.',
      });
    }
    const files: FoundFile[] = [];
    await this.#walk(root, '', files, signal);
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #walk(root: string, below: string, files: FoundFile[], signal: AbortSignal): Promise<void> {
    const folder = join(root, below);
    for (const entry of await named(folder, readdir(folder, { withFileTypes: true }))) {
      signal.throwIfAborted();
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.')) {
        continue;
      }
      if (entry.isDirectory()) {
        await this.#walk(root, path, files, signal);
        continue;
      }
      const sizeBytes = await fileSize(entry, join(root, path));
      if (sizeBytes !== undefined) {
        files.push({ path, sizeBytes });
      }
    }
  }
}

async function fileSize(entry: Dirent, path: string): Promise<number | undefined> {
  if (!entry.isFile() && !entry.isSymbolicLink()) {
    return undefined;
  }
  const status = await (entry.isSymbolicLink() ? followed(path) : named(path, stat(path)));
  return status.isFile() ? status.size : undefined;
}

/** The status of what a link leads to. A link that leads nowhere may stand for a file that should have been read: no skip. */
async function followed(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new StreamError(
        {
          code: 'file-not-found',
          reaction: 'fail-job',
          message: `Cannot read the input "${path}": it is a link to something that does not exist.`,
          remedy: 'Restore the file that the link leads to, or remove the link.',
        },
        { cause: error },
      );
    }
    throw fileFailure(error, 'read the input', path);
  }
}

/** A failure names the very file or folder it is about, not the root. */
async function named<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fileFailure(error, 'read the input', path);
  }
}
