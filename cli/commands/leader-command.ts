import type { Command } from 'commander';
import type { Clock } from '../../shared/clock/clock.ts';
import type { Configuration } from '../../shared/config/options.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';
import { formatAge } from './jobs-view.ts';

export interface LeaderCommandDeps {
  readonly openDirectory: (configuration: Configuration) => LeaderDirectory;
  readonly clock: Clock;
}

/** Coordinators on the same network answer within milliseconds; etcd while it elects a leader of its own, in about a second. */
const FIND_MS = 5_000;

/** `nerve leader`: which coordinator leads, since when, in which epoch. */
export function registerLeaderCommand(
  program: Command,
  cli: CliContext,
  { openDirectory, clock }: LeaderCommandDeps,
): void {
  program
    .command('leader')
    .description('show which coordinator leads, and since when')
    .addHelpText('after', '\nExit code 3: nobody leads, or it cannot be found out.\n\nExample:\n  nerve leader --json')
    .action(
      action(cli, async (options): Promise<ExitCode> => {
        const directory = openDirectory(readSettings(cli, options).configuration);
        try {
          const found = await directory.find({ deadlineMs: FIND_MS, signal: cli.signal });
          if (found.kind === 'unknown') {
            throw new StreamError(found.failure);
          }
          const leader = found.kind === 'leader' ? found.leader : undefined;
          cli.terminal.out(options.json ? `${renderJson(leader)}\n` : `${renderSentence(leader, clock.nowMs())}\n`);
          return leader === undefined ? EXIT.unreachable : EXIT.ok;
        } finally {
          directory.close();
        }
      }),
    );
}

function renderJson(leader: Leader | undefined): string {
  return JSON.stringify(
    leader === undefined
      ? { leader: null }
      : { leader: leader.address, epoch: String(leader.epoch), sinceMs: leader.sinceMs },
  );
}

function renderSentence(leader: Leader | undefined, nowMs: number): string {
  if (leader === undefined) {
    return 'no coordinator leads';
  }
  return `${leader.address} leads in epoch ${leader.epoch}, for ${formatAge(nowMs - leader.sinceMs)}`;
}
