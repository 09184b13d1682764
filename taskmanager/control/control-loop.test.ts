import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { AttemptKey, AttemptReport, FromCoordinator, FromTaskManager } from '../../shared/control/messages.ts';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseLeaderEpoch,
  parseTaskManagerId,
} from '../../shared/ids.ts';
import { MemoryLeaderDirectory } from '../../shared/leader/memory-leader-directory.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { ControlClient, ControlSession, SessionOptions } from './control-client.ts';
import { ControlLoop } from './control-loop.ts';
import type { ControlledAttempts } from './control-loop.ts';

const attempt: AttemptKey = { jobId: parseJobId('j'), attempt: parseAttemptNumber(1) };
const running: AttemptReport = {
  ...attempt,
  phase: 'running',
  fingerprint: 'f',
  module: { kind: 'path', path: 'job.ts' },
  deployedBy: parseLeaderEpoch(1n),
  completed: undefined,
  subtasks: [],
};
const registered: FromCoordinator = {
  kind: 'registered',
  heartbeatIntervalMs: 1_000,
  heartbeatTimeoutMs: 8_000,
  cancel: [],
};

describe('the control loop', () => {
  test('registers with what runs here, and reports that it lives', async () => {
    const world = await World.begin();

    world.session.tell(registered);
    await world.pass(2_500);

    expect(world.session.options.registration.attempts).toStrictEqual([running]);
    expect(world.session.sent.map(({ kind }) => kind)).toStrictEqual(['heartbeat', 'heartbeat', 'heartbeat']);
    expect(world.loop.leaderAddress).toBe('a:1');
    await world.stop();
  });

  test('follows the leader to another address as soon as it changes', async () => {
    const world = await World.begin();
    world.session.options.onEnd('refused connection');
    await world.pass(500);
    const sessionsBefore = world.client.sessions.length;

    world.session.options.onEnd('refused connection');
    world.directory.leader = { address: 'b:2', epoch: parseLeaderEpoch(2n), sinceMs: 0 };
    await world.pass(50);

    expect(sessionsBefore).toBeGreaterThan(1);
    expect(world.session.options.address).toBe('b:2');
    await world.stop();
  });

  test('dials nobody while nobody leads, and abandons what runs when that lasts longer than the grace', async () => {
    const world = await World.begin();
    world.session.tell(registered);
    world.directory.leader = undefined;
    world.session.options.onEnd('it died');
    await world.pass(59_000);
    const before = world.attempts.abandoned;
    await world.pass(5_000);

    expect([world.client.sessions.length, before, world.attempts.abandoned]).toStrictEqual([1, 0, 1]);
    await world.stop();
  });

  test('ends a session that is silent, and opens another', async () => {
    const world = await World.begin();
    world.session.tell(registered);

    await world.pass(12_000);

    expect(world.client.sessions.length).toBeGreaterThan(1);
    expect(world.client.sessions[0]?.isClosed).toBe(true);
    expect(world.attempts.lost).toBe(1);
    await world.stop();
  });

  test('a session that is silent is given up as soon as another coordinator leads, long before the timeout', async () => {
    const world = await World.begin();
    world.session.tell(registered);
    await world.pass(2_500);

    world.directory.leader = { address: 'b:2', epoch: parseLeaderEpoch(2n), sinceMs: 0 };
    await world.pass(1_500);

    expect(world.session.options.address).toBe('b:2');
    expect([world.client.sessions.length, world.client.sessions[0]?.isClosed]).toStrictEqual([2, true]);
    await world.stop();
  });

  test('a session over which the coordinator is heard goes on, whoever else is said to lead', async () => {
    const world = await World.begin();
    world.session.tell(registered);
    world.directory.leader = { address: 'b:2', epoch: parseLeaderEpoch(2n), sinceMs: 0 };

    await world.beat(20_000);

    expect(world.client.sessions).toHaveLength(1);
    await world.stop();
  });

  test('an ended session is deaf: what still arrives on it starts nothing', async () => {
    const world = await World.begin();
    const first = world.session;
    first.tell(registered);
    await world.pass(12_000);
    const before = world.attempts.commands.length;

    first.tell({ kind: 'start', ...attempt });
    const afterSilence = world.attempts.commands.length;
    world.session.tell(registered);
    const last = world.session;
    await world.stop();
    last.tell({ kind: 'start', ...attempt });

    expect(afterSilence).toBe(before);
    expect(world.attempts.commands).toStrictEqual(['registered', 'registered']);
  });

  test('abandons what runs only when no coordinator was there for longer than the grace', async () => {
    const world = await World.begin();
    world.session.tell(registered);
    world.session.options.onEnd('it died');
    world.client.isDead = true;

    await world.pass(55_000);
    const before = world.attempts.abandoned;
    await world.pass(10_000);

    expect(before).toBe(0);
    expect(world.attempts.abandoned).toBe(1);
    await world.stop();
  });

  test('a refusal that cannot pass ends it', async () => {
    const world = await World.begin();

    world.session.tell({ kind: 'refused', code: 'version-mismatch', message: 'run the same version' });
    await world.pass(200);

    await expect(world.running).rejects.toThrow('refused this task manager: run the same version');
  });

  test('an id that is in use is tried again, for as long as an old process may be believed alive', async () => {
    const world = await World.begin();

    for (let i = 0; i < 3; i += 1) {
      world.session.tell({ kind: 'refused', code: 'task-manager-id-in-use', message: 'in use' });
      await world.pass(2_500);
    }
    world.session.tell(registered);

    expect(world.loop.leaderAddress).toBeDefined();
    await world.stop();
  });

  test('asked to end while something runs here, it says that it drains, and stays until nothing runs', async () => {
    const world = await World.begin();
    world.session.tell(registered);
    world.attempts.live = [running];
    world.ask();
    await world.pass(2_000);
    const early = world.session.sent.map(({ kind }) => kind);
    world.attempts.live = [];
    await world.stop();

    expect(early).toContain('draining');
    expect(early).not.toContain('goodbye');
    expect(world.session.sent.at(-1)?.kind).toBe('goodbye');
  });

  test('asked to end, it leaves when the coordinator ends the session, and when its time is over', async () => {
    for (const isEnded of [true, false]) {
      const world = await World.begin();
      world.session.tell(registered);
      world.attempts.live = [running];
      world.ask();
      await world.pass(100);
      if (isEnded) {
        world.session.options.onEnd('closed');
        await world.pass(2_000);
      } else {
        await world.beat(33_000);
      }

      await world.running;
    }
  });

  test('says goodbye when it is asked to end', async () => {
    const world = await World.begin();
    world.session.tell(registered);

    await world.stop();

    expect(world.session.sent.at(-1)?.kind).toBe('goodbye');
    expect(world.session.isClosed).toBe(true);
  });
});

class MemorySession implements ControlSession {
  readonly sent: FromTaskManager[] = [];
  readonly options: SessionOptions;
  isClosed = false;

  constructor(options: SessionOptions) {
    this.options = options;
  }

  tell(message: FromCoordinator): void {
    this.options.onMessage(message, parseLeaderEpoch(1n));
  }

  send(message: FromTaskManager): void {
    this.sent.push(message);
  }

  close(): void {
    this.isClosed = true;
    this.options.onEnd('closed here');
  }
}

class MemoryControlClient implements ControlClient {
  readonly sessions: MemorySession[] = [];
  /** Every session ends at once. */
  isDead = false;

  open(options: SessionOptions): ControlSession {
    const session = new MemorySession(options);
    this.sessions.push(session);
    if (this.isDead) {
      options.onEnd('nobody is there');
    }
    return session;
  }

  async fetchArtifact(): Promise<Buffer> {
    return await Promise.resolve(Buffer.alloc(0));
  }

  close(): void {
    this.isDead = true;
  }
}

class MemoryAttempts implements ControlledAttempts {
  live: readonly AttemptReport[] = [running];
  lost = 0;
  readonly epoch = 0n;
  readonly samples = [];
  readonly commands: string[] = [];
  abandoned = 0;
  asked = 0;

  askForSamples(): void {
    this.asked += 1;
  }

  raise(event: Parameters<ControlledAttempts['raise']>[0]): void {
    this.abandoned += event.kind === 'abandon' ? 1 : 0;
    this.lost += event.kind === 'leader-lost' ? 1 : 0;
    if (event.kind === 'command') {
      this.commands.push(event.message.kind);
    }
  }
}

class World {
  readonly clock = new MemoryClock();
  readonly client = new MemoryControlClient();
  readonly directory = new MemoryLeaderDirectory(this.clock, {
    address: 'a:1',
    epoch: parseLeaderEpoch(1n),
    sinceMs: 0,
  });
  readonly attempts = new MemoryAttempts();
  readonly loop: ControlLoop;
  readonly running: Promise<void>;
  readonly #stop = new AbortController();

  constructor() {
    this.loop = new ControlLoop({
      client: this.client,
      directory: this.directory,
      identity: {
        taskManager: parseTaskManagerId('tm'),
        incarnation: parseIncarnation('i'),
        dataAddress: '127.0.0.1:1',
        slots: 1,
        version: '1',
      },
      attempts: this.attempts,
      clock: this.clock,
      logger: silentLogger,
      graceMs: 60_000,
      drainMs: 30_000,
      ownSamples: () => [],
    });
    this.running = this.loop.run(this.#stop.signal);
    this.running.catch(() => undefined);
  }

  /** The first session is open. */
  static async begin(): Promise<World> {
    const world = new World();
    await world.pass(50);
    return world;
  }

  get session(): MemorySession {
    return this.client.sessions.at(-1)!;
  }

  /** In small steps, so that whoever wakes is done before time goes on. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await this.clock.advance(Math.min(50, left));
      for (let i = 0; i < 12; i += 1) {
        await Promise.resolve();
      }
    }
  }

  /** The process is to end. */
  ask(): void {
    this.#stop.abort();
  }

  /** Time passes, and the coordinator is heard. */
  async beat(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.session.tell({ kind: 'heartbeat-ack', sentAtMs: 0 });
      await this.pass(1_000);
    }
  }

  async stop(): Promise<void> {
    this.ask();
    this.attempts.live = [];
    await this.pass(2_000);
    await this.running;
  }
}
