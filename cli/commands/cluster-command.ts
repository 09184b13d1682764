import type { Command } from 'commander';
import type { ClusterDetail } from '../admin/admin-client.ts';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT } from '../terminal/terminal.ts';
import { formatAge } from './jobs-view.ts';

/** `nerve cluster`: who leads, and who works. */
export function registerClusterCommand(program: Command, cli: CliContext, connect: ConnectAdmin): void {
  program
    .command('cluster')
    .description('show the leader and the task managers with their slots')
    .action(
      action(
        cli,
        async (options) =>
          await withClient({ cli, connect, options }, async (client) => {
            const cluster = await client.cluster();
            const json = { ...cluster, leaderEpoch: cluster.leaderEpoch.toString() };
            cli.terminal.out(options.json ? `${JSON.stringify(json)}\n` : renderCluster(cluster));
            return EXIT.ok;
          }),
      ),
    );
}

function renderCluster({ leader, leaderEpoch, version, taskManagers }: ClusterDetail): string {
  const rows = taskManagers.map((taskManager) => [
    taskManager.id,
    taskManager.dataAddress,
    String(taskManager.slots),
    String(taskManager.freeSlots),
    formatAge(taskManager.lastHeartbeatMsAgo),
  ]);
  const table = renderTable([['TASK MANAGER', 'DATA ADDRESS', 'SLOTS', 'FREE', 'HEARD'], ...rows]);
  return `leader ${leader}, epoch ${leaderEpoch}, version ${version}\n${table}`;
}
