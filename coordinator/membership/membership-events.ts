import type { AttemptKey, FromCoordinator, Registration } from '../../shared/control/messages.ts';
import type { Incarnation, TaskManagerId } from '../../shared/ids.ts';
import type { ConnectionId } from './ids.ts';
import type { Instant } from './members.ts';

export type MembershipEvent =
  | {
      readonly kind: 'register';
      readonly connection: ConnectionId;
      readonly registration: Registration;
      /** Attempts of the registration that go on; those of others are cancelled. */
      readonly keep?: readonly AttemptKey[];
    }
  /** `mayReturn`: it runs what would go on if it came back. */
  | { readonly kind: 'connection-lost'; readonly connection: ConnectionId; readonly mayReturn?: boolean }
  | Probed
  /** It wants to leave, as soon as nothing runs there. */
  | { readonly kind: 'draining'; readonly connection: ConnectionId }
  | { readonly kind: 'goodbye'; readonly connection: ConnectionId; readonly reason: string }
  /** `heard`: when each connection last said something, since the tick before. */
  | { readonly kind: 'tick'; readonly heard: ReadonlyMap<ConnectionId, Instant> }
  /** The coordinator gives up on it: it does not do what it was told in time. */
  | { readonly kind: 'drop'; readonly taskManager: TaskManagerId; readonly why: string };

/** Whether a process listens where the data plane of a member does that lost its connection; `unknown`: no answer. */
export interface Probed {
  readonly kind: 'probed';
  readonly taskManager: TaskManagerId;
  readonly incarnation: Incarnation;
  readonly result: ProbeResult;
}

export type ProbeResult = 'alive' | 'refused' | 'unknown';

export type MembershipSend =
  | {
      readonly kind: 'probe';
      readonly taskManager: TaskManagerId;
      readonly incarnation: Incarnation;
      readonly dataAddress: string;
    }
  | { readonly kind: 'message'; readonly connection: ConnectionId; readonly message: FromCoordinator }
  /** Ends the stream after what was sent on it. */
  | { readonly kind: 'close-connection'; readonly connection: ConnectionId };

export interface MembershipSettings {
  readonly version: string;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}
