// Finds the Node that this project is pinned to. Plain ESM for any Node ≥ 20, without dependencies: it runs before they are in.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The oldest Node that can start us (it only has to run these few files). */
const OLDEST = 20;

/** Ends the process with one sentence when the host's Node is too old even to start us. */
export function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST) {
    process.stderr.write(
      `nerve-stream needs Node ${OLDEST} or newer to start, and this is ${process.version}. Install a current Node from https://nodejs.org.\n`,
    );
    process.exit(1);
  }
}

/** The version in package.json: `node` is a development dependency like any other. */
function pinnedVersion() {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).devDependencies.node;
}

function isPinned(binary) {
  return (
    existsSync(binary) &&
    spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${pinnedVersion()}`
  );
}

/**
 * Path of the pinned Node. The package `node` brings its binary by an install script; where scripts are blocked, the package of
 * this platform, which holds the same binary, is installed beside it. Throws an Error that says what to run when that fails too.
 */
export function pinnedNode() {
  const version = pinnedVersion();
  if (process.version === `v${version}`) {
    return process.execPath;
  }
  const suffix = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const aside = path.join(root, 'node_modules', '.cache', 'pinned-node');
  const places = [
    path.join(root, 'node_modules', 'node', 'bin', suffix),
    path.join(root, 'node_modules', 'node', 'node_modules', name, 'bin', suffix),
    path.join(root, 'node_modules', name, 'bin', suffix),
    path.join(aside, 'node_modules', name, 'bin', suffix),
  ];
  const found = places.find(isPinned);
  if (found !== undefined) {
    return found;
  }
  process.stdout.write(`Installing ${name}@${version} (the install script of the package "node" did not run).\n`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const flags = ['install', '--prefix', aside, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`];
  const result = spawnSync(npm, flags, {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: root,
    shell: process.platform === 'win32',
  });
  const installed = places.at(-1);
  if (result.status === 0 && isPinned(installed)) {
    return installed;
  }
  throw new Error(
    `Node ${version} is missing. Run: npm rebuild node   or: npm install --prefix ${path.relative(process.cwd(), aside) || '.'} ${name}@${version}`,
  );
}
