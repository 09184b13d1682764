import { expect, test, vi } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { specOf } from '../kernel/kernel-testing.ts';
import type { JobConnectors } from './job-connectors.ts';
import { remakeAll } from './remake-connectors-loop.ts';
import { TaskScope } from './task-scope.ts';

const never = new AbortController().signal;
const spec = specOf('a');

test('connectors that cannot be made now are made later', async () => {
  const bench = new RemakeBench();
  await bench.begin();
  await bench.clock.advance(500);

  await vi.waitFor(() => {
    expect(bench.open.get(spec.jobId)).toBe(bench.made);
  });
  await bench.end();
});

test('a job that ended meanwhile is not asked for again', async () => {
  const bench = new RemakeBench();
  await bench.begin();
  bench.isWanted = false;
  await bench.clock.advance(500);
  await bench.end();

  expect([bench.calls, bench.open.size]).toStrictEqual([1, 0]);
});

test('connectors whose job ended while they were made are closed, and those of another job of that id stay', async () => {
  const bench = new RemakeBench();
  const others: JobConnectors = { enumerators: new Map(), committers: new Map() };
  bench.whileMaking = () => {
    bench.isWanted = false;
    bench.open.set(spec.jobId, others);
  };
  await bench.begin();
  await bench.clock.advance(500);

  await vi.waitFor(() => {
    expect(bench.closed).toBe(1);
  });
  expect(bench.open.get(spec.jobId)).toBe(others);
  await bench.end();
});

test('connectors that come after the deadline are closed', async () => {
  const bench = new RemakeBench();
  const late = Promise.withResolvers<undefined>();
  bench.first = async () => await late.promise;
  const began = bench.begin();
  await bench.clock.advance(20_000);
  await began;
  late.resolve(undefined);

  await vi.waitFor(() => {
    expect(bench.closed).toBe(1);
  });
  expect(bench.open.size).toBe(0);
  await bench.end();
});

/** The first making fails, or does what `first` says. */
class RemakeBench {
  readonly clock = new MemoryClock();
  readonly open = new Map<typeof spec.jobId, JobConnectors>();
  readonly made: JobConnectors;
  isWanted = true;
  calls = 0;
  closed = 0;
  whileMaking = (): void => undefined;
  readonly #scope = new TaskScope((error) => {
    throw error;
  });

  constructor() {
    const committer = {
      check: async () => await Promise.resolve([]),
      commit: async () => await Promise.resolve(),
      abandon: async () => await Promise.resolve(),
      close: async () => {
        this.closed += 1;
        await Promise.resolve();
      },
    };
    this.made = { enumerators: new Map(), committers: new Map([[parseOperatorUid('out'), committer]]) };
  }

  first = async (): Promise<undefined> =>
    await Promise.reject(new StreamError({ code: 'artifact-missing', reaction: 'retry', message: 'not now' }));

  async begin(): Promise<void> {
    const deps = {
      remakeConnectors: async () => await this.#make(),
      connectors: this.open,
      isWanted: () => this.isWanted,
      scope: this.#scope,
      clock: this.clock,
      logger: silentLogger,
    };
    await remakeAll([spec], deps, never);
  }

  async end(): Promise<void> {
    await this.#scope.close();
  }

  async #make(): Promise<JobConnectors> {
    this.calls += 1;
    if (this.calls === 1) {
      await this.first();
    } else {
      this.whileMaking();
    }
    return this.made;
  }
}
