/**
 * Compares what the counting job wrote with what it was given. It recomputes everything from the input alone and shares no
 * code with the engine or the job: a mistake of theirs cannot hide in it.
 */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

export interface Verdict {
  readonly input: number;
  /** Messages without a result, and timers that never fired. */
  readonly lost: number;
  /** Results of a message, and timers, beyond the first. */
  readonly duplicated: number;
  /** Results that stand before a result of an earlier message of their key. */
  readonly disordered: number;
  /** Results whose count, sum or list of last amounts is not what the input gives, or that belong to no message. */
  readonly wrong: number;
  /** The first of them in words, for whoever has to find out why. */
  readonly findings: readonly string[];
}

const FINDINGS_MAX = 12;
const TIMER_EVERY = 5;
const RECENT_MAX = 3;

interface Expected {
  readonly source: string;
  readonly count: number;
  readonly sum: number;
  readonly recent: string;
}

/** Both in the order of partition and offset; the records of a key stand in one partition. */
export function checkCounting(input: readonly ReadRecord[], output: readonly ReadRecord[]): Verdict {
  const checker = new CountingChecker(input);
  for (const record of output) {
    checker.take(record);
  }
  return checker.verdict();
}

class CountingChecker {
  readonly #input: number;
  readonly #expected = new Map<string, Map<string, Expected>>();
  /** By key: the sources of the results seen, and the greatest count among them. */
  readonly #seen = new Map<string, Set<string>>();
  readonly #last = new Map<string, number>();
  readonly #timers = new Map<string, Set<number>>();
  readonly #findings: string[] = [];
  #duplicated = 0;
  #disordered = 0;
  #wrong = 0;

  constructor(input: readonly ReadRecord[]) {
    this.#input = input.length;
    const running = new Map<string, { count: number; sum: number; amounts: number[] }>();
    for (const { partition, offset, key, value } of input) {
      const of = running.get(key) ?? { count: 0, sum: 0, amounts: [] };
      running.set(key, of);
      of.count += 1;
      of.sum += Number(value);
      of.amounts.push(Number(value));
      const source = `${partition}:${offset}`;
      const recent = JSON.stringify(of.amounts.slice(-RECENT_MAX));
      const expected = this.#expected.get(key) ?? new Map<string, Expected>();
      this.#expected.set(key, expected.set(source, { source, count: of.count, sum: of.sum, recent }));
    }
  }

  take({ partition, offset, key, value }: ReadRecord): void {
    const where = `output ${partition}:${offset} of key ${key}`;
    const fields: unknown = JSON.parse(value);
    if (typeof fields !== 'object' || fields === null || !('kind' in fields) || !('count' in fields)) {
      this.#isWrong(`${where} is no result: ${value}`);
    } else if (fields.kind === 'timer') {
      this.#takeTimer(key, Number(fields.count), where);
    } else {
      this.#takeCount(key, fields, where);
    }
  }

  #takeCount(key: string, fields: object, where: string): void {
    const source = 'source' in fields ? String(fields.source) : '';
    const expected = this.#expected.get(key)?.get(source);
    const seen = this.#seen.get(key) ?? new Set<string>();
    const last = this.#last.get(key) ?? 0;
    this.#seen.set(key, seen);
    if (expected === undefined) {
      this.#isWrong(`${where} speaks of message ${source}, which this key does not have`);
      return;
    }
    if (seen.has(source)) {
      this.#duplicated += 1;
      this.#find(`${where}: a second result of message ${source}, number ${expected.count}`);
      return;
    }
    seen.add(source);
    this.#compare(fields, expected, where);
    if (expected.count < last) {
      this.#disordered += 1;
      this.#find(`${where}: message number ${expected.count} stands behind number ${last}`);
    }
    this.#last.set(key, Math.max(expected.count, last));
  }

  #compare(fields: object, expected: Expected, where: string): void {
    const sum = 'sum' in fields ? Number(fields.sum) : NaN;
    const recent = JSON.stringify('recent' in fields ? fields.recent : undefined);
    const count = 'count' in fields ? Number(fields.count) : NaN;
    if (count !== expected.count || sum !== expected.sum || recent !== expected.recent) {
      this.#isWrong(
        `${where}, message ${expected.source}: count ${count}, sum ${sum}, recent ${recent}; ` +
          `the input gives ${expected.count}, ${expected.sum}, ${expected.recent}`,
      );
    }
  }

  #takeTimer(key: string, count: number, where: string): void {
    const fired = this.#timers.get(key) ?? new Set<number>();
    this.#timers.set(key, fired);
    if (count % TIMER_EVERY !== 0 || count > (this.#expected.get(key)?.size ?? 0)) {
      this.#isWrong(`${where}: a timer of number ${count}, which sets none`);
    } else if (fired.has(count)) {
      this.#duplicated += 1;
      this.#find(`${where}: the timer of number ${count} fired again`);
    } else if (count > (this.#last.get(key) ?? 0)) {
      this.#isWrong(`${where}: the timer of number ${count} fired before its message had a result`);
    } else if (count < Math.max(0, ...fired)) {
      this.#disordered += 1;
      this.#find(`${where}: the timer of number ${count} fired after that of ${Math.max(...fired)}`);
    }
    fired.add(count);
  }

  verdict(): Verdict {
    let lost = 0;
    for (const [key, expected] of this.#expected) {
      for (const { source, count } of expected.values()) {
        if (this.#seen.get(key)?.has(source) !== true) {
          lost += 1;
          this.#find(`message ${source}, number ${count} of key ${key}, has no result`);
        }
        if (count % TIMER_EVERY === 0 && this.#timers.get(key)?.has(count) !== true) {
          lost += 1;
          this.#find(`the timer of number ${count} of key ${key} never fired`);
        }
      }
    }
    return {
      input: this.#input,
      lost,
      duplicated: this.#duplicated,
      disordered: this.#disordered,
      wrong: this.#wrong,
      findings: this.#findings.slice(0, FINDINGS_MAX),
    };
  }

  #isWrong(finding: string): void {
    this.#wrong += 1;
    this.#find(finding);
  }

  #find(finding: string): void {
    this.#findings.push(finding);
  }
}
