import type { TaskManagerId } from '../../shared/ids.ts';
import { ALL_SLOTS, makePacket, renumberAttempt } from './frame-codec.ts';
import type { PeerStream } from './peer-stream.ts';

/**
 * What the router knows of one peer: the stream, and how attempts are numbered on it. The body of `attempt-open` is the
 * attempt's name in UTF-8; `attempt-end` has none.
 *
 * I1  An attempt is announced on a stream before its first packet there. The number is the sender's; each side has its own.
 * I2  An attempt uses a stream from the first packet it sent or received there. A stream that breaks fails the attempts that
 *     used it, never silently; the others go over to the next stream.
 */
export class PeerLink {
  readonly peer: TaskManagerId;
  address: string;
  #stream: PeerStream | undefined;
  readonly #announced = new Set<number>();
  readonly #names = new Map<number, string>();
  readonly #users = new Set<string>();

  constructor(peer: TaskManagerId, address: string) {
    this.peer = peer;
    this.address = address;
  }

  get stream(): PeerStream | undefined {
    return this.#stream;
  }

  connect(stream: PeerStream): void {
    this.#stream = stream;
    this.#announced.clear();
    this.#names.clear();
  }

  /** Gives the names of the attempts that used the stream. */
  disconnect(): ReadonlySet<string> {
    const users = new Set(this.#users);
    this.#stream = undefined;
    this.#users.clear();
    return users;
  }

  /** False when no stream stands. `packet` is changed in place. */
  send(attempt: { readonly number: number; readonly name: string }, packet: Buffer): boolean {
    if (this.#stream === undefined) {
      return false;
    }
    if (!this.#announced.has(attempt.number)) {
      this.#announced.add(attempt.number);
      this.#stream.send(
        makePacket(
          { kind: 'attempt-open', attempt: attempt.number, sourceSlot: ALL_SLOTS, targetSlot: ALL_SLOTS },
          Buffer.from(attempt.name),
        ),
      );
    }
    this.#users.add(attempt.name);
    renumberAttempt(packet, attempt.number);
    this.#stream.send(packet);
    return true;
  }

  /** The attempt ended here. */
  end(attempt: { readonly number: number; readonly name: string }): void {
    this.#users.delete(attempt.name);
    if (this.#announced.delete(attempt.number)) {
      this.#stream?.send(
        makePacket(
          { kind: 'attempt-end', attempt: attempt.number, sourceSlot: ALL_SLOTS, targetSlot: ALL_SLOTS },
          Buffer.alloc(0),
        ),
      );
    }
  }

  onAttemptOpen(number: number, name: string): void {
    this.#names.set(number, name);
  }

  onAttemptEnd(number: number): void {
    this.#names.delete(number);
  }

  /** The name of the attempt that the peer gave this number. */
  nameOf(number: number): string | undefined {
    return this.#names.get(number);
  }

  onPacketFor(name: string): void {
    this.#users.add(name);
  }
}
