import type { CheckpointId } from '../../../shared/ids.ts';
import type { CheckpointMetadata } from '../../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointSend } from '../checkpoint-events.ts';
import type { ReceivedAcknowledgement } from '../received-acknowledgement.ts';

export type ToTaskManager =
  | Extract<CheckpointSend, { kind: 'trigger' | 'complete' | 'abort' | 'announce' }>
  | {
      readonly kind: 'deploy';
      readonly attempt: number;
      /** By subtask. */
      readonly names: readonly string[];
      readonly index: number;
      readonly parallelism: number;
      readonly restore: CheckpointMetadata | undefined;
    }
  | { readonly kind: 'start' | 'cancel'; readonly attempt: number };

export type FromTaskManager =
  | { readonly kind: 'ready'; readonly attempt: number }
  | { readonly kind: 'failed'; readonly attempt: number; readonly why: string }
  | { readonly kind: 'acknowledged'; readonly attempt: number; readonly ack: ReceivedAcknowledgement }
  | {
      readonly kind: 'declined';
      readonly attempt: number;
      readonly checkpoint: CheckpointId;
      readonly cause: 'failed' | 'cancelled';
    };

/** The way back to whoever leads; it goes dead with its leader. */
export interface LeaderStream {
  send(message: FromTaskManager): void;
}
