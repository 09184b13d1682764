import type { ArtifactHash } from '../../shared/ids.ts';

/** Job modules by the sha256 of their bytes. What is stored never changes; storing it again is no error. */
export interface ArtifactStore {
  put(bytes: Buffer): Promise<ArtifactHash>;
  /** undefined when there is none. Throws when what is stored is damaged. */
  read(hash: ArtifactHash): Promise<Buffer | undefined>;
  /** A path that `import` takes, of an artifact that was put here. */
  pathOf(hash: ArtifactHash): string;
  /** The same of an artifact that another coordinator may have stored. Throws `artifact-missing` when nobody has. */
  fetch(hash: ArtifactHash): Promise<string>;
}
