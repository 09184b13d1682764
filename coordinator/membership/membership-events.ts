import type { FromCoordinator, Registration } from '../../shared/control/messages.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import type { ConnectionId } from './ids.ts';
import type { Instant } from './members.ts';

export type MembershipEvent =
  | { readonly kind: 'register'; readonly connection: ConnectionId; readonly registration: Registration }
  | { readonly kind: 'connection-lost'; readonly connection: ConnectionId }
  | { readonly kind: 'goodbye'; readonly connection: ConnectionId; readonly reason: string }
  /** `heard`: when each connection last said something, since the tick before. */
  | { readonly kind: 'tick'; readonly heard: ReadonlyMap<ConnectionId, Instant> }
  /** The coordinator gives up on it: it does not do what it was told in time. */
  | { readonly kind: 'drop'; readonly taskManager: TaskManagerId; readonly why: string };

export type MembershipSend =
  | { readonly kind: 'message'; readonly connection: ConnectionId; readonly message: FromCoordinator }
  /** Ends the stream after what was sent on it. */
  | { readonly kind: 'close-connection'; readonly connection: ConnectionId };

export interface MembershipSettings {
  readonly version: string;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}
