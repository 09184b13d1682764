import { expect, test } from 'vitest';
import type {
  PollResult,
  SourceOutput,
  SourceReader,
  SplitEnumerator,
  SplitSnapshot,
  SplitState,
} from '../../shared/connector/source.ts';
import type { PreparedOutput, SinkWriter, SinkWriterContext } from '../../shared/connector/sink.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { committerContext, enumeratorContext } from '../connector-testing.ts';
import { describeSinkConformance } from '../sink.conformance.ts';
import { describeSourceConformance } from '../source.conformance.ts';
import { customCoordinatorConnector } from './custom-coordinator-connector.ts';
import { customTaskConnector } from './custom-task-connector.ts';
import { customSink } from './sink-spec.ts';
import { customSource } from './source-spec.ts';

const LISTS: Readonly<Record<string, readonly string[]>> = { a: ['a1', 'a2', 'a3'], b: ['b1', 'b2'] };

describeSourceConformance(
  'a source of the job module',
  async () =>
    await Promise.resolve({
      spec: customSource({
        createEnumerator: () => new ListEnumerator(),
        createReader: () => new ListReader(),
        bounded: true,
        summary: 'lists',
      }),
      coordinator: customCoordinatorConnector,
      task: customTaskConnector,
      identify: String,
      expected: new Map(Object.entries(LISTS)),
    }),
);

describeSinkConformance('a sink of the job module', async () => {
  const visible: string[] = [];
  return await Promise.resolve({
    spec: customSink<unknown>({ createWriter: () => new ListWriter(visible), summary: 'list' }),
    coordinator: customCoordinatorConnector,
    task: customTaskConnector,
    guarantee: 'at-least-once' as const,
    record: (n) => `record ${n}`,
    identify: String,
    readVisible: async () => await Promise.resolve([...visible].sort()),
    bufferedBytesMax: 100,
    recordBytes: 1,
  });
});

test('a sink without a committer has nothing to commit, and committables for it are a contradiction', async () => {
  const spec = customSink<unknown>({ createWriter: () => new ListWriter([]), summary: 'list' });
  const committer = customCoordinatorConnector.createCommitter(spec, committerContext());

  await expect(committer.commit([], new AbortController().signal)).resolves.toBeUndefined();
  await expect(committer.commit(['x'], new AbortController().signal)).rejects.toThrow(/without a committer/);
});

test('a spec that was made otherwise is refused', () => {
  const foreign = {
    kind: 'source',
    connector: 'custom',
    options: {},
    bounded: true,
    problems: [],
    summary: '',
  } as const;

  expect(() => customCoordinatorConnector.createEnumerator(foreign, enumeratorContext())).toThrow(
    /not made by customSource/,
  );
});

class ListEnumerator implements SplitEnumerator {
  readonly assignment = 'eager';
  readonly discoveryIntervalMs = undefined;

  async discover(known: ReadonlySet<string>) {
    const splits = Object.keys(LISTS).map((name) => ({ id: parseSplitId(name), position: '0' }));
    return await Promise.resolve({ splits: splits.filter(({ id }) => !known.has(id)), isComplete: true });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

class ListReader implements SourceReader<string> {
  readonly #splits: { readonly state: SplitState; next: number }[] = [];
  readonly #finished: SplitSnapshot[] = [];
  #isComplete = false;

  async open(): Promise<void> {
    await Promise.resolve();
  }

  addSplits(splits: readonly SplitState[]): void {
    this.#splits.push(...splits.map((state) => ({ state, next: Number(state.position) })));
  }

  noMoreSplits(): void {
    this.#isComplete = true;
  }

  poll(recordsMax: number, output: SourceOutput<string>): PollResult {
    for (let count = 0; count < recordsMax; count += 1) {
      const split = this.#splits[0];
      const value = split === undefined ? undefined : LISTS[split.state.id]?.[split.next];
      if (split === undefined || value === undefined) {
        break;
      }
      split.next += 1;
      output.collect(value, undefined, split.state.id);
      if (split.next === LISTS[split.state.id]?.length) {
        this.#splits.shift();
        this.#finished.push({ id: split.state.id, position: String(split.next), isFinished: true });
      }
    }
    return this.#splits.length > 0 ? 'more' : this.#isComplete ? 'finished' : 'wait';
  }

  snapshot(): readonly SplitSnapshot[] {
    const live = this.#splits.map(({ state, next }) => ({ id: state.id, position: String(next), isFinished: false }));
    return [...this.#finished, ...live];
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** Shows what it is given at the flush; full with a hundred values, until the next turn of the event loop. */
class ListWriter implements SinkWriter<unknown> {
  readonly #visible: string[];
  #buffered: string[] = [];
  #context: SinkWriterContext | undefined;

  constructor(visible: string[]) {
    this.#visible = visible;
  }

  async open(context: SinkWriterContext): Promise<void> {
    this.#context = context;
    await Promise.resolve();
  }

  get isWritable(): boolean {
    return this.#buffered.length < 100;
  }

  write(value: unknown): void {
    this.#buffered.push(String(value));
    if (this.#buffered.length === 100) {
      queueMicrotask(() => {
        this.#show();
        this.#context?.wake();
      });
    }
  }

  async flush(): Promise<void> {
    this.#show();
    await Promise.resolve();
  }

  async prepareCommit(): Promise<readonly PreparedOutput[]> {
    await this.flush();
    return [];
  }

  committed(): void {
    return;
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #show(): void {
    this.#visible.push(...this.#buffered);
    this.#buffered = [];
  }
}
