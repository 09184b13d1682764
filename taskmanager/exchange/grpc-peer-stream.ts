import type { TaskManagerId } from '../../shared/ids.ts';
import type { PeerStream } from './peer-stream.ts';

/**
 * More than the credits of any job that fits these machines allow to be under way: reaching it means that the credits do not
 * bound the queue, and memory must not pay for that.
 */
const PENDING_BYTES_MAX = 1024 * 1024 * 1024;

/** The half of a gRPC call that both sides have. */
export interface RawCall {
  write(bytes: Buffer, done: () => void): boolean;
}

/** A peer's stream over a gRPC call. `write` returning false is not waited for: credits bound what is queued (`pendingBytes`). */
export class GrpcPeerStream implements PeerStream {
  readonly peer: TaskManagerId;
  readonly #call: RawCall;
  readonly #hangUp: (reason: string) => void;
  #isClosed = false;
  #pendingBytes = 0;
  #pendingBytesMost = 0;

  constructor(peer: TaskManagerId, call: RawCall, hangUp: (reason: string) => void) {
    this.peer = peer;
    this.#call = call;
    this.#hangUp = hangUp;
  }

  /** Handed to gRPC and not yet taken by the connection. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get pendingBytesMost(): number {
    return this.#pendingBytesMost;
  }

  send(packet: Buffer): void {
    if (this.#isClosed) {
      return;
    }
    const { length } = packet;
    this.#pendingBytes += length;
    this.#pendingBytesMost = Math.max(this.#pendingBytesMost, this.#pendingBytes);
    if (this.#pendingBytes > PENDING_BYTES_MAX) {
      this.close(`more than ${PENDING_BYTES_MAX} bytes wait for the connection`);
      return;
    }
    this.#call.write(packet, () => {
      this.#pendingBytes -= length;
    });
  }

  close(reason: string): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#hangUp(reason);
    }
  }

  /** The call ended by itself. */
  onEnded(): void {
    this.#isClosed = true;
  }
}
