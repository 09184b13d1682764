import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import type { BuildFailure } from 'esbuild';
import { StreamError } from '../../shared/failure/failure.ts';

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const BANNER = `import { createRequire as nerveCreateRequire } from 'node:module';
const require = nerveCreateRequire(import.meta.url);`;

/**
 * One ES module with all that the job imports: what is submitted, stored by its hash and run by every process.
 * Throws a StreamError that names file and line when the module cannot be bundled.
 */
export async function bundleJob(modulePath: string): Promise<Buffer> {
  const entry = resolve(modulePath);
  if (!existsSync(entry)) {
    throw new StreamError({
      code: 'job-module-not-found',
      reaction: 'fail-job',
      message: `there is no job module at ${modulePath}.`,
      remedy: 'Give the path of a TypeScript or JavaScript file that exports "job", such as jobs/hl7-pipeline/job.ts.',
    });
  }
  try {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      sourcemap: 'inline',
      sourcesContent: false,
      keepNames: true,
      logLevel: 'silent',
      banner: { js: BANNER },
    });
    return Buffer.from(result.outputFiles[0]?.contents ?? new Uint8Array());
  } catch (error) {
    throw new StreamError(
      {
        code: 'job-module-invalid',
        reaction: 'fail-job',
        message: `the job module ${modulePath} cannot be bundled:${isBuildFailure(error) ? describe(error) : ' unknown error'}`,
        remedy: 'Mend the module and submit it again.',
      },
      { cause: error },
    );
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function describe(failure: BuildFailure): string {
  return failure.errors
    .map(({ text, location }) => `\n  ${location === null ? '' : `${location.file}:${location.line}: `}${text}`)
    .join('');
}
