import type { Command } from 'commander';
import { eachBounded, readChecked } from '../../shared/checkpoint/copy-objects.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { takeInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import type { SavepointDone } from '../admin/admin-client.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, CommandOptions } from '../cli-context.ts';
import { disposeSavepoint } from '../savepoints/dispose-savepoint.ts';
import { absoluteDirectory, metadataOf, withSnapshotFolder } from '../savepoints/node-open-snapshot.ts';
import { renderInventory } from '../savepoints/snapshot-view.ts';
import { EXIT } from '../terminal/terminal.ts';
import { usage } from '../terminal/usage-error.ts';

/** Objects in memory at once while they are verified. */
const READS_AT_ONCE = 4;

/** `nerve savepoint JOB [DIR]`, `nerve savepoint inspect | dispose DIR`. */
export function registerSavepointCommand(program: Command, cli: CliContext, connect: ConnectAdmin): void {
  const savepoint = program
    .command('savepoint')
    .description('take a savepoint of a job; inspect or delete one')
    .argument('[job]', 'job id')
    .argument('[directory]', 'where its folder goes: s3://BUCKET/PREFIX or a folder; state.savepoints.dir when absent')
    .addHelpText(
      'after',
      '\nExamples:\n  nerve savepoint hl7-pipeline s3://backups/savepoints\n  nerve savepoint inspect s3://backups/savepoints/savepoint-hl7-pipeline-1a2b3c4d',
    )
    .action(
      action(cli, async (options, jobId?: string, directory?: string) => {
        if (jobId === undefined) {
          throw usage(
            'a job, or inspect or dispose with a directory, is needed.',
            'Example: nerve savepoint hl7-pipeline',
          );
        }
        return await withClient({ cli, connect, options }, async (client) => {
          const below = directory === undefined ? undefined : absoluteDirectory(directory);
          tellSavepoint(cli, options, await client.savepoint(jobId, below));
          return EXIT.ok;
        });
      }),
    );
  registerInspect(savepoint, cli);
  registerDispose(savepoint, cli);
}

export function tellSavepoint(
  cli: CliContext,
  options: CommandOptions,
  { directory, checkpoint }: SavepointDone,
): void {
  const json = { directory, checkpoint: checkpoint.toString() };
  cli.terminal.out(options.json ? `${JSON.stringify(json)}\n` : `${directory}\n`);
}

function registerInspect(savepoint: Command, cli: CliContext): void {
  savepoint
    .command('inspect')
    .description('show what a savepoint or checkpoint holds')
    .argument('<directory>', 'of a savepoint, or of a checkpoint')
    .option('--verify', 'read every object and compare its length and sha256')
    .action(
      action(cli, async (options, directory: string) => {
        const { configuration } = readSettings(cli, options);
        return await withSnapshotFolder(configuration, directory, cli.signal, async (snapshot) => {
          const metadata = await metadataOf(snapshot);
          if (options.verify === true) {
            await eachBounded(referencedObjects(metadata), READS_AT_ONCE, async (object) => {
              await readChecked(snapshot.store, object, snapshot.call);
            });
          }
          const inventory = takeInventory(metadata);
          const json = { ...inventory, directory: snapshot.directory, checkpoint: inventory.checkpoint.toString() };
          cli.terminal.out(options.json ? `${JSON.stringify(json)}\n` : renderInventory(inventory, snapshot.directory));
          return EXIT.ok;
        });
      }),
    );
}

function registerDispose(savepoint: Command, cli: CliContext): void {
  savepoint
    .command('dispose')
    .description('delete a savepoint for good')
    .argument('<directory>', 'of a savepoint')
    .option('--unfinished', 'also what an interrupted copy has left, which is no savepoint')
    .action(
      action(cli, async (options, directory: string) => {
        const { configuration } = readSettings(cli, options);
        return await withSnapshotFolder(configuration, directory, cli.signal, async (snapshot) => {
          const objects = await disposeSavepoint(snapshot, options.unfinished === true);
          const json = { directory: snapshot.directory, objects };
          cli.terminal.out(
            options.json ? `${JSON.stringify(json)}\n` : `deleted ${snapshot.directory} (${objects} objects)\n`,
          );
          return EXIT.ok;
        });
      }),
    );
}
