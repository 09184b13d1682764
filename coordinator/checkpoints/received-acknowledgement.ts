import type { Acknowledgement } from '../../shared/control/acknowledgement.ts';
import type { TaskManagerId } from '../../shared/ids.ts';

/** An acknowledgement with the task manager whose control stream brought it. */
export interface ReceivedAcknowledgement extends Acknowledgement {
  readonly taskManager: TaskManagerId;
}
