import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from './options.ts';

/**
 * `io.tmp.dirs`, or a folder of this user's own below the system's temporary folder: what lies there is run as code, and two
 * users of a machine must not be in each other's way.
 */
export function temporaryFolder(configuration: Pick<Configuration, 'io.tmp.dirs'>): string {
  return configuration['io.tmp.dirs'] ?? join(tmpdir(), `nerve-stream-${process.getuid?.() ?? 'user'}`);
}
