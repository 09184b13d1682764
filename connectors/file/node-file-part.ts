import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFailure } from './node-file-failure.ts';
import { makeDirectory, syncDirectory } from './node-sync-directory.ts';

/** Lines are written to the disk in chunks of about this size. */
const CHUNK_BYTES = 64 * 1024;

export interface FilePartOptions {
  /** The sink's path. */
  readonly root: string;
  readonly topic: string;
  readonly temporary: string;
  /** On the monotonic clock. */
  readonly beganAtMs: number;
}

/**
 * One part of one topic. `append` only buffers; `writeOut` writes what is buffered. The owner calls one method at a time
 * and bounds what is buffered over all parts.
 */
export class FilePart {
  readonly topic: string;
  readonly temporary: string;
  readonly beganAtMs: number;
  readonly #folder: string;
  #handle: FileHandle | undefined;
  #chunk: Buffer[] = [];
  #chunkBytes = 0;
  #bytes = 0;

  constructor({ root, topic, temporary, beganAtMs }: FilePartOptions) {
    this.topic = topic;
    this.temporary = temporary;
    this.beganAtMs = beganAtMs;
    this.#folder = join(root, topic);
  }

  get bufferedBytes(): number {
    return this.#chunkBytes;
  }

  get isChunkFull(): boolean {
    return this.#chunkBytes >= CHUNK_BYTES;
  }

  /** All that was appended. */
  get bytes(): number {
    return this.#bytes;
  }

  append(line: Buffer): void {
    this.#chunk.push(line);
    this.#chunkBytes += line.length;
    this.#bytes += line.length;
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

  /** What was written out is on the disk under its name, durably, and the file is closed: nothing here touches it again. */
  async finish(): Promise<void> {
    await this.#attempt('finish the output file', async () => {
      await this.#handle?.sync();
      await this.close();
      await syncDirectory(this.#folder);
    });
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    await makeDirectory(this.#folder);
    // `wx`: a file of this name would be another writer's.
    return await open(join(this.#folder, this.temporary), 'wx');
  }

  async #attempt(action: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileFailure(error, action, join(this.#folder, this.temporary));
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, from, bytes.length - from);
    from += bytesWritten;
  }
}
