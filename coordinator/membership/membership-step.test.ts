import { describe, expect, test } from 'vitest';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseLeaderEpoch,
  parseTaskManagerId,
} from '../../shared/ids.ts';
import type { AttemptReport, Registration } from '../../shared/control/messages.ts';
import { parseConnectionId } from './ids.ts';
import { memberOn, NO_MEMBERS } from './members.ts';
import type { Membership } from './members.ts';
import { membershipStep } from './membership-step.ts';
import type { MembershipEvent } from './membership-events.ts';

const settings = { version: '1', heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 8_000 };
const one = parseConnectionId(1);
const two = parseConnectionId(2);
const id = parseTaskManagerId('tm-1');

describe('registration', () => {
  test('makes a member that is found by its connection', () => {
    const { membership, joined, send } = step(
      NO_MEMBERS,
      { kind: 'register', connection: one, registration: registration('a') },
      0,
    );

    expect(joined?.id).toBe(id);
    expect(memberOn(membership, one)).toStrictEqual(joined);
    expect(send).toStrictEqual([
      {
        kind: 'message',
        connection: one,
        message: { kind: 'registered', heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 8_000, cancel: [] },
      },
    ]);
  });

  test('has whatever the process still runs cancelled', () => {
    const attempts = [attemptReport(3)];
    const { send } = step(
      NO_MEMBERS,
      { kind: 'register', connection: one, registration: { ...registration('a'), attempts } },
      0,
    );

    expect(send[0]).toMatchObject({ message: { cancel: [{ jobId: 'j', attempt: 3 }] } });
  });

  test('of the same process over a new connection replaces the older one, whose tasks are lost', () => {
    const before = registered('a', 0);

    const { membership, lost, send } = step(
      before,
      { kind: 'register', connection: two, registration: registration('a') },
      100,
    );

    expect(lost.map(({ member }) => member.connection)).toStrictEqual([one]);
    expect(send[0]).toStrictEqual({ kind: 'close-connection', connection: one });
    expect(memberOn(membership, one)).toBeUndefined();
    expect(memberOn(membership, two)?.id).toBe(id);
  });

  test('of a newer incarnation replaces one that has fallen silent', () => {
    const { lost, joined } = step(
      registered('a', 0),
      { kind: 'register', connection: two, registration: registration('b') },
      2_001,
    );

    expect(lost.map(({ failure }) => failure.code)).toStrictEqual(['task-manager-lost']);
    expect(joined?.incarnation).toBe('b');
  });

  test('of another process under an id whose owner was just heard is refused and changes nothing', () => {
    const before = registered('a', 0);

    const { membership, lost, send } = step(
      before,
      { kind: 'register', connection: two, registration: registration('b') },
      2_000,
    );

    expect(membership).toBe(before);
    expect(lost).toStrictEqual([]);
    expect(send).toMatchObject([
      { kind: 'message', connection: two, message: { kind: 'refused', code: 'task-manager-id-in-use' } },
      { kind: 'close-connection', connection: two },
    ]);
  });

  test.each([
    ['of another version', { version: '2' }, 'version-mismatch'],
    ['without slots', { slots: 0 }, 'no-slots'],
  ])('%s is refused', (_, over, code) => {
    const event = { kind: 'register', connection: one, registration: { ...registration('a'), ...over } } as const;

    const { membership, send } = step(NO_MEMBERS, event, 0);

    expect(membership).toBe(NO_MEMBERS);
    expect(send[0]).toMatchObject({ message: { kind: 'refused', code } });
  });
});

describe('a member whose connection breaks while it runs what could go on', () => {
  const absent = step(registered('a', 0), { kind: 'connection-lost', connection: one, mayReturn: true }, 100);

  test('is absent, its process is looked for, and what it says on the old connection counts no more', () => {
    expect(absent.lost).toStrictEqual([]);
    expect(absent.send).toStrictEqual([
      { kind: 'probe', taskManager: id, incarnation: parseIncarnation('a'), dataAddress: 'host:1' },
    ]);
    expect(memberOn(absent.membership, one)).toBeUndefined();
    expect(absent.membership.members.has(id)).toBe(true);
  });

  test('is a member as before when it is back with something that goes on', () => {
    const keep = [attemptReport(3)];
    const event = { kind: 'register', connection: two, registration: registration('a'), keep } as const;
    const { membership, lost } = step(absent.membership, event, 900);

    expect(lost).toStrictEqual([]);
    expect(memberOn(membership, two)?.id).toBe(id);
    expect(membership.absent.size).toBe(0);
  });

  test('is replaced at once by its own next process', () => {
    const event = { kind: 'register', connection: two, registration: registration('b') } as const;
    const { joined, lost } = step(absent.membership, event, 200);

    expect(joined?.incarnation).toBe('b');
    expect(lost).toHaveLength(1);
  });

  test('is lost when its process is dead, when a second has passed, or, if it lives, when it was silent for too long', () => {
    const probed = { kind: 'probed', taskManager: id, incarnation: parseIncarnation('a') } as const;
    const alive = step(absent.membership, { ...probed, result: 'alive' }, 200).membership;
    const tick = { kind: 'tick', heard: new Map() } as const;

    expect(step(absent.membership, { ...probed, result: 'refused' }, 200).lost).toHaveLength(1);
    expect(step(absent.membership, { ...probed, result: 'unknown' }, 200).lost).toHaveLength(0);
    expect(step(absent.membership, tick, 1_100).lost).toHaveLength(0);
    expect(step(absent.membership, tick, 1_101).lost).toHaveLength(1);
    expect(step(alive, tick, 8_000).lost).toHaveLength(0);
    expect(step(alive, tick, 8_001).lost).toHaveLength(1);
  });

  test('is looked for again while it is away, since a process that was just killed takes connections for a moment', () => {
    const probed = { kind: 'probed', taskManager: id, incarnation: parseIncarnation('a') } as const;
    const tick = { kind: 'tick', heard: new Map() } as const;
    const alive = step(absent.membership, { ...probed, result: 'alive' }, 110).membership;
    const again = step(alive, tick, 300);

    expect(step(alive, tick, 299).send).toStrictEqual([]);
    expect(again.send).toStrictEqual(absent.send);
    expect(step(again.membership, tick, 499).send).toStrictEqual([]);
    expect(step(again.membership, { ...probed, result: 'refused' }, 310).lost).toHaveLength(1);
  });

  test('is not lost by what is said of a process before it', () => {
    const probed = { kind: 'probed', taskManager: id, incarnation: parseIncarnation('z'), result: 'refused' } as const;

    expect(step(absent.membership, probed, 200)).toMatchObject({ membership: absent.membership, lost: [] });
  });
});

describe('a member is lost', () => {
  test('at once when its connection breaks', () => {
    const { membership, lost } = step(registered('a', 0), { kind: 'connection-lost', connection: one }, 1);

    expect(lost).toHaveLength(1);
    expect(membership).toStrictEqual(NO_MEMBERS);
  });

  test('but not when a connection breaks that it has replaced', () => {
    const now = step(
      registered('a', 0),
      { kind: 'register', connection: two, registration: registration('a') },
      1,
    ).membership;

    expect(step(now, { kind: 'connection-lost', connection: one }, 2)).toMatchObject({ membership: now, lost: [] });
  });

  test('when it says goodbye, and the stream is closed', () => {
    const { lost, send } = step(registered('a', 0), { kind: 'goodbye', connection: one, reason: 'shutdown' }, 1);

    expect(lost[0]?.failure.message).toContain('goodbye (shutdown)');
    expect(send).toStrictEqual([{ kind: 'close-connection', connection: one }]);
  });

  test('when it was silent for longer than the timeout, not before', () => {
    const before = registered('a', 0);

    expect(step(before, { kind: 'tick', heard: new Map() }, 8_000).lost).toStrictEqual([]);
    expect(step(before, { kind: 'tick', heard: new Map() }, 8_001).lost).toHaveLength(1);
  });

  test('counted from when it was last heard', () => {
    const heard = step(registered('a', 0), { kind: 'tick', heard: new Map([[one, 5_000]]) }, 5_050).membership;

    expect(step(heard, { kind: 'tick', heard: new Map() }, 13_000).lost).toStrictEqual([]);
    expect(step(heard, { kind: 'tick', heard: new Map() }, 13_001).lost).toHaveLength(1);
  });

  test('when the coordinator gives up on it', () => {
    const { lost, send } = step(registered('a', 0), { kind: 'drop', taskManager: id, why: 'it does not obey' }, 1);

    expect(lost[0]?.failure.message).toContain('it does not obey');
    expect(send).toStrictEqual([{ kind: 'close-connection', connection: one }]);
  });
});

function step(membership: Membership, event: MembershipEvent, now: number): ReturnType<typeof membershipStep> {
  return membershipStep(membership, event, settings, now);
}

function registered(incarnation: string, now: number): Membership {
  return step(NO_MEMBERS, { kind: 'register', connection: one, registration: registration(incarnation) }, now)
    .membership;
}

function registration(incarnation: string): Registration {
  return {
    taskManager: id,
    incarnation: parseIncarnation(incarnation),
    dataAddress: 'host:1',
    slots: 2,
    version: '1',
    attempts: [],
  };
}

function attemptReport(attempt: number): AttemptReport {
  return {
    jobId: parseJobId('j'),
    attempt: parseAttemptNumber(attempt),
    phase: 'running',
    fingerprint: 'f',
    module: { kind: 'path', path: 'job.mjs' },
    deployedBy: parseLeaderEpoch(1n),
    completed: undefined,
    subtasks: [],
  };
}
