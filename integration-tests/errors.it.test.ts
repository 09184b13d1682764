import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ProcessUnderTest } from './harness/process-under-test.ts';

// What a user sees who got something wrong: one clear message that names cause and remedy, and an exit code that is not 0.

const folder = mkdtempSync(join(tmpdir(), 'nerve-errors-'));
const PIPELINE = 'jobs/hl7-pipeline/job.ts';
let runs = 0;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a user who', () => {
  test('names a topic that does not exist is told its name and how to make it', async () => {
    const { code, output } = await nerve([
      'run',
      PIPELINE,
      '--input-topic',
      'no.such.topic',
      '--output',
      join(folder, 'out'),
      '--bounded',
      '--brokers',
      brokers(),
    ]);

    expect(code).toBe(1);
    expect(output).toContain('no.such.topic');
    expect(output).toMatch(/create/i);
  });

  test('names a broker that does not answer is told its address', async () => {
    const { code, output } = await nerve(['run', PIPELINE, '--bounded', '--brokers', '127.0.0.1:1']);

    expect(code).toBe(1);
    expect(output).toContain('127.0.0.1:1');
  });

  test('writes a wrong configuration is told every problem, and nothing starts', async () => {
    const { code, output } = await nerve(['coordinator', '-D', 'parallelism.default=0', '-D', 'no.such.key=1']);

    expect(code).toBe(2);
    expect(output).toContain('parallelism.default must be a whole number from 1 to 32768, got "0"');
    expect(output).toContain('unknown key "no.such.key"');
  });

  test('gives the pipeline arguments that contradict each other is told so', async () => {
    const { code, output } = await nerve(['run', PIPELINE, '--generate', '5', '--input', folder]);

    expect(code).toBe(2);
    expect(output).toContain('--generate and --input exclude each other');
  });

  test('runs a module that throws is told what it threw and where', async () => {
    const module = join(folder, 'throws.ts');
    writeFileSync(module, 'throw new TypeError("no table of rules");');

    const { code, output } = await nerve(['run', module]);

    expect(code).toBe(2);
    expect(output).toContain('TypeError: no table of rules');
    expect(output).toContain('throws.ts');
  });

  test('runs a job whose operator throws gets its name and line, not the record, and an end after its second attempt', async () => {
    const { code, output } = await nerve(['run', 'integration-tests/jobs/throwing-job.ts']);

    expect(code).toBe(1);
    expect(output).toContain('fragile');
    expect(output).toContain('RangeError');
  });

  test('asks a cluster that is not there is told where it was looked for', async () => {
    const { code, output } = await nerve(['list', '-D', 'coordinator.rpc.addresses=127.0.0.1:1']);

    expect(code).toBe(3);
    expect(output).toContain('127.0.0.1:1');
  });
});

async function nerve(args: readonly string[]): Promise<{ code: number | NodeJS.Signals; output: string }> {
  runs += 1;
  const process = new ProcessUnderTest(`run-${runs}`, args, folder, { NERVE_IO_TMP_DIRS: folder });
  const code = await process.ended();
  return { code, output: process.log() };
}

function brokers(): string {
  return process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
}
