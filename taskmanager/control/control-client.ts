import type { FromCoordinator, FromTaskManager, Registration } from '../../shared/control/messages.ts';
import type { ArtifactHash, LeaderEpoch } from '../../shared/ids.ts';

/** The task manager's way to a coordinator. */
export interface ControlClient {
  /** Opens a control stream and registers. Nothing is resent inside a session; a new one begins with its own registration. */
  open(options: SessionOptions): ControlSession;
  /** @throws StreamError `artifact-missing`, `coordinator-unreachable` */
  fetchArtifact(address: string, hash: ArtifactHash, signal: AbortSignal): Promise<Buffer>;
  close(): void;
}

export interface SessionOptions {
  readonly address: string;
  readonly registration: Registration;
  /** The highest leader epoch seen; 0 when none. */
  readonly epoch: bigint;
  readonly onMessage: (message: FromCoordinator, leaderEpoch: LeaderEpoch) => void;
  /** Once, also after `close`: nothing comes any more. */
  readonly onEnd: (reason: string) => void;
}

export interface ControlSession {
  /** In order. Does nothing after the end. */
  send(message: FromTaskManager, epoch: bigint): void;
  /** What was sent before still goes. */
  close(): void;
}
