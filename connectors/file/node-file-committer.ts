import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AbandonedAttempt, Committable, CommitterContext, SinkCommitter } from '../../shared/connector/sink.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseFileCommittable } from './file-committable.ts';
import type { FileCommittable } from './file-committable.ts';
import { fileFailure } from './node-file-failure.ts';
import { syncDirectory } from './node-sync-directory.ts';
import { isTemporaryOf } from './part-name.ts';
import type { ResolvedFileSink } from './sink-spec.ts';

/**
 * Gives finished parts their names. A rename within a directory is atomic; the directory is synced afterwards, so that the
 * commit survives a power cut.
 *
 * C1  Idempotent: a part that has its name already is done. Also when two coordinators commit the same part, as after a change
 *     of the leader: one of the renames finds nothing to do.
 * C2  A part that has neither its hidden name nor its own is lost, and so is one whose length changed: never skipped.
 * C3  `abandon` deletes hidden names only, up to its attempt: what the job has committed has its own name by then, and of earlier
 *     attempts nothing is left to commit (DESIGN §8.7). What a frozen writer makes later is deleted with the next attempt.
 */
export class FileCommitter implements SinkCommitter {
  readonly #sink: ResolvedFileSink;
  readonly #context: CommitterContext;

  constructor(sink: ResolvedFileSink, context: CommitterContext) {
    this.#sink = sink;
    this.#context = context;
  }

  /** A name has no time limit. */
  async check(): Promise<readonly string[]> {
    return await Promise.resolve([]);
  }

  async commit(committables: readonly Committable[], signal: AbortSignal): Promise<void> {
    const parts = committables.map(parseFileCommittable);
    await retried('commit the output file', this.#sink.path, async () => {
      for (const part of parts) {
        signal.throwIfAborted();
        await this.#rename(part);
      }
      await Promise.all(
        [...new Set(parts.map(({ topic }) => topic))].map(async (topic) => {
          await syncDirectory(join(this.#sink.path, topic));
        }),
      );
    });
    this.#context.logger.debug('file-sink-committed', { parts: parts.length });
  }

  async abandon({ attempt }: AbandonedAttempt, signal: AbortSignal): Promise<void> {
    let deleted = 0;
    await retried('delete output that is not committed', this.#sink.path, async () => {
      for (const folder of await foldersOf(this.#sink.path)) {
        for (const name of await readdir(folder)) {
          signal.throwIfAborted();
          if (isTemporaryOf(name, this.#context, attempt)) {
            await rm(join(folder, name), { force: true });
            deleted += 1;
          }
        }
      }
    });
    this.#context.logger.debug('file-sink-abandoned', { attempt, parts: deleted });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #rename(part: FileCommittable): Promise<void> {
    const folder = join(this.#sink.path, part.topic);
    const temporary = join(folder, part.temporary);
    const final = join(folder, part.final);
    const bytes = await lengthOf(temporary);
    // Asked in this order: whoever renames it between the two looks is seen by the second.
    if ((await lengthOf(final)) !== undefined) {
      if (bytes === undefined || (await lengthOf(temporary)) === undefined) {
        return;
      }
      throw nameTaken(final);
    }
    if (bytes !== part.bytes) {
      throw partLost(temporary, bytes, part.bytes);
    }
    try {
      await rename(temporary, final);
    } catch (error) {
      if (isMissing(error) && (await lengthOf(final)) !== undefined) {
        return;
      }
      throw error;
    }
  }
}

function partLost(temporary: string, bytes: number | undefined, expected: number): StreamError {
  const what = bytes === undefined ? 'is gone' : `has ${bytes} bytes instead of ${expected}`;
  return new StreamError({
    code: 'exactly-once-violation',
    reaction: 'fail-job',
    message: `The finished output "${temporary}" ${what}, and it has to be committed: its records are lost.`,
    remedy:
      'Start the job again from an earlier savepoint. Nobody may touch hidden files of a running job, nor move its parts too early (connectors/file/README.md); on a cluster the output must be on storage that every process sees.',
  });
}

function nameTaken(final: string): StreamError {
  return new StreamError({
    code: 'file-sink-name-taken',
    reaction: 'fail-job',
    message: `The output file "${final}" exists already, and it is not of this run of the job.`,
    remedy: 'Choose another output directory, or move what lies there away.',
  });
}

/** A commit cannot be given up for a disk that is full or a right that is missing: it is repeated until someone helps. */
async function retried(action: string, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const named = fileFailure(error, action, path);
    const isOurs = named === error || !(named instanceof StreamError);
    throw isOurs ? error : new StreamError({ ...named.failure, reaction: 'retry' }, { cause: error });
  }
}

async function foldersOf(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

async function lengthOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
