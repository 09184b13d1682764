import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';

/** Where a process' data plane listens, and how others reach it. */
export interface DataPlaneAddresses {
  readonly bindHost: string;
  /** 0: any free one. */
  readonly port: number;
  /** The name or address that peers dial. */
  readonly advertisedHost: string;
  /** The port that they dial; absent: the one it listens on. */
  readonly advertisedPort?: number | undefined;
}

/**
 * The exchange as the process' main thread sees it: one for the life of the process, made by `openGrpcExchange`
 * (grpc-exchange.ts). It keeps one gRPC stream to every task manager that some attempt here shares channels with.
 */
export interface TaskManagerExchange<Ports> {
  /** host:port where peers dial: the `dataAddress` of the registration. */
  readonly address: string;
  /**
   * Registers an attempt, before its slot threads are started and before `ready` is reported: frames for an attempt that is
   * not registered are dropped (and counted). `slots` are all slots of the job, those of other task managers too.
   */
  openAttempt(attempt: AttemptKey, slots: readonly SlotPlace[]): AttemptExchange<Ports>;
  /** Ends all attempts, streams and the server. */
  close(): Promise<void>;
}

export interface AttemptExchange<Ports> {
  /** The ports for a slot of this process, to be moved into its thread. Once per slot. */
  takePorts(slot: number): Ports;
  /**
   * Ends when the streams to all peers stand; `ready` may be reported only then.
   * @throws StreamError `exchange-peer-unreachable` at the deadline; `exchange-peer-refused` on a mismatch.
   */
  connect(signal: AbortSignal): Promise<void>;
  /**
   * The thread of a slot of this process has ended: slots that still have channels with it fail. Call it after the reason is told
   * to the coordinator, so that no consequence is taken for the cause.
   */
  endSlot(slot: number): void;
  /**
   * Ends the attempt here. Peers are told, and those with channels that had not ended fail at once. A stream that breaks is
   * told to the slots (their `onFailure`), not here.
   */
  close(): void;
}
