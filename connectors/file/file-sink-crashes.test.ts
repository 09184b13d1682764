import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { Committable, SinkWriter } from '../../shared/connector/sink.ts';
import { parseAttemptNumber, parseCheckpointId } from '../../shared/ids.ts';
import { WakeSignal, committerContext, writerContext } from '../connector-testing.ts';
import { fileCoordinatorConnector } from './node-file-coordinator-connector.ts';
import { fileTaskConnector } from './node-file-task-connector.ts';
import { fileSink } from './sink-spec.ts';

const never = new AbortController().signal;
const TOPICS = ['a', 'b'] as const;

/**
 *   write           so many lines, in turn to the topics
 *   checkpoint      completes and is committed
 *   commit-twice    the same, and its commit is repeated, as by another leader
 *   abort           prepared, and not completed: its output is committed with the next
 *   crash           between two checkpoints
 *   crash-prepared  after the output is prepared, before the checkpoint is complete
 *   crash-pointed   when the checkpoint is complete and nothing is committed yet: the next leader commits, then condemns
 */
type Step =
  | { readonly kind: 'write'; readonly count: number }
  | { readonly kind: 'checkpoint' | 'commit-twice' | 'abort' | 'crash' | 'crash-prepared' | 'crash-pointed' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(40).map((count): Step => ({ kind: 'write', count })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('checkpoint', 'commit-twice', 'abort', 'crash', 'crash-prepared', 'crash-pointed')
      .map((kind): Step => ({ kind })),
  },
);

test('whatever fails, each line is there once, in its order; and no hidden file stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const root = await mkdtemp(join(tmpdir(), 'nerve-file-crashes-'));
      try {
        const run = new Run(root);
        for (const one of steps) {
          await run.take(one);
        }
        await run.take({ kind: 'checkpoint' });
        await run.end();

        expect(await run.visible()).toStrictEqual(run.expected());
        expect(await run.hidden()).toStrictEqual([]);
      } finally {
        await rm(root, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});

/** A source of numbers, a writer in its attempt, and a coordinator that keeps what the checkpoint holds. */
class Run {
  readonly #root: string;
  #attempt = 1;
  #checkpoint = 0;
  #writer: SinkWriter<unknown> | undefined;
  readonly #frozen: SinkWriter<unknown>[] = [];
  /** The next number to write, and as of the last completed checkpoint. */
  #next = 0;
  #completed = 0;
  /** Prepared and not committed. */
  #held: Committable[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'write':
        await this.#write(taken.count);
        return;
      case 'abort':
        await this.#prepare();
        return;
      case 'crash':
        await this.#crash();
        return;
      case 'crash-prepared':
        await this.#prepare();
        await this.#crash();
        return;
      default:
        await this.#prepare();
        this.#completed = this.#next;
        await this.#commit(taken.kind === 'commit-twice' ? 2 : 1);
        if (taken.kind === 'crash-pointed') {
          await this.#crash();
        }
    }
  }

  /** Writers that were frozen in a crash wake up, write and prepare; then the last attempt is given up like the others. */
  async end(): Promise<void> {
    for (const writer of this.#frozen) {
      writer.write(line(-1));
      await writer.prepareCommit(parseCheckpointId(1n), never);
    }
    await this.#crash();
    for (const writer of this.#frozen) {
      await writer.close();
    }
  }

  expected(): readonly (readonly number[])[] {
    const all = Array.from({ length: this.#completed }, (_, n) => n);
    return TOPICS.map((_, topic) => all.filter((n) => n % TOPICS.length === topic));
  }

  async visible(): Promise<readonly (readonly number[])[]> {
    return await Promise.all(
      TOPICS.map(async (topic) => {
        const names = (await this.#names(topic)).filter((name) => !name.startsWith('.')).sort();
        const texts = await Promise.all(
          names.map(async (name) => await readFile(join(this.#root, topic, name), 'utf8')),
        );
        return texts.flatMap((text) => text.trimEnd().split('\n').map(numberOf));
      }),
    );
  }

  async hidden(): Promise<readonly string[]> {
    const names = await Promise.all(TOPICS.map(async (topic) => await this.#names(topic)));
    return names.flat().filter((name) => name.startsWith('.'));
  }

  async #names(topic: string): Promise<readonly string[]> {
    const folder = join(this.#root, topic);
    return existsSync(folder) ? await readdir(folder) : [];
  }

  async #write(count: number): Promise<void> {
    const writer = await this.#open();
    for (let i = 0; i < count; i += 1) {
      writer.write(line(this.#next));
      this.#next += 1;
    }
  }

  async #prepare(): Promise<void> {
    this.#checkpoint += 1;
    const writer = await this.#open();
    const prepared = await writer.prepareCommit(parseCheckpointId(BigInt(this.#checkpoint)), never);
    this.#held.push(...prepared.map(({ committable }) => committable));
  }

  async #commit(times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      await this.#committer().commit(this.#held, never);
    }
    this.#held = [];
    this.#writer?.committed(parseCheckpointId(BigInt(this.#checkpoint)));
  }

  async #crash(): Promise<void> {
    const attempt = { attempt: parseAttemptNumber(this.#attempt), parallelism: 1, transactionPool: 4 };
    if (this.#writer !== undefined) {
      this.#frozen.push(this.#writer);
    }
    await this.#committer().abandon(attempt, never);
    this.#writer = undefined;
    this.#held = [];
    this.#next = this.#completed;
    this.#attempt += 1;
  }

  async #open(): Promise<SinkWriter<unknown>> {
    if (this.#writer === undefined) {
      this.#writer = fileTaskConnector.createWriter(this.#sink());
      await this.#writer.open(writerContext({ signal: new WakeSignal(), attempt: this.#attempt }), never);
    }
    return this.#writer;
  }

  #committer() {
    return fileCoordinatorConnector.createCommitter(this.#sink(), committerContext());
  }

  #sink() {
    // So small that much is written between checkpoints.
    return fileSink({ path: this.#root, maxBufferedBytes: 200 });
  }
}

function line(n: number): OutputRecord {
  const topic = TOPICS[Math.abs(n) % TOPICS.length] ?? 'a';
  return { topic, key: undefined, value: Buffer.from(String(n)), headers: {} };
}

function numberOf(text: string): number {
  return (JSON.parse(text) as { readonly value: number }).value;
}
