import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { jobStoreConformance } from './job-store.conformance.ts';
import type { JobStoreCall, JobTransaction } from './job-store.ts';
import { NodeJobStore } from './node-job-store.ts';

const call: JobStoreCall = { deadlineMs: 10_000, signal: new AbortController().signal };
const root = mkdtempSync(join(tmpdir(), 'nerve-job-store-'));
let folders = 0;

afterAll(() => {
  rmSync(root, { recursive: true });
});

jobStoreConformance('a folder', async () => {
  const store = await NodeJobStore.open(newFolder());
  let last = 0n;
  return {
    store,
    lead: async () => {
      last += 1n;
      await store.transact({ epoch: parseLeaderEpoch(last), writes: [], compares: [] }, call);
      return parseLeaderEpoch(last);
    },
    close: async () => {
      await store.close();
    },
  };
});

describe('a folder as a job store', () => {
  test('gives back everything after a restart, and knows the greatest epoch', async () => {
    const folder = newFolder();
    const first = await NodeJobStore.open(folder);
    await first.transact(putting('a', 'one', 0n, 7n), call);
    const done = await first.transact(putting('b', 'two', 0n, 8n), call);
    const before = await first.load(call);
    await first.close();

    const second = await NodeJobStore.open(folder);
    expect(await second.load(call)).toStrictEqual(before);
    expect(second.highestEpoch).toBe(8n);
    expect(await second.transact(putting('b', 'two', 0n, 8n), call)).toStrictEqual(done);
    expect((await second.transact(putting('a', 'three', 1n, 7n), call)).kind).toBe('fenced');
    await second.close();
  });

  test('opens after a crash at any byte of the last write: it is there whole, or not at all', async () => {
    const folder = newFolder();
    const journal = join(folder, 'journal');
    const store = await NodeJobStore.open(folder);
    await store.transact(putting('a', 'one', 0n), call);
    const without = readFileSync(journal).length;
    await store.transact(putting('a', 'two', 1n), call);
    await store.close();
    const whole = readFileSync(journal);

    for (let length = without; length <= whole.length; length += 1) {
      const torn = newFolder();
      await (await NodeJobStore.open(torn)).close();
      writeFileSync(join(torn, 'journal'), whole.subarray(0, length));
      const reopened = await NodeJobStore.open(torn);
      const [record] = await reopened.load(call);
      expect(record?.value).toBe(length === whole.length ? 'two' : 'one');
      const again = await reopened.transact(putting('a', 'two', 1n), call);
      expect(again).toStrictEqual({ kind: 'done', revision: 2n });
      await reopened.close();
    }
  });

  test('drops a last line of which the disk kept only holes', async () => {
    const folder = newFolder();
    const store = await NodeJobStore.open(folder);
    await store.transact(putting('a', 'one', 0n), call);
    await store.close();
    appendFileSync(join(folder, 'journal'), Buffer.concat([Buffer.alloc(300), Buffer.from('"}}\n')]));

    const reopened = await NodeJobStore.open(folder);
    expect((await reopened.load(call)).map(({ value }) => value)).toStrictEqual(['one']);
    await reopened.close();
  });

  test('refuses a journal that was damaged before its end, whatever byte was flipped', async () => {
    const folder = newFolder();
    const store = await NodeJobStore.open(folder);
    for (const [i, value] of ['one', 'two', 'three'].entries()) {
      await store.transact(putting('a', value, BigInt(i)), call);
    }
    await store.close();
    const journal = readFileSync(join(folder, 'journal'));
    const lastLine = journal.lastIndexOf(0x0a, journal.length - 2) + 1;

    await fc.assert(
      fc.asyncProperty(fc.nat(lastLine - 2), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(journal);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        writeFileSync(join(folder, 'journal'), damaged);
        await expect(NodeJobStore.open(folder)).rejects.toMatchObject({ failure: { code: 'job-store-damaged' } });
      }),
      { numRuns: 200 },
    );
  });

  test('writes a journal anew that has grown, and loses nothing by it', async () => {
    const folder = newFolder();
    const store = await NodeJobStore.open(folder);
    const value = 'v'.repeat(50_000);
    for (let i = 0n; i < 60n; i += 1n) {
      expect((await store.transact(putting('a', `${value}${i}`, i), call)).kind).toBe('done');
    }
    await store.close();

    expect(readFileSync(join(folder, 'journal')).length).toBeLessThan(1_600_000);
    const reopened = await NodeJobStore.open(folder);
    expect(await reopened.load(call)).toMatchObject([{ value: `${value}59`, revision: 60n }]);
    await reopened.close();
  });

  test('is refused to a second coordinator while the first one lives', async () => {
    const folder = newFolder();
    const store = await NodeJobStore.open(folder);

    await expect(NodeJobStore.open(folder)).rejects.toMatchObject({ failure: { code: 'job-store-folder-in-use' } });
    await store.close();
    await (await NodeJobStore.open(folder)).close();
  });

  test('is taken over from a coordinator that was killed', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    const holder = { host: hostname(), pid: child.pid, startedAt: 'another boot/1' };
    const held = (by: object): void => {
      writeFileSync(join(folder, 'lock.7'), JSON.stringify(by));
    };
    await (await NodeJobStore.open(folder)).close();
    held({ ...holder, startedAt: undefined });

    await expect(NodeJobStore.open(folder)).rejects.toMatchObject({ failure: { code: 'job-store-folder-in-use' } });
    held(holder);
    await (await NodeJobStore.open(folder)).close();
    held({ ...holder, startedAt: undefined });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    await (await NodeJobStore.open(folder)).close();
  });

  test('sees what another process wrote into the folder all the same, and is fenced by it (N1)', async () => {
    const folder = newFolder();
    const first = await NodeJobStore.open(folder);
    await first.transact(putting('a', 'one', 0n, 1n), call);
    rmSync(join(folder, 'lock.1'));
    const second = await NodeJobStore.open(folder);
    await second.transact(putting('a', 'two', 1n, 2n), call);

    expect((await first.transact(putting('a', 'three', 1n, 1n), call)).kind).toBe('fenced');
    expect((await first.load(call)).map(({ value }) => value)).toStrictEqual(['two']);
    await second.close();
  });

  test('of a folder that vanished nothing is invented: writes are refused', async () => {
    const folder = newFolder();
    const store = await NodeJobStore.open(folder);
    await store.transact(putting('a', 'one', 0n), call);
    rmSync(join(folder, 'journal'));

    const first = await store.transact(putting('a', 'two', 1n), call);
    const second = await store.transact(putting('a', 'two', 1n), call);
    expect([first.kind, second.kind]).toStrictEqual(['ambiguous', 'refused']);
    await store.close();
  });

  test('any run of writes, restarts and torn ends holds what was answered done', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), job: fc.constantFrom('a', 'b'), value: fc.string() }),
      fc.record({ kind: fc.constant('delete' as const), job: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('restart' as const), torn: fc.nat(40) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const folder = newFolder();
        let store = await NodeJobStore.open(folder);
        const model = new Map<string, { value: string; revision: bigint }>();
        for (const each of steps) {
          if (each.kind === 'restart') {
            await store.close();
            appendFileSync(
              join(folder, 'journal'),
              'deadbeef {"epoch":"1","revision":"99","changes":{}}'.slice(0, each.torn),
            );
            store = await NodeJobStore.open(folder);
            continue;
          }
          const revision = model.get(each.job)?.revision ?? 0n;
          const value = each.kind === 'put' ? each.value : undefined;
          const answer = await store.transact(putting(each.job, value, revision), call);
          expect(answer.kind).toBe('done');
          model.delete(each.job);
          if (answer.kind === 'done' && value !== undefined) {
            model.set(each.job, { value, revision: answer.revision });
          }
        }
        const found = (await store.load(call)).map(({ key, ...held }) => [key.kind === 'job' ? key.jobId : '', held]);
        expect(found).toStrictEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
        await store.close();
      }),
      { numRuns: 40 },
    );
  });
});

test('a journal of which nothing is whole is damaged, not empty', async () => {
  const folder = newFolder();
  await (await NodeJobStore.open(folder)).close();
  truncateSync(join(folder, 'journal'), 5);

  await expect(NodeJobStore.open(folder)).rejects.toMatchObject({ failure: { code: 'job-store-damaged' } });
});

function newFolder(): string {
  folders += 1;
  return join(root, String(folders));
}

function putting(job: string, value: string | undefined, revision: bigint, epoch = 1n): JobTransaction {
  const key = { kind: 'job', jobId: parseJobId(job) } as const;
  return { epoch: parseLeaderEpoch(epoch), writes: [{ key, value, revision }], compares: [] };
}
