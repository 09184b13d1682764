#!/usr/bin/env node
// The `nerve` command. Plain ESM for any Node ≥ 20: TypeScript runs directly only on the pinned Node, so where the host's Node is
// older this re-executes cli/main.ts there; signals go through and the exit code is its own.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pinnedNode, refuseOldNode } from '../scripts/pinned-node.mjs';

/** The first Node that runs our TypeScript by itself. */
const RUNS_TYPESCRIPT = 24;

const main = path.join(path.dirname(fileURLToPath(import.meta.url)), 'main.ts');

refuseOldNode();
if (Number(process.versions.node.split('.')[0]) >= RUNS_TYPESCRIPT) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else {
  reExecute();
}

function reExecute() {
  let node;
  try {
    node = pinnedNode();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
  });
}
