import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StreamError } from '../../shared/failure/failure.ts';
import type { FileCommittable } from './file-committable.ts';
import { fileFailure } from './node-file-failure.ts';

/** Lines are written to the disk in chunks of about this size. */
const CHUNK_BYTES = 64 * 1024;

/**
 * One part of one topic. `append` only buffers; `writeOut` writes what is buffered. The owner calls one method at a time
 * and bounds what is buffered over all parts.
 */
export class FilePart {
  readonly name: FileCommittable;
  readonly #folder: string;
  #handle: FileHandle | undefined;
  #chunk: Buffer[] = [];
  #chunkBytes = 0;

  constructor(root: string, name: FileCommittable) {
    this.name = name;
    this.#folder = join(root, name.topic);
  }

  get bufferedBytes(): number {
    return this.#chunkBytes;
  }

  get isChunkFull(): boolean {
    return this.#chunkBytes >= CHUNK_BYTES;
  }

  append(line: Buffer): void {
    this.#chunk.push(line);
    this.#chunkBytes += line.length;
  }

  /** Takes what is buffered and writes it; returns how many bytes that were. */
  async writeOut(): Promise<number> {
    const chunk = this.#chunk;
    const bytes = this.#chunkBytes;
    this.#chunk = [];
    this.#chunkBytes = 0;
    if (chunk.length > 0) {
      await this.#attempt('write the output file', async () => {
        this.#handle ??= await this.#open();
        await writeAll(this.#handle, chunk.length === 1 ? (chunk[0] ?? Buffer.alloc(0)) : Buffer.concat(chunk, bytes));
      });
    }
    return bytes;
  }

  /** Everything appended is on the disk, and the file is closed. */
  async finish(): Promise<void> {
    await this.writeOut();
    await this.#attempt('finish the output file', async () => {
      await this.#handle?.sync();
    });
    await this.close();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#folder, { recursive: true });
    await this.#refuseTaken();
    // `wx`: a file of this name would be another writer's.
    return await open(join(this.#folder, this.name.temporary), 'wx');
  }

  async #refuseTaken(): Promise<void> {
    const taken = join(this.#folder, this.name.final);
    const handle = await open(taken, 'r').catch(() => undefined);
    if (handle !== undefined) {
      await handle.close();
      throw new StreamError({
        code: 'file-sink-name-taken',
        reaction: 'fail-job',
        message: `The output file "${taken}" exists already: another run of this job under the same job id wrote it.`,
        remedy: 'Choose another output directory, or start the job under a new id.',
      });
    }
  }

  async #attempt(action: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileFailure(error, action, join(this.#folder, this.name.temporary));
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, from, bytes.length - from);
    from += bytesWritten;
  }
}
