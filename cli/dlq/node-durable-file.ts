import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';

/** Writes all of it at the file's position (one `write` may take less than it is given, as on a disk that runs full), and syncs it. */
export function writeDurably(fd: number, content: string | Uint8Array): void {
  writeFileSync(fd, content);
  fsyncSync(fd);
}

/** Makes the names in a folder durable: a file that is synced may still be gone with its name. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
