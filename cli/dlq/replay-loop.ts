// Sends dead letters back to where they came from. Invariants:
// I1 At most once: before a message is sent, the ledger holds it, on disk. A run that dies in between leaves it "in doubt"; it is
//    reported and not sent again unless the user says so, because only the user can look whether it arrived.
// I2 What is sent are the original bytes, or what the edit hook made of them; nothing else is changed.
// I3 The rate limit holds over the whole run; at most one batch is in flight.
import type { Clock } from '../../shared/clock/clock.ts';
import { replayIdentity, type DeadLetter } from './dead-letter.ts';

export interface ReplayMessage {
  readonly key: string | undefined;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where messages are sent: the input topic, or a directory. `send` resolves when all of them are durable there. */
export interface ReplayTarget {
  readonly name: string;
  send(messages: readonly ReplayMessage[], signal: AbortSignal): Promise<void>;
}

export type LedgerState = 'unknown' | 'in-doubt' | 'sent';

/** Remembers across runs what was sent. `begin` and `done` return only when the disk has them. */
export interface ReplayLedger {
  stateOf(identity: string): LedgerState;
  begin(identities: readonly string[]): void;
  done(identities: readonly string[]): void;
}

/** A user's module: the bytes to send instead, or undefined to leave the letter where it is. */
export type EditHook = (
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface ReplayOptions {
  /** Messages per second; undefined: as fast as the target takes them. */
  readonly ratePerSecond: number | undefined;
  readonly limit: number | undefined;
  readonly isDryRun: boolean;
  /** Send what an earlier run left in doubt. */
  readonly resendDoubtful: boolean;
}

export interface ReplayDeps {
  readonly target: ReplayTarget;
  readonly ledger: ReplayLedger;
  readonly edit: EditHook | undefined;
  readonly clock: Clock;
  /** Called for each letter that is sent, or would be. */
  readonly onReplay: (letter: DeadLetter) => void;
}

export interface ReplaySummary {
  sent: number;
  alreadySent: number;
  inDoubt: number;
  /** Left out by the edit hook. */
  skipped: number;
}

/** Small enough that a crash leaves few in doubt, large enough that Kafka is not asked for each one. */
const batchMax = 100;
/** Messages may have 20 MB each: a batch of them must not fill the memory. */
const batchBytesMax = 8 * 1024 * 1024;

export async function replay(
  letters: AsyncIterable<DeadLetter>,
  options: ReplayOptions,
  deps: ReplayDeps,
  signal: AbortSignal,
): Promise<ReplaySummary> {
  const run = new ReplayRun(options, deps, signal);
  for await (const letter of letters) {
    signal.throwIfAborted();
    await run.take(letter);
    if (run.isFull) {
      break;
    }
  }
  await run.flush();
  return run.summary;
}

class ReplayRun {
  readonly summary: ReplaySummary = { sent: 0, alreadySent: 0, inDoubt: 0, skipped: 0 };
  readonly #options: ReplayOptions;
  readonly #deps: ReplayDeps;
  readonly #signal: AbortSignal;
  readonly #batchSize: number;
  readonly #startedMs: number;
  /** Letters of this run, so that one that was written twice is sent once also before the ledger is asked. */
  readonly #seen = new Set<string>();
  #batch: { readonly identity: string; readonly message: ReplayMessage }[] = [];
  #batchBytes = 0;

  constructor(options: ReplayOptions, deps: ReplayDeps, signal: AbortSignal) {
    this.#options = options;
    this.#deps = deps;
    this.#signal = signal;
    // At 5 messages a second a batch of 100 would be a burst every 20 s.
    this.#batchSize = Math.max(1, Math.min(batchMax, Math.floor((options.ratePerSecond ?? batchMax * 10) / 10)));
    this.#startedMs = deps.clock.monotonicMs();
  }

  get isFull(): boolean {
    return this.#options.limit !== undefined && this.summary.sent + this.#batch.length >= this.#options.limit;
  }

  async take(letter: DeadLetter): Promise<void> {
    const identity = replayIdentity(letter);
    if (this.#seen.has(identity) || !this.#isDue(identity)) {
      return;
    }
    this.#seen.add(identity);
    const edited = this.#deps.edit === undefined ? letter.value : await this.#deps.edit(letter.value, letter.headers);
    if (edited === undefined) {
      this.summary.skipped += 1;
      return;
    }
    this.#deps.onReplay(letter);
    const headers: Record<string, string> = { replayOf: letter.headers['src'] ?? letter.place };
    this.#batch.push({ identity, message: { key: letter.key, value: Buffer.from(edited), headers } });
    this.#batchBytes += edited.byteLength;
    if (this.#batch.length >= this.#batchSize || this.#batchBytes >= batchBytesMax) {
      await this.flush();
    }
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) {
      return;
    }
    if (!this.#options.isDryRun) {
      await this.#send(batch);
    }
    this.summary.sent += batch.length;
  }

  async #send(batch: readonly { readonly identity: string; readonly message: ReplayMessage }[]): Promise<void> {
    const { ledger, target } = this.#deps;
    await this.#pace();
    this.#signal.throwIfAborted();
    const identities = batch.map(({ identity }) => identity);
    ledger.begin(identities); // I1
    await target.send(
      batch.map(({ message }) => message),
      this.#signal,
    );
    ledger.done(identities);
  }

  /** Waits until the messages sent so far are what the rate allows (I3). */
  async #pace(): Promise<void> {
    const { ratePerSecond } = this.#options;
    if (ratePerSecond === undefined) {
      return;
    }
    const dueMs = this.#startedMs + (this.summary.sent / ratePerSecond) * 1000;
    const waitMs = dueMs - this.#deps.clock.monotonicMs();
    if (waitMs > 0) {
      await this.#deps.clock.sleep(waitMs, this.#signal);
    }
  }

  #isDue(identity: string): boolean {
    switch (this.#deps.ledger.stateOf(identity)) {
      case 'unknown':
        return true;
      case 'sent':
        this.summary.alreadySent += 1;
        return false;
      case 'in-doubt':
        if (this.#options.resendDoubtful) {
          return true;
        }
        this.summary.inDoubt += 1;
        return false;
    }
  }
}
