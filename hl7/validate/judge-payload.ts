// What one file or Kafka value holds: MLLP frames, a batch, several messages or one. Invariants:
// I1 Nothing is dropped in silence: what is no message is an item of its own, with its bytes and the reason.
// I2 One bad frame or member never keeps another from being judged.
import { splitBatch } from '../batch/split-batch.ts';
import { decodeMllp, isMllpFramed } from '../mllp/decode-mllp.ts';
import type { MllpEvent, MllpFaultCode } from '../mllp/mllp-event.ts';
import { judgeMessage, type JudgePolicy, type Verdict } from './judge-message.ts';

export type Framing = 'auto' | 'none' | 'mllp';

/** One message found, or bytes that are none. */
export interface PayloadItem {
  /** From 0, in the order of the payload. */
  readonly index: number;
  readonly bytes: Buffer;
  /** Byte offset in the payload. */
  readonly position: number;
  readonly verdict: Verdict;
  /** Framing faults met since the item before; those after the last item stand with the last. */
  readonly faults: readonly MllpFaultCode[];
  /** What is odd about the batch envelope: with its first item. */
  readonly envelope: readonly string[];
}

/** Judges everything a payload holds. `auto` decodes MLLP where the bytes say so. */
export function judgePayload(payload: Buffer, policy: JudgePolicy, framing: Framing = 'auto'): readonly PayloadItem[] {
  const collector = new ItemCollector(policy);
  const events = framing === 'mllp' || (framing === 'auto' && isMllpFramed(payload)) ? decodeMllp(payload) : [];
  if (framing === 'mllp' || events.some(saysMllp)) {
    for (const event of events) {
      collector.addEvent(event);
    }
  } else {
    collector.addUnframed(payload, 0);
  }
  return collector.finish();
}

/** A complete frame, or the beginning of one that was cut. A start block alone proves nothing: binary data has them too. */
export function saysMllp(event: MllpEvent): boolean {
  return event.kind === 'frame' || headerNames.includes(event.bytes.toString('latin1', 0, 3));
}

const headerNames: readonly string[] = ['MSH', 'FHS', 'BHS'];

class ItemCollector {
  readonly #policy: JudgePolicy;
  readonly #items: PayloadItem[] = [];
  #faults: MllpFaultCode[] = [];

  constructor(policy: JudgePolicy) {
    this.#policy = policy;
  }

  addEvent(event: MllpEvent): void {
    if (event.kind === 'frame') {
      this.addUnframed(event.bytes, event.position);
      return;
    }
    this.#faults.push(event.code);
    // Noise between frames, an end block without its CR and a keep-alive lose nothing; the rest does.
    if (event.bytes.length > 0 && event.code !== 'NOISE' && event.code !== 'MISSING_TRAILING_CR') {
      const sentence = `MLLP framing fault ${event.code}: ${event.skipped} bytes belong to no complete frame.`;
      const problem = { code: 'E_FRAME', stage: 'frame', position: event.position, sentence } as const;
      this.#add(event.bytes, event.position, { kind: 'rejected', problem, message: undefined, warnings: [] });
    }
  }

  /** A bare message, several, or a batch. The usual single message is parsed once. */
  addUnframed(bytes: Buffer, position: number): void {
    const verdict = judgeMessage(bytes, this.#policy);
    const split = mayHoldSeveral(verdict) ? splitBatch(bytes) : undefined;
    if (split === undefined || split.kind === 'single') {
      this.#add(bytes, position, verdict);
      return;
    }
    const envelope = split.warnings.map((warning) => warning.sentence);
    if (split.members.length === 0) {
      this.#add(bytes, position, verdict, envelope);
    }
    for (const member of split.members) {
      const first = member.index === 0 ? envelope : [];
      this.#add(member.bytes, position + member.start, judgeMessage(member.bytes, this.#policy), first);
    }
  }

  finish(): readonly PayloadItem[] {
    const last = this.#items.pop();
    if (last !== undefined) {
      this.#items.push({ ...last, faults: [...last.faults, ...this.#faults] });
    }
    return this.#items;
  }

  #add(bytes: Buffer, position: number, verdict: Verdict, envelope: readonly string[] = []): void {
    this.#items.push({ index: this.#items.length, bytes, position, verdict, faults: this.#faults, envelope });
    this.#faults = [];
  }
}

function mayHoldSeveral(verdict: Verdict): boolean {
  return verdict.kind === 'rejected' && verdict.problem.stage === 'parse' && verdict.problem.code !== 'E_TOO_LARGE';
}
