import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { usage } from '../terminal/usage-error.ts';
import { syncDirectory, writeDurably } from './node-durable-file.ts';
import type { ReplayTarget } from './replay-loop.ts';

/** Writes each message to a file of its own, ready to be the input of `nerve run … --input DIR`. Overwrites nothing. */
export function directoryReplayTarget(path: string): ReplayTarget {
  return {
    name: `directory ${path}`,
    async send(messages) {
      mkdirSync(path, { recursive: true });
      for (const { value, headers } of messages) {
        const place = (headers['replayOf'] ?? 'letter').replaceAll(/[^A-Za-z0-9]+/g, '-');
        const hash = createHash('sha256').update(value).digest('hex').slice(0, 12);
        writeFile(join(path, `${place}-${hash}.hl7`), value);
      }
      syncDirectory(path);
      await Promise.resolve();
    },
  };
}

function writeFile(path: string, value: Buffer): void {
  try {
    const fd = openSync(path, 'wx');
    try {
      writeDurably(fd, value);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw usage(
      `${path} cannot be written (${code}).`,
      'Give a directory that you may write to and that holds no earlier replay.',
    );
  }
}
