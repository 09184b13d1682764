import type { ArtifactHash } from '../../shared/ids.ts';

/** Job modules by the sha256 of their bytes. What is stored never changes; storing it again is no error. */
export interface ArtifactStore {
  put(bytes: Buffer): Promise<ArtifactHash>;
  /** undefined when there is none. Throws when what is stored is damaged. */
  read(hash: ArtifactHash): Promise<Buffer | undefined>;
  /** A path that `import` takes, of an artifact that was put here. */
  pathOf(hash: ArtifactHash): string;
}
