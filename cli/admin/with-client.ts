import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import { readSettings } from '../cli-context.ts';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import type { AdminClient } from './admin-client.ts';
import { openDirectory } from './node-open-directory.ts';

/** To the leader that a directory names (which the client then owns), or that one of these coordinators does. */
export type ConnectAdmin = (where: LeaderDirectory | readonly string[]) => AdminClient;

/** Uses a client of the configured coordinators, and closes it. */
export async function withClient<T>(
  {
    cli,
    connect,
    options,
  }: { readonly cli: CliContext; readonly connect: ConnectAdmin; readonly options: GlobalOptions },
  use: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const client = connect(openDirectory(readSettings(cli, options).configuration));
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
