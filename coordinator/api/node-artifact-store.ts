import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseArtifactHash } from '../../shared/ids.ts';
import type { ArtifactHash } from '../../shared/ids.ts';
import type { ArtifactStore } from './artifact-store.ts';

/** Artifacts as files `<folder>/<sha256>.mjs`. Written beside and renamed, so that none is ever seen half. */
export class NodeArtifactStore implements ArtifactStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(bytes: Buffer): Promise<ArtifactHash> {
    const hash = hashOf(bytes);
    if ((await this.#readFile(hash))?.equals(bytes) !== true) {
      await this.#write(hash, bytes);
    }
    return hash;
  }

  async read(hash: ArtifactHash): Promise<Buffer | undefined> {
    const bytes = await this.#readFile(hash);
    if (bytes !== undefined && hashOf(bytes) !== hash) {
      throw new StreamError({
        code: 'artifact-damaged',
        reaction: 'fail-job',
        message: `The stored job module ${this.pathOf(hash)} does not have its sha256 any more.`,
        remedy: 'Submit the job again; check the disk.',
      });
    }
    return bytes;
  }

  pathOf(hash: ArtifactHash): string {
    return join(this.#folder, `${hash}.mjs`);
  }

  async fetch(hash: ArtifactHash): Promise<string> {
    if ((await this.read(hash)) === undefined) {
      throw new StreamError({
        code: 'artifact-missing',
        reaction: 'retry',
        message: `There is no job module ${this.pathOf(hash)}.`,
        remedy: 'Submit the job again.',
      });
    }
    return this.pathOf(hash);
  }

  async #readFile(hash: ArtifactHash): Promise<Buffer | undefined> {
    try {
      return await readFile(this.pathOf(hash));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return undefined;
      }
      throw notStored(this.pathOf(hash), 'read', error);
    }
  }

  async #write(hash: ArtifactHash, bytes: Buffer): Promise<void> {
    const beside = `${this.pathOf(hash)}.${randomUUID()}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(beside, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.pathOf(hash));
    } catch (error) {
      await Promise.allSettled([rm(beside, { force: true })]);
      throw notStored(this.pathOf(hash), 'written', error);
    }
  }
}

function hashOf(bytes: Buffer): ArtifactHash {
  return parseArtifactHash(createHash('sha256').update(bytes).digest('hex'));
}

function notStored(path: string, what: string, cause: unknown): StreamError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  return new StreamError(
    {
      code: 'artifact-not-stored',
      reaction: 'fail-job',
      message: `The job module ${path} cannot be ${what}: ${code}.`,
      remedy: 'Check io.tmp.dirs: it must be a writable folder with room.',
    },
    { cause },
  );
}
