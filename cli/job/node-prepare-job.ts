import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamError } from '../../shared/failure/failure.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import { flagOf } from '../../shared/graph/job-arguments.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import { loadJob } from '../../shared/job/node-load-job.ts';
import { parseJobFlags } from './job-flags.ts';
import { bundleJob } from './node-bundle-job.ts';

/** A job as it is submitted, and its definition to look at. */
export interface PreparedJob {
  readonly module: Buffer;
  readonly job: JobDefinition;
  readonly args: RawArguments;
}

/** Bundles the module, reads its declared arguments from `words`, and puts files' texts in place of their paths. */
export async function prepareJob(modulePath: string, words: readonly string[]): Promise<PreparedJob> {
  const module = await bundleJob(modulePath);
  const job = await load(module, modulePath);
  const flags = parseJobFlags(job.declaredArguments, words);
  if (flags.kind === 'invalid') {
    throw new StreamError({
      code: 'job-arguments-invalid',
      reaction: 'fail-job',
      message: `the arguments of job ${job.name} are wrong:\n${flags.problems.map((problem) => `  - ${problem}`).join('\n')}`,
      remedy: `"nerve plan ${modulePath} --help-job" lists them.`,
    });
  }
  const args: Record<string, string> = { ...flags.args };
  for (const [name, path] of flags.files) {
    args[name] = readArgument(name, path);
  }
  return { module, job, args };
}

/** The bundle, not the source, is what runs: so it is what is looked at. */
async function load(module: Buffer, modulePath: string): Promise<JobDefinition> {
  const folder = mkdtempSync(join(tmpdir(), 'nerve-job-'));
  const file = join(folder, 'job.mjs');
  try {
    writeFileSync(file, module);
    return await loadJob(file);
  } catch (error) {
    if (error instanceof StreamError) {
      const message = error.failure.message.replaceAll(file, modulePath);
      throw new StreamError({ ...error.failure, message }, { cause: error });
    }
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readArgument(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StreamError(
      {
        code: 'job-arguments-invalid',
        reaction: 'fail-job',
        message: `${flagOf(name)}: the file ${path} cannot be read.`,
        remedy: 'Give the path of a file that exists and may be read.',
      },
      { cause: error },
    );
  }
}
