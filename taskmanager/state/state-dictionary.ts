import type { StateDictionaryEntry } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { invariant } from '../../shared/invariant.ts';

const ID_MAX = 0xffff;

/**
 * Names to ids, for one uid. Ids come from the restored checkpoint where it knows the name; new names get new ids, so all
 * subtasks and all attempts that restore the same checkpoint and declare in the same order agree. Since subtasks of one attempt
 * declare the same states in the same order, they also agree on new ones.
 */
export class StateDictionary {
  readonly #entries = new Map<string, StateDictionaryEntry>();
  readonly #declared = new Set<string>();
  #nextId = 1;

  constructor(restored: readonly StateDictionaryEntry[]) {
    for (const entry of restored) {
      invariant(!this.#entries.has(entry.name), `the checkpoint names state ${entry.name} twice`);
      this.#entries.set(entry.name, entry);
      this.#nextId = Math.max(this.#nextId, entry.id + 1);
    }
  }

  /** Gives the state's id; throws `fail-job` when the checkpoint holds something else under the name. */
  declare(state: Omit<StateDictionaryEntry, 'id'>, canMigrate: boolean): number {
    invariant(!this.#declared.has(state.name), `state ${state.name} is declared twice in one operator`);
    this.#declared.add(state.name);
    const restored = this.#entries.get(state.name);
    if (restored !== undefined) {
      checkCompatible(restored, state, canMigrate);
    }
    const id = restored?.id ?? this.#nextId;
    invariant(id <= ID_MAX, 'an operator has more than 65535 states');
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#entries.set(state.name, { ...state, id });
    return id;
  }

  /** All states, also those that are restored but not declared any more: their values are still in the segments. */
  entries(): readonly StateDictionaryEntry[] {
    return Array.from(this.#entries.values()).sort((a, b) => a.id - b.id);
  }
}

function checkCompatible(
  restored: StateDictionaryEntry,
  state: Omit<StateDictionaryEntry, 'id'>,
  canMigrate: boolean,
): void {
  if (restored.kind !== state.kind) {
    throw incompatible(
      state.name,
      `is of kind ${restored.kind} in the checkpoint and of kind ${state.kind} in the job`,
    );
  }
  if (restored.serializer !== state.serializer) {
    throw incompatible(state.name, `was written by ${restored.serializer}, and the job reads with ${state.serializer}`);
  }
  if (restored.version > state.version) {
    throw incompatible(state.name, `has version ${restored.version} in the checkpoint, the job knows ${state.version}`);
  }
  if (restored.version < state.version && !canMigrate) {
    throw incompatible(
      state.name,
      `has version ${restored.version} in the checkpoint, ${state.version} in the job, and no migrate function`,
    );
  }
}

function incompatible(name: string, what: string): StreamError {
  return new StreamError({
    code: 'state-incompatible',
    reaction: 'fail-job',
    message: `state ${name} ${what}`,
    remedy: 'Give the changed state a new name, raise its version with a migrate function, or run the earlier job.',
  });
}
