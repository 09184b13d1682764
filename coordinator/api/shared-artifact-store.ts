import type { Clock } from '../../shared/clock/clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { ArtifactHash } from '../../shared/ids.ts';
import { sha256Hex } from '../../shared/snapshot-store/snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { ArtifactStore } from './artifact-store.ts';

/** Of one call to the snapshot store, its own retries included: a client waits for it. */
const DEADLINE_MS = 20_000;

/**
 * Artifacts where every coordinator finds them: as objects `artifacts/<sha256>` of the snapshot store. A store of this process
 * holds copies, since a module is imported from a file.
 */
export class SharedArtifactStore implements ArtifactStore {
  readonly #cache: ArtifactStore;
  readonly #snapshots: SnapshotStore;
  readonly #clock: Clock;

  constructor(cache: ArtifactStore, snapshots: SnapshotStore, clock: Clock) {
    this.#cache = cache;
    this.#snapshots = snapshots;
    this.#clock = clock;
  }

  async put(bytes: Buffer): Promise<ArtifactHash> {
    const hash = await this.#cache.put(bytes);
    const until = this.#clock.monotonicMs() + DEADLINE_MS;
    for (;;) {
      const answer = await this.#snapshots.put(keyOf(hash), bytes, call());
      if (answer.kind === 'created') {
        return hash;
      }
      if (answer.kind === 'exists') {
        throw damaged(hash);
      }
      if (this.#clock.monotonicMs() >= until) {
        throw new StreamError(answer.failure);
      }
    }
  }

  async read(hash: ArtifactHash): Promise<Buffer | undefined> {
    const cached = await this.#cached(hash);
    if (cached !== undefined) {
      return cached;
    }
    const answer = await this.#snapshots.get(keyOf(hash), call());
    if (answer.kind === 'absent') {
      return undefined;
    }
    if (sha256Hex(answer.bytes) !== hash) {
      throw damaged(hash);
    }
    await this.#cache.put(answer.bytes);
    return answer.bytes;
  }

  /** A copy that was damaged is none: what it was copied from is still there. */
  async #cached(hash: ArtifactHash): Promise<Buffer | undefined> {
    try {
      return await this.#cache.read(hash);
    } catch (error) {
      if (error instanceof StreamError && error.failure.code === 'artifact-damaged') {
        return undefined;
      }
      throw error;
    }
  }

  pathOf(hash: ArtifactHash): string {
    return this.#cache.pathOf(hash);
  }

  async fetch(hash: ArtifactHash): Promise<string> {
    if ((await this.read(hash)) === undefined) {
      throw new StreamError({
        code: 'artifact-missing',
        reaction: 'retry',
        message: `The snapshot store has no job module ${keyOf(hash)}.`,
        remedy: 'See that state.checkpoints.dir is the one with which the job was submitted.',
      });
    }
    return this.pathOf(hash);
  }
}

function keyOf(hash: ArtifactHash): string {
  return `artifacts/${hash}`;
}

function call(): { readonly deadlineMs: number; readonly signal: AbortSignal } {
  return { deadlineMs: DEADLINE_MS, signal: new AbortController().signal };
}

function damaged(hash: ArtifactHash): StreamError {
  return new StreamError({
    code: 'artifact-damaged',
    reaction: 'fail-job',
    message: `The stored job module ${keyOf(hash)} does not have its sha256 any more.`,
    remedy: 'Delete the object from the snapshot store and submit the job again.',
  });
}
