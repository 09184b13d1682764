import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobModule } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { ArtifactHash } from '../../shared/ids.ts';

/**
 * Job modules in this process' file system, by their sha256. A file is checked whenever it is used and replaced when it is not
 * what its name says; it appears whole or not at all, so that several task managers may share a folder.
 */
export class NodeModuleCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path to import. @throws StreamError `artifact-corrupt`, `module-cache-failed`, and what `fetch` throws */
  async pathOf(module: JobModule, fetch: (hash: ArtifactHash) => Promise<Buffer>): Promise<string> {
    if (module.kind === 'path') {
      return module.path;
    }
    const path = join(this.#folder, `${module.hash}.mjs`);
    if (hashOf(await readOrNothing(path)) === module.hash) {
      return path;
    }
    const bytes = await fetch(module.hash);
    if (hashOf(bytes) !== module.hash) {
      throw new StreamError({
        code: 'artifact-corrupt',
        reaction: 'restart-job',
        message: `the job module ${module.hash} arrived with other bytes than its name says`,
      });
    }
    await this.#write(path, bytes);
    return path;
  }

  async #write(path: string, bytes: Buffer): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const draft = `${path}.${randomUUID()}`;
      await writeFile(draft, bytes);
      await rename(draft, path);
    } catch (error) {
      throw new StreamError(
        {
          code: 'module-cache-failed',
          reaction: 'restart-job',
          message: `a job module could not be written to ${this.#folder}`,
          remedy: 'Check io.tmp.dirs: the folder must be writable and have room.',
        },
        { cause: error },
      );
    }
  }
}

function hashOf(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
}

async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
}
