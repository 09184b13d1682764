// `npm run demo` and `npm test` on a clean clone: brings the dependencies in and goes on with the pinned Node.
// Plain ESM for any Node ≥ 20, without dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pinnedNode, refuseOldNode, root } from './pinned-node.mjs';

const targets = {
  demo: [path.join(root, 'cli', 'main.ts'), 'demo'],
  test: [path.join(root, 'scripts', 'test.mjs')],
};

refuseOldNode();
const [target, ...args] = process.argv.slice(2);
if (!(target in targets)) {
  process.stderr.write(`usage: node scripts/bootstrap.mjs ${Object.keys(targets).join('|')} [arguments…]\n`);
  process.exit(2);
}
installDependencies();
runWith(findNode(), [...targets[target], ...args]);

/** npm writes node_modules/.package-lock.json as the last step of an install, so an interrupted one is repeated. */
function installDependencies() {
  const stamp = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) {
    return;
  }
  process.stdout.write('Installing dependencies: npm ci\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write(
      'npm ci failed: see above. Check the network and the npm registry setting (npm config get registry), then run this again.\n',
    );
    process.exit(1);
  }
}

function findNode() {
  try {
    return pinnedNode();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Runs the command in our place: signals go to it, and its exit code is ours. */
function runWith(node, command) {
  const binaries = path.join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: [path.dirname(node), binaries, process.env.PATH].join(path.delimiter) };
  const child = spawn(node, command, { cwd: root, stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 1));
  });
}
