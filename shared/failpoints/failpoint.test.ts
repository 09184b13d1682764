import { afterEach, describe, expect, test } from 'vitest';
import { armFailpoints, failpoint, failpointAsync, failpointBytes } from './failpoint.ts';
import { parseFailpoints } from './parse-failpoints.ts';

afterEach(() => {
  armFailpoints([], recordingActor([]));
});

describe('the rules of NERVE_FAILPOINTS', () => {
  test('name a point, an action, a time and how many-eth hit is meant', () => {
    const parsed = parseFailpoints(
      ' task.after-freeze=exit@3; coordinator.pointer-written=hang:5s; store.put=hang:250ms@2+ ;',
    );

    expect(parsed).toStrictEqual({
      kind: 'rules',
      rules: [
        { name: 'task.after-freeze', action: { kind: 'exit' }, nth: 3, andAfter: false },
        { name: 'coordinator.pointer-written', action: { kind: 'hang', ms: 5_000 }, nth: 1, andAfter: false },
        { name: 'store.put', action: { kind: 'hang', ms: 250 }, nth: 2, andAfter: true },
      ],
    });
  });

  test.each([
    'store.put',
    'store.put=explode',
    'no.such-point=exit',
    'store.put=exit@0',
    'store.put=hang',
    'store.put=exit:5s',
    'store.put=exit@x',
  ])('"%s" is refused, together with everything else that is wrong', (rule) => {
    const parsed = parseFailpoints(`${rule}; also wrong`);

    expect(parsed.kind === 'malformed' ? parsed.problems : []).toHaveLength(2);
  });
});

describe('a failpoint', () => {
  test('acts at the hit that is meant, once', () => {
    const deeds = arm('task.before-ack=exit@2');

    for (let hit = 1; hit <= 4; hit += 1) {
      failpoint('task.before-ack');
      failpoint('task.after-ack');
    }

    expect(deeds).toStrictEqual(['task.before-ack exit announced at 2', 'task.before-ack exit']);
  });

  test('with a plus acts at every later hit, too', () => {
    const deeds = arm('task.before-ack=throw@2+');

    failpoint('task.before-ack');
    failpoint('task.before-ack');
    failpoint('task.before-ack');

    expect(deeds.filter((deed) => !deed.includes('announced'))).toHaveLength(2);
  });

  test('that hangs lets only its caller wait where waiting is possible', async () => {
    const deeds = arm('coordinator.before-commit=hang:70ms');

    await failpointAsync('coordinator.before-commit');

    expect(deeds).toStrictEqual(['coordinator.before-commit hang announced at 1', 'waited 70']);
  });

  test('that corrupts changes one byte of a copy', async () => {
    arm('store.put=corrupt');
    const bytes = Buffer.from([1, 2, 3]);

    const damaged = await failpointBytes('store.put', bytes);
    const next = await failpointBytes('store.put', bytes);

    expect([...damaged]).toStrictEqual([1, 253, 3]);
    expect(next).toBe(bytes);
    expect([...bytes]).toStrictEqual([1, 2, 3]);
  });

  test('does nothing where none is armed', async () => {
    failpoint('store.get');
    await failpointAsync('store.get');

    expect(await failpointBytes('store.get', Buffer.of(7))).toStrictEqual(Buffer.of(7));
  });
});

function arm(text: string): string[] {
  const deeds: string[] = [];
  const parsed = parseFailpoints(text);
  armFailpoints(parsed.kind === 'rules' ? parsed.rules : [], recordingActor(deeds));
  return deeds;
}

function recordingActor(deeds: string[]): Parameters<typeof armFailpoints>[1] {
  const counts = new Map<string, number>();
  return {
    count: (name) => {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      return nth;
    },
    announce: (name, action, nth) => {
      deeds.push(`${name} ${action.kind} announced at ${nth}`);
    },
    act: (name, action) => {
      deeds.push(`${name} ${action.kind}`);
    },
    wait: async (ms) => {
      deeds.push(`waited ${ms}`);
      await Promise.resolve();
    },
  };
}
