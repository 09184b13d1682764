import { formatFailure } from '../../shared/failure/failure.ts';
import type { JobDetail } from '../admin/admin-client.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';

/** Tells how a job has ended, and gives the exit code that says the same. */
export function reportEnd(cli: CliContext, { summary }: JobDetail, isJson: boolean): ExitCode {
  const { jobId, state, failure } = summary;
  if (isJson) {
    cli.terminal.out(`${JSON.stringify(summary)}\n`);
  } else {
    const why = failure === undefined || state !== 'failed' ? '' : `: ${formatFailure(failure)}`;
    cli.terminal.out(`${jobId} ${state}${why}\n`);
  }
  return state === 'failed' ? EXIT.failed : EXIT.ok;
}
