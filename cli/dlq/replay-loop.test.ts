import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../shared/clock/clock.ts';
import type { DeadLetter } from './dead-letter.ts';
import { openReplayLedger } from './node-replay-ledger.ts';
import {
  replay,
  type ReplayMessage,
  type ReplayOptions,
  type ReplaySummary,
  type ReplayTarget,
} from './replay-loop.ts';

const all: ReplayOptions = { ratePerSecond: undefined, limit: undefined, isDryRun: false, resendDoubtful: false };

let directory = '';
let ledgerPath = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nerve-ledger-'));
  ledgerPath = join(directory, 'ledger');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('every letter is sent once with its original bytes, however often the replay is run', async () => {
  const target = new MemoryTarget();

  const first = await run(letters(3), target);
  const second = await run(letters(4), target);

  expect(first).toMatchObject({ sent: 3, alreadySent: 0 });
  expect(second).toMatchObject({ sent: 1, alreadySent: 3 });
  expect(target.sent.map(({ value }) => value.toString())).toStrictEqual(['m0', 'm1', 'm2', 'm3']);
  expect(target.sent[0]).toMatchObject({ key: 'k0', headers: { replayOf: '0:0:1' } });
});

test('a letter that was written twice is sent once; the same bytes from another source record are another message', async () => {
  const target = new MemoryTarget();
  const [letter] = letters(1);
  if (letter === undefined) {
    throw new Error('There is one letter.');
  }
  const twin: DeadLetter = { ...letter, place: 'hl7.dlq-0@9' };
  const other: DeadLetter = { ...letter, headers: { ...letter.headers, src: '0:77:1' } };

  await run([letter, twin, other], target);

  expect(target.sent).toHaveLength(2);
});

test('the ledger is on disk before anything is sent', async () => {
  const target = new MemoryTarget();
  target.onSend = () => {
    expect(readFileSync(ledgerPath, 'utf8')).toMatch(/^B "hl7.dlq\|0:0:1#0\|/m);
  };

  await run(letters(1), target);
});

test('a run that dies while it sends leaves its letters in doubt; they are sent again only when asked for', async () => {
  const target = new MemoryTarget();
  target.onSend = () => {
    throw new Error('power cut');
  };
  await expect(run(letters(2), target)).rejects.toThrow('power cut');
  target.onSend = () => undefined;

  const cautious = await run(letters(3), target);
  const resent = await run(letters(3), target, { resendDoubtful: true });

  expect(cautious).toMatchObject({ sent: 1, inDoubt: 2 });
  expect(resent).toMatchObject({ sent: 2, alreadySent: 1, inDoubt: 0 });
});

test('a ledger line cut short by a crash neither counts nor spoils the next', async () => {
  const target = new MemoryTarget();
  await run(letters(1), target);
  writeFileSync(ledgerPath, `${readFileSync(ledgerPath, 'utf8')}B "hl7.dlq|0:1:1#0|abc`);

  const summary = await run(letters(2), target);
  const again = await run(letters(2), target);

  expect(summary).toMatchObject({ sent: 1, alreadySent: 1, inDoubt: 0 });
  expect(again).toMatchObject({ sent: 0, alreadySent: 2 });
});

test('two replays cannot use one ledger at once, and a lock of a dead process is taken over', async () => {
  writeFileSync(`${ledgerPath}.lock.1`, JSON.stringify({ host: hostname(), pid: 999_999_999 }));
  const ledger = await openReplayLedger(ledgerPath);

  await expect(openReplayLedger(ledgerPath)).rejects.toThrow(`process ${process.pid} on ${hostname()} holds`);
  await ledger.close();
  expect(await run(letters(1), new MemoryTarget())).toMatchObject({ sent: 1 });
});

test('a file that is no ledger is left alone', async () => {
  writeFileSync(ledgerPath, 'something else');

  await expect(openReplayLedger(ledgerPath)).rejects.toThrow('is no replay ledger');
  expect(readFileSync(ledgerPath, 'utf8')).toBe('something else');
});

test('a dry run sends nothing and remembers nothing', async () => {
  const target = new MemoryTarget();

  const dry = await run(letters(2), target, { isDryRun: true });

  expect(dry).toMatchObject({ sent: 2 });
  expect(target.sent).toHaveLength(0);
  expect(await run(letters(2), target)).toMatchObject({ sent: 2 });
});

test('the rate holds over the whole run', async () => {
  const clock = new SkippingClock();
  const target = new MemoryTarget();
  const times: number[] = [];
  target.onSend = () => times.push(clock.monotonicMs());

  await run(letters(30), target, { ratePerSecond: 10 }, { clock });

  expect(target.sent).toHaveLength(30);
  expect(times.at(-1)).toBe(2_900);
});

test('a limit ends the run, and the rest comes with the next', async () => {
  const target = new MemoryTarget();

  expect(await run(letters(5), target, { limit: 2 })).toMatchObject({ sent: 2 });
  expect(await run(letters(5), target)).toMatchObject({ sent: 3, alreadySent: 2 });
});

test('the edit hook changes what is sent, or leaves a letter where it is', async () => {
  const target = new MemoryTarget();
  const deps = {
    edit: (bytes: Buffer) => (bytes.includes('1') ? undefined : Buffer.concat([bytes, Buffer.from('!')])),
  };

  const summary = await run(letters(2), target, {}, deps);

  expect(summary).toMatchObject({ sent: 1, skipped: 1 });
  expect(target.sent.map(({ value }) => value.toString())).toStrictEqual(['m0!']);
});

async function run(
  input: readonly DeadLetter[],
  target: ReplayTarget,
  options: Partial<ReplayOptions> = {},
  { clock = new SkippingClock(), edit }: { clock?: Clock; edit?: (bytes: Buffer) => Buffer | undefined } = {},
): Promise<ReplaySummary> {
  const ledger = await openReplayLedger(ledgerPath);
  try {
    const { signal } = new AbortController();
    const chosen = { ...all, ...options };
    return await replay(stream(input), chosen, { target, ledger, edit, clock, onReplay: () => undefined }, signal);
  } finally {
    await ledger.close();
  }
}

function letters(count: number): DeadLetter[] {
  return Array.from({ length: count }, (_, i) => ({
    place: `hl7.dlq-0@${i}`,
    topic: 'hl7.dlq',
    key: `k${i}`,
    headers: { src: `0:${i}:1`, reason: 'E_NO_PATIENT_ID', stage: 'key' },
    value: Buffer.from(`m${i}`),
  }));
}

async function* stream(input: readonly DeadLetter[]): AsyncGenerator<DeadLetter> {
  for (const letter of input) {
    yield await Promise.resolve(letter);
  }
}

/** Sleeping takes no time but moves the clock. */
class SkippingClock implements Clock {
  #now = 0;

  nowMs(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await Promise.resolve();
  }
}

class MemoryTarget implements ReplayTarget {
  readonly name = 'memory';
  readonly sent: ReplayMessage[] = [];
  onSend: () => void = () => undefined;

  async send(messages: readonly ReplayMessage[]): Promise<void> {
    await Promise.resolve();
    this.onSend();
    this.sent.push(...messages);
  }
}
