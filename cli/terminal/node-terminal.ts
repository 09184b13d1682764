import type { Terminal } from './terminal.ts';

export const nodeTerminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isInteractive: process.stderr.isTTY && process.env['CI'] === undefined,
};
