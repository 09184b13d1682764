import type { SplitId } from '../../shared/ids.ts';
import type { Discovery, EnumeratorContext, SplitEnumerator } from '../../shared/connector/source.ts';
import { encodeGeneratorSplit } from './generator-split.ts';
import type { ResolvedGeneratorSource } from './source-spec.ts';

/** The splits of a generated feed: known from the start, spread over all readers. */
export class GeneratorEnumerator implements SplitEnumerator {
  readonly assignment = 'eager';
  readonly discoveryIntervalMs = undefined;
  readonly #source: ResolvedGeneratorSource;
  readonly #context: EnumeratorContext;

  constructor(source: ResolvedGeneratorSource, context: EnumeratorContext) {
    this.#source = source;
    this.#context = context;
  }

  async discover(known: ReadonlySet<SplitId>): Promise<Discovery> {
    const startedAtMs = Math.floor(this.#context.clock.nowMs());
    const splits = Array.from({ length: this.#source.splits }, (_, number) =>
      encodeGeneratorSplit({ number, startedAtMs, next: 0 }),
    );
    return await Promise.resolve({ splits: splits.filter((split) => !known.has(split.id)), isComplete: true });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}
