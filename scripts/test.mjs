// What `npm test` does once the dependencies are in: real services up, every vitest project, services down again.
// The last line is `N passed, N failed`; the exit code is 0 only when nothing failed.
//
//   node scripts/test.mjs [vitest's arguments…]      e.g. --project unit, connectors/kafka
//   NERVE_TEST_SERVICES=external                     the services are there already: take them from the environment
//                                                    (KAFKA_BROKERS, ETCD_ENDPOINTS, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY)
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from './pinned-node.mjs';

/** Below the range from which systems give ports to who dials: a broker that is killed by a test must find its port again. */
const PORTS = { from: 20_000, to: 32_000 };
const services = path.join(root, 'scripts', 'services');
const args = process.argv.slice(2);
const scratch = mkdtempSync(path.join(tmpdir(), 'nerve-test-'));
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isInterrupted = true; // the child has it too (same process group, or passed on below); the services are stopped at the end
  });
}

const stack = await bringUp();
let result = { passed: 0, failed: 1 };
try {
  if (stack.isUp) {
    result = await runVitest(stack.env);
  }
} finally {
  stack.stop();
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`${result.passed} passed, ${result.failed} failed\n`);
process.exitCode = result.failed === 0 ? 0 : 1;

/** Uses a stack that is up in the default place; otherwise starts one of its own, on free ports, with its data in `scratch`. */
async function bringUp() {
  if (process.env.NERVE_TEST_SERVICES === 'external' || !needsServices()) {
    return { isUp: true, env: process.env, stop: () => undefined };
  }
  if (spawnSync(services, ['status'], { stdio: 'ignore' }).status === 0) {
    return { isUp: true, env: clientEnv(process.env), stop: () => undefined };
  }
  const names = ['KAFKA_PORT', 'KAFKA_CTRL_PORT', 'ETCD_PORT', 'ETCD_PEER_PORT', 'MINIO_PORT'];
  const ports = await freePorts(names.length);
  const env = {
    ...process.env,
    SVC_RUN: path.join(scratch, 'services'),
    ...Object.fromEntries(names.map((name, i) => [name, String(ports[i])])),
  };
  process.stdout.write(
    'Starting Kafka, etcd and MinIO (the first time takes some minutes: they are fetched and built).\n',
  );
  const { status } = spawnSync(services, ['up'], { stdio: 'inherit', env });
  return {
    isUp: status === 0 && !isInterrupted,
    env: status === 0 ? clientEnv(env) : env,
    stop: () => spawnSync(services, ['wipe'], { stdio: 'inherit', env }),
  };
}

/** Unit tests and simulations run without any service. */
function needsServices() {
  const projects = args.flatMap((arg, i) =>
    arg === '--project' ? [args[i + 1]] : arg.startsWith('--project=') ? [arg.slice(10)] : [],
  );
  return projects.length === 0 || projects.includes('it');
}

function clientEnv(env) {
  const lines = spawnSync(services, ['env'], { encoding: 'utf8', env }).stdout.split('\n');
  const pairs = lines.map((line) => /^export ([A-Z0-9_]+)=(.*)$/.exec(line)).filter((match) => match !== null);
  return { ...env, ...Object.fromEntries(pairs.map(([, name, value]) => [name, value])) };
}

async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) {
      ports.add(port);
    }
  }
  return [...ports];
}

async function isFree(port) {
  const server = createServer();
  const isOurs = await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => (isOurs ? server.close(resolve) : resolve()));
  return isOurs;
}

async function runVitest(env) {
  const report = path.join(scratch, 'vitest.json');
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const flags = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args];
  const child = spawn(process.execPath, [vitest, ...flags], { cwd: root, stdio: 'inherit', env });
  const passOn = (signal) => child.kill(signal);
  process.on('SIGTERM', passOn);
  const code = await new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', () => resolve(1));
  });
  process.off('SIGTERM', passOn);
  return countOf(report, code);
}

/** A file that could not be loaded has no tests in the report: it counts as one failure, as does any other bad end of vitest. */
function countOf(report, code) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    const failed = numFailedTests + broken.length;
    return { passed: numPassedTests, failed: code === 0 || failed > 0 ? failed : 1 };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
