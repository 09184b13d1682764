import { failpoints } from '../../integration-tests/chaos/chaos-run.ts';
import type { ChaosRun } from '../../integration-tests/chaos/chaos-run.ts';
import type { S3Fault } from '../../integration-tests/harness/s3-relay.ts';
import type { ProcessUnderTest } from '../../integration-tests/harness/process-under-test.ts';
import { FAILPOINTS } from '../../shared/failpoints/failpoint-names.ts';
import type { Random } from '../../shared/random/random.ts';

/** One kind of trouble: does it, waits until it is over, and says what it did. Whoever is dead in the end is started again. */
export interface SoakFault {
  readonly weight: number;
  readonly run: (run: ChaosRun, random: Random) => Promise<string>;
}

const STORE_TROUBLES: readonly S3Fault[] = [
  { kind: 'refuse', status: 503 },
  { kind: 'slow', ms: 800 },
  { kind: 'lose-answer' },
  { kind: 'late', ms: 3_000 },
];
const FREEZE_MS_MAX = 7_000;
const TROUBLE_MS_MAX = 8_000;
const NTH_MAX = 8;
/** A failpoint that is not met by then is given up: not every one is on the way of every process. */
const FAILPOINT_WAIT_MS = 15_000;

export const FAULTS: readonly SoakFault[] = [
  { weight: 4, run: async (run, random) => await kill(oneTaskManager(run, random)) },
  { weight: 2, run: async (run) => await kill(run.cluster.coordinator) },
  { weight: 3, run: async (run, random) => await freeze(oneTaskManager(run, random), random) },
  { weight: 1, run: async (run, random) => await freeze(run.cluster.coordinator, random) },
  { weight: 5, run: async (run, random) => await taskManagerDiesAt(run, random) },
  { weight: 4, run: async (run, random) => await coordinatorDiesAt(run, random) },
  { weight: 3, run: async (run, random) => await troubleStore(run, random) },
  { weight: 1, run: killBoth },
];

function oneTaskManager(run: ChaosRun, random: Random): ProcessUnderTest {
  const { taskManagers } = run.cluster;
  return taskManagers[random.below(taskManagers.length)]!;
}

async function killBoth(run: ChaosRun, random: Random): Promise<string> {
  const [a, b] = await Promise.all([kill(oneTaskManager(run, random)), kill(run.cluster.coordinator)]);
  return `${a}, ${b}`;
}

async function kill(victim: ProcessUnderTest): Promise<string> {
  await victim.kill();
  return `killed ${victim.name}`;
}

async function freeze(victim: ProcessUnderTest, random: Random): Promise<string> {
  const ms = random.below(FREEZE_MS_MAX);
  victim.signal('SIGSTOP');
  await pause(ms);
  victim.signal('SIGCONT');
  return `froze ${victim.name} for ${ms} ms`;
}

/** Replaces a task manager by one that dies at a random step of a protocol, and kills others until the job needs it. */
async function taskManagerDiesAt(run: ChaosRun, random: Random): Promise<string> {
  const { taskManagers } = run.cluster;
  const rule = ruleAmong(/^(task\.|kafka\.before-init|store\.)/, random);
  const index = random.below(taskManagers.length);
  const other = (index + 1) % taskManagers.length;
  await taskManagers[index]!.kill();
  const victim = run.startTaskManager(index, failpoints(rule));
  await run.cluster.registered(taskManagers.length);
  await taskManagers[other]!.kill();
  const hasDied = await diesSoon(victim);
  return `killed tm-${index} and tm-${other}, and the successor of the first ${hasDied ? 'at' : 'which never reached'} ${rule}`;
}

async function coordinatorDiesAt(run: ChaosRun, random: Random): Promise<string> {
  const rule = ruleAmong(/^(coordinator\.|kafka\.|store\.)/, random);
  await run.cluster.coordinator.kill();
  const hasDied = await diesSoon(run.cluster.startCoordinator(0, failpoints(rule)));
  return `killed coordinator, and its successor ${hasDied ? 'at' : 'which never reached'} ${rule}`;
}

function ruleAmong(names: RegExp, random: Random): string {
  const all = Object.keys(FAILPOINTS).filter((name) => names.test(name));
  return `${all[random.below(all.length)]!}=exit@${1 + random.below(NTH_MAX)}`;
}

async function diesSoon(victim: ProcessUnderTest): Promise<boolean> {
  const hasDied = await Promise.any([victim.ended().then(() => true), pause(FAILPOINT_WAIT_MS).then(() => false)]);
  await victim.kill();
  return hasDied;
}

async function troubleStore(run: ChaosRun, random: Random): Promise<string> {
  const fault = STORE_TROUBLES[random.below(STORE_TROUBLES.length)]!;
  const ms = random.below(TROUBLE_MS_MAX);
  const before = run.relay.faults;
  const share = 1 + random.below(4);
  run.relay.decide = ({ method }) => (method === 'PUT' && random.below(share) === 0 ? fault : { kind: 'pass' });
  await pause(ms);
  run.relay.decide = () => ({ kind: 'pass' });
  return `${run.relay.faults - before} writes of ${ms} ms were in trouble: ${fault.kind}`;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
