import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../shared/random/random.ts';
import { checkCounting } from './check-counting.ts';
import type { ReadRecord } from './check-counting.ts';

// The checker is what every chaos scenario rests on: each kind of harm is planted here once, and must be found.

const INPUT = input(400);
const OUTPUT = results(INPUT);

describe('the checker of the counting job', () => {
  test('finds nothing where the output is what the input gives', () => {
    expect(checkCounting(INPUT, OUTPUT)).toStrictEqual({
      input: 400,
      lost: 0,
      duplicated: 0,
      disordered: 0,
      wrong: 0,
      findings: [],
    });
  });

  test('finds a lost result, also the last of a key', () => {
    expect(checkCounting(INPUT, without(OUTPUT, at('count', 8)))).toMatchObject({ lost: 1, duplicated: 0, wrong: 0 });
    expect(checkCounting(INPUT, OUTPUT.slice(0, -1))).toMatchObject({ lost: 1 });
    expect(checkCounting(INPUT, [])).toMatchObject({ lost: 400 + timersOf(OUTPUT) });
  });

  test('finds a result that is there twice', () => {
    const doubled = [...OUTPUT, { ...at('count', 8), offset: 10_000 }];

    expect(checkCounting(INPUT, doubled)).toMatchObject({ lost: 0, duplicated: 1, disordered: 0, wrong: 0 });
  });

  test('finds two results of one key that changed places', () => {
    const [a, b] = [OUTPUT.indexOf(at('count', 7)), OUTPUT.indexOf(at('count', 8))];
    const swapped = OUTPUT.with(a, at('count', 8)).with(b, at('count', 7));

    expect(checkCounting(INPUT, swapped)).toMatchObject({ lost: 0, duplicated: 0, disordered: 1, wrong: 0 });
  });

  test('finds a count that forgot a message, though every message has its result', () => {
    const forgetful = results(INPUT, (count) => (count > 6 ? count - 1 : count));

    const verdict = checkCounting(INPUT, forgetful);

    expect(verdict.lost + verdict.wrong).toBeGreaterThan(300);
  });

  test('finds a sum and a list of amounts that are not those of the key', () => {
    const damaged = (change: (fields: Record<string, unknown>) => void): readonly ReadRecord[] => {
      const victim = at('count', 9);
      const fields = JSON.parse(victim.value) as Record<string, unknown>;
      change(fields);
      return OUTPUT.with(OUTPUT.indexOf(victim), { ...victim, value: JSON.stringify(fields) });
    };

    expect(
      checkCounting(
        INPUT,
        damaged((fields) => (fields['sum'] = 1)),
      ),
    ).toMatchObject({ lost: 0, wrong: 1 });
    expect(
      checkCounting(
        INPUT,
        damaged((fields) => (fields['recent'] = [1])),
      ),
    ).toMatchObject({ lost: 0, wrong: 1 });
  });

  test('finds a result under another key: given to another patient', () => {
    const victim = at('count', 9);
    const misplaced = OUTPUT.with(OUTPUT.indexOf(victim), { ...victim, key: victim.key === 'k1' ? 'k2' : 'k1' });

    expect(checkCounting(INPUT, misplaced)).toMatchObject({ lost: 1, wrong: 1 });
  });

  test('finds a timer that never fired, one that fired twice, and one that nobody set', () => {
    const timer = at('timer', 10);

    expect(checkCounting(INPUT, without(OUTPUT, timer))).toMatchObject({ lost: 1, duplicated: 0, wrong: 0 });
    expect(checkCounting(INPUT, [...OUTPUT, timer])).toMatchObject({ lost: 0, duplicated: 1, wrong: 0 });
    expect(
      checkCounting(INPUT, [...OUTPUT, { ...timer, value: timer.value.replace('"count":10', '"count":11') }]),
    ).toMatchObject({ wrong: 1 });
  });

  test('says where to look', () => {
    expect(checkCounting(INPUT, without(OUTPUT, at('count', 8))).findings[0]).toMatch(
      /^message \d:\d+, number 8 of key k\d, has no result$/,
    );
  });
});

/** The record of the first key whose result of this kind has this count. */
function at(kind: string, count: number): ReadRecord {
  return (
    OUTPUT.find(({ value }) => value.includes(`"kind":"${kind}"`) && value.includes(`"count":${count},`)) ?? OUTPUT[0]!
  );
}

function without(records: readonly ReadRecord[], record: ReadRecord): readonly ReadRecord[] {
  return records.filter((each) => each !== record);
}

function timersOf(records: readonly ReadRecord[]): number {
  return records.filter(({ value }) => value.includes('"timer"')).length;
}

function input(count: number): readonly ReadRecord[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, offset) => ({
    partition: 0,
    offset,
    key: `k${random.below(5)}`,
    value: String(random.below(1_000)),
  }));
}

/** What a right job would write. */
function results(records: readonly ReadRecord[], counted = (count: number): number => count): readonly ReadRecord[] {
  const amounts = new Map<string, number[]>();
  const out: ReadRecord[] = [];
  const write = (key: string, fields: object): void => {
    out.push({ partition: 1, offset: out.length, key, value: JSON.stringify(fields) });
  };
  for (const { partition, offset, key, value } of records) {
    const all = amounts.get(key) ?? [];
    amounts.set(key, all);
    all.push(Number(value));
    const count = counted(all.length);
    const sum = all.reduce((a, b) => a + b);
    write(key, { kind: 'count', key, count, sum, recent: all.slice(-3), source: `${partition}:${offset}` });
    if (count % 5 === 0) {
      write(key, { kind: 'timer', count, key });
    }
  }
  return out;
}
