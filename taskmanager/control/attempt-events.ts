import type { AttemptKey, Deployment, FromCoordinator, FromTaskManager } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { SlotCommand, SlotReport } from '../slots/slot-messages.ts';

/** All that happens to the attempts of a task manager. */
export type AttemptEvent =
  | { readonly kind: 'command'; readonly leaderEpoch: LeaderEpoch; readonly message: FromCoordinator }
  | { readonly kind: 'prepared'; readonly key: AttemptKey; readonly modulePath: string }
  | { readonly kind: 'preparation-failed'; readonly key: AttemptKey; readonly failure: Failure }
  | { readonly kind: 'slot-report'; readonly key: AttemptKey; readonly slot: number; readonly report: SlotReport }
  | {
      readonly kind: 'thread-ended';
      readonly key: AttemptKey;
      readonly slot: number;
      readonly failure: Failure | undefined;
    }
  /** The threads had time enough to end. */
  | { readonly kind: 'cancel-overdue'; readonly key: AttemptKey }
  /** The session with the coordinator has ended. Tasks go on, and what is to be said is kept until it is asked for. */
  | { readonly kind: 'leader-lost' }
  /** No leader for longer than the grace, or the process ends: nothing may run on. */
  | { readonly kind: 'abandon' };

/** What is to be done, in this order. */
export type AttemptEffect =
  /** Fetch the module, open the attempt in the exchange, wait for its streams; then `prepared` or `preparation-failed`. */
  | { readonly kind: 'prepare'; readonly deployment: Deployment }
  | { readonly kind: 'stop-preparing'; readonly key: AttemptKey }
  | {
      readonly kind: 'start-thread';
      readonly deployment: Deployment;
      readonly slot: number;
      readonly modulePath: string;
    }
  | { readonly kind: 'post'; readonly key: AttemptKey; readonly slot: number; readonly command: SlotCommand }
  /** `cancel-overdue` after the time that threads have for ending. */
  | { readonly kind: 'set-deadline'; readonly key: AttemptKey }
  | { readonly kind: 'terminate'; readonly key: AttemptKey; readonly slot: number }
  | { readonly kind: 'close-exchange'; readonly key: AttemptKey }
  | { readonly kind: 'send'; readonly message: FromTaskManager }
  /** The sender is no leader any more: end the connection. */
  | { readonly kind: 'refuse-leader' };
