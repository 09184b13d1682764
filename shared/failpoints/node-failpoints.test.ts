import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-failpoints-'));
  const here = (file: string): string => pathToFileURL(join(import.meta.dirname, file)).href;
  writeFileSync(
    join(folder, 'program.ts'),
    `import { Worker, isMainThread } from 'node:worker_threads';
     import { armNodeFailpoints } from '${here('node-failpoints.ts')}';
     import { failpoint } from '${here('failpoint.ts')}';
     armNodeFailpoints(isMainThread ? 'main' : 'slot');
     failpoint('task.before-ack');
     if (isMainThread) {
       for (let i = 0; i < 3; i += 1) {
         await new Promise((resolve) => new Worker(new URL(import.meta.url)).on('exit', resolve));
       }
     }
     console.log('went on');`,
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a process that reaches its failpoint in any of its threads says so and dies at once', () => {
  const { signal, stderr, stdout } = run('task.before-ack=exit@3');

  expect(signal).toBe('SIGKILL');
  expect(stderr).toContain('failpoint-hit');
  expect(stderr).toContain('"process":"slot"');
  expect(stdout.split('went on').length - 1).toBe(1);
});

test('without the variable nothing happens', () => {
  const { status, stderr } = run('');

  expect(status).toBe(0);
  expect(stderr).toBe('');
});

test('a malformed variable stops the start, with every problem', () => {
  const { status, stderr } = run('nowhere=exit; store.put=explode');

  expect(status).toBe(1);
  expect(stderr).toContain('there is no failpoint "nowhere"');
  expect(stderr).toContain('the action must be exit');
});

function run(failpoints: string): ReturnType<typeof spawnSync> & { stderr: string; stdout: string } {
  return spawnSync(process.execPath, [join(folder, 'program.ts')], {
    encoding: 'utf8',
    env: { ...process.env, NERVE_FAILPOINTS: failpoints },
  });
}
