import type { Command } from 'commander';
import { findState } from '../../shared/checkpoint/find-state.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { metadataOf, withSnapshotFolder } from '../savepoints/node-open-snapshot.ts';
import { stateToJson } from '../savepoints/state-json.ts';
import { EXIT } from '../terminal/terminal.ts';
import { usage } from '../terminal/usage-error.ts';

/** Of an object: small against a base segment, large against a block. */
const FETCH_BYTES = 256 * 1024;

/** `nerve state get DIR --operator UID --state NAME --key K`: one key's state out of a savepoint. */
export function registerStateCommand(program: Command, cli: CliContext): void {
  program
    .command('state')
    .description('look into the state of a savepoint or checkpoint')
    .command('get')
    .description('show the state of one key, as JSON; reads only the blocks that can hold it')
    .argument('<directory>', 'of a savepoint, or of a checkpoint')
    .requiredOption('--operator <uid>', 'uid of the operator')
    .requiredOption('--state <name>', 'name of the state')
    .requiredOption('--key <key>', 'the key, such as a patient key')
    .action(
      action(cli, async (options, directory: string) => {
        const { operator: uid, state, key } = options;
        if (typeof uid !== 'string' || state === undefined || key === undefined) {
          throw usage(
            '--operator, --state and --key are needed.',
            '"nerve savepoint inspect" lists operators and states.',
          );
        }
        const { configuration } = readSettings(cli, options);
        return await withSnapshotFolder(configuration, directory, cli.signal, async (snapshot) => {
          const { store, call } = snapshot;
          const query = { uid, state, key };
          const found = await findState(await metadataOf(snapshot), query, { store, call, fetchBytes: FETCH_BYTES });
          for (const item of found) {
            cli.terminal.out(`${JSON.stringify(stateToJson(item))}\n`);
          }
          if (found.length === 0) {
            cli.terminal.err('the key has no such state\n');
            return EXIT.failed;
          }
          return EXIT.ok;
        });
      }),
    );
}
