import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Committable, CommitterContext, SinkCommitter } from '../../shared/connector/sink.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseFileCommittable } from './file-committable.ts';
import type { FileCommittable } from './file-committable.ts';
import { fileFailure } from './node-file-failure.ts';
import type { ResolvedFileSink } from './sink-spec.ts';

/**
 * Gives finished parts their names. A rename within a directory is atomic; the directory is synced afterwards, so that the
 * commit survives a power cut. Idempotent: a part that has its name already is done.
 */
export class FileCommitter implements SinkCommitter {
  readonly #sink: ResolvedFileSink;
  readonly #context: CommitterContext;

  constructor(sink: ResolvedFileSink, context: CommitterContext) {
    this.#sink = sink;
    this.#context = context;
  }

  async commit(committables: readonly Committable[], signal: AbortSignal): Promise<void> {
    const parts = committables.map(parseFileCommittable);
    for (const part of parts) {
      signal.throwIfAborted();
      await this.#rename(part);
    }
    for (const topic of new Set(parts.map((part) => part.topic))) {
      await syncDirectory(join(this.#sink.path, topic));
    }
    this.#context.logger.debug('file-sink-committed', { parts: parts.length });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #rename(part: FileCommittable): Promise<void> {
    const folder = join(this.#sink.path, part.topic);
    const temporary = join(folder, part.temporary);
    const final = join(folder, part.final);
    if (!(await exists(temporary))) {
      if (await exists(final)) {
        return;
      }
      throw new StreamError({
        code: 'file-sink-part-lost',
        reaction: 'fail-job',
        message: `The finished output "${temporary}" is gone before it could be committed.`,
        remedy:
          'Do not touch hidden files of a running job; on a cluster the output must be on storage that every process sees.',
      });
    }
    try {
      await rename(temporary, final);
    } catch (error) {
      throw fileFailure(error, 'commit the output file', final);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw fileFailure(error, 'look at the output file', path);
  }
}

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileFailure(error, 'sync the output directory', path);
  }
}
