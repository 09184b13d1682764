import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { StreamError } from '../failure/failure.ts';
import type { JobDefinition } from '../graph/define-job.ts';
import { parseJobModule } from './parse-job-module.ts';

/**
 * Imports a job module into this thread: `location` is a path (a relative one is taken from the working directory) or a file
 * URL, of TypeScript that needs only its types stripped or of JavaScript. Importing runs the module's top level.
 * @throws StreamError naming the module: `job-module-not-found`, `job-module-failed` (it threw or does not parse),
 *   `job-module-invalid` (no export `job`).
 */
export async function loadJob(location: string): Promise<JobDefinition> {
  const url = urlOf(location);
  await mustExist(url, location);
  const result = parseJobModule(await importModule(url, location));
  if (result.kind === 'problem') {
    throw new StreamError({
      code: 'job-module-invalid',
      reaction: 'fail-job',
      message: `the job module ${location} cannot be used: ${result.problem}`,
    });
  }
  return result.job;
}

function urlOf(location: string): string {
  if (location.startsWith('file:')) {
    return location;
  }
  return pathToFileURL(isAbsolute(location) ? location : resolve(location)).href;
}

async function mustExist(url: string, location: string): Promise<void> {
  try {
    await access(fileURLToPath(url));
  } catch (error) {
    throw new StreamError(
      {
        code: 'job-module-not-found',
        reaction: 'fail-job',
        message: `there is no job module ${location}`,
        remedy: 'Check the path; in a cluster a module given by path must be in the image of every process.',
      },
      { cause: error },
    );
  }
}

async function importModule(url: string, location: string): Promise<unknown> {
  try {
    const module: unknown = await import(url);
    return module;
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is no error';
    throw new StreamError(
      {
        code: 'job-module-failed',
        reaction: 'fail-job',
        message: `importing the job module ${location} failed: ${what}`,
        remedy: 'Run it by "nerve plan" to see the same error; the module must import without side effects.',
      },
      { cause: error },
    );
  }
}
