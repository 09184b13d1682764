import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeFileLock } from './node-file-lock.ts';
import type { LockAnswer } from './node-file-lock.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const DEAD = JSON.stringify({ host: hostname(), pid: 1, startedAt: 'another boot/1' });

describe('a lock', () => {
  test('is held by one until it is given back, and says by whom', async () => {
    const first = await taken(path);
    const second = await NodeFileLock.take(path);
    await first.release();
    const third = await taken(path);
    await third.release();

    expect(second).toStrictEqual({ kind: 'held', by: `process ${process.pid} on ${hostname()}` });
  });

  test('of a dead process is taken over, that of another machine is not', async () => {
    writeFileSync(`${path}.3`, DEAD);
    await (await taken(path)).release();
    writeFileSync(`${path}.9`, JSON.stringify({ host: 'another', pid: 7 }));

    expect(await NodeFileLock.take(path)).toStrictEqual({ kind: 'held', by: 'process 7 on another' });
  });

  test('that was cut short when the machine failed is taken over', async () => {
    writeFileSync(`${path}.1`, '{"host":');

    await (await taken(path)).release();
  });

  test('goes to exactly one of many that find that of a dead process, time after time', async () => {
    for (let round = 1; round <= 20; round += 1) {
      writeFileSync(`${path}.${round * 100}`, DEAD);
      const answers = await Promise.all(Array.from({ length: 12 }, async () => await NodeFileLock.take(path)));
      const locks = answers.flatMap((answer) => (answer.kind === 'taken' ? [answer.lock] : []));
      await Promise.all(locks.map(async (lock) => await lock.release()));

      expect(locks).toHaveLength(1);
    }
  });

  test('leaves one file behind, however often it was taken', async () => {
    for (let round = 0; round < 3; round += 1) {
      await (await taken(path)).release();
    }

    expect(readdirSync(folder)).toStrictEqual(['lock.3']);
  });

  test('whose folder is gone is given back all the same', async () => {
    const lock = await taken(path);
    rmSync(folder, { recursive: true });

    await lock.release();
    await expect(NodeFileLock.take(path)).rejects.toThrow('ENOENT');
  });
});

async function taken(at: string): Promise<NodeFileLock> {
  const answer: LockAnswer = await NodeFileLock.take(at);
  if (answer.kind === 'held') {
    throw new Error(`It is held by ${answer.by}.`);
  }
  return answer.lock;
}
