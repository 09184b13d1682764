import type { CopiesInUse } from './collect-garbage.ts';

/**
 * What this leader is copying from and to. A copy is held from before its first object is looked at until the records speak of
 * it, or it was given up: in between, a sweep must not take it for garbage (collect-garbage.ts).
 */
export class CopiesRegistry implements CopiesInUse {
  readonly #lineages = new Map<object, string>();
  readonly #metadataKeys = new Map<object, string>();

  get lineages(): ReadonlySet<string> {
    return new Set(this.#lineages.values());
  }

  get metadataKeys(): ReadonlySet<string> {
    return new Set(this.#metadataKeys.values());
  }

  /** Ends with `release`, which may be called again. */
  hold({ lineage, metadataKey }: { readonly lineage?: string; readonly metadataKey?: string }): {
    readonly release: () => void;
  } {
    const holder = {};
    if (lineage !== undefined) {
      this.#lineages.set(holder, lineage);
    }
    if (metadataKey !== undefined) {
      this.#metadataKeys.set(holder, metadataKey);
    }
    return {
      release: () => {
        this.#lineages.delete(holder);
        this.#metadataKeys.delete(holder);
      },
    };
  }
}
