import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { usage } from '../terminal/usage-error.ts';

/** Where `split` writes: `<file's name>-<index>.hl7`, never over a file that is there. */
export interface SplitDirectory {
  /** @returns the path written */
  write(source: string, index: number, bytes: Uint8Array): string;
}

export function openSplitDirectory(path: string): SplitDirectory {
  mkdirSync(path, { recursive: true });
  return {
    write(source, index, bytes) {
      const stem = source === '-' ? 'stdin' : basename(source).replace(/\.[^.]*$/, '');
      const target = join(path, `${stem}-${String(index).padStart(5, '0')}.hl7`);
      try {
        writeFileSync(target, bytes, { flag: 'wx' });
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
        throw usage(`${target} cannot be written (${code}).`, 'Choose an empty directory that you may write to.');
      }
      return target;
    },
  };
}
