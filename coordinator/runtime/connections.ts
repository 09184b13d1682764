import type { FromCoordinator } from '../../shared/control/messages.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { ConnectionId } from '../membership/ids.ts';

/** The coordinator's end of one control stream. Both calls return at once; after `close` nothing more is sent. */
export interface TaskManagerConnection {
  send(message: FromCoordinator): void;
  /** Ends the stream after what was sent on it. */
  close(): void;
}

/** The open control streams. A message to a connection that is gone goes nowhere: its member is lost, or soon will be. */
export class Connections {
  readonly #open = new Map<ConnectionId, TaskManagerConnection>();
  #last = 0;

  open(connection: TaskManagerConnection): ConnectionId {
    this.#last += 1;
    const id = parseConnectionId(this.#last);
    this.#open.set(id, connection);
    return id;
  }

  /** False when it was known to be closed already. */
  forget(id: ConnectionId): boolean {
    return this.#open.delete(id);
  }

  send(id: ConnectionId, message: FromCoordinator): void {
    this.#open.get(id)?.send(message);
  }

  close(id: ConnectionId): void {
    this.#open.get(id)?.close();
  }
}
