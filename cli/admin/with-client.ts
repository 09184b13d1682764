import { readSettings } from '../cli-context.ts';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import type { AdminClient } from './admin-client.ts';

export type ConnectAdmin = (addresses: readonly string[]) => AdminClient;

/** Uses a client of the configured coordinators, and closes it. */
export async function withClient<T>(
  {
    cli,
    connect,
    options,
  }: { readonly cli: CliContext; readonly connect: ConnectAdmin; readonly options: GlobalOptions },
  use: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const client = connect(readSettings(cli, options).configuration['coordinator.rpc.addresses']);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
