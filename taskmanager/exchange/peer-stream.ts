import type { TaskManagerId } from '../../shared/ids.ts';

/**
 * The stream to one other task manager. Guarantees: packets arrive in the order of `send`, each once, until the stream
 * breaks, which is told once to both ends. A broken stream never comes back: another one takes its place.
 */
export interface PeerStream {
  readonly peer: TaskManagerId;
  /** Never refuses and never waits. What is under way is bounded by the credits of the channels it carries. */
  send(packet: Buffer): void;
  close(reason: string): void;
}
