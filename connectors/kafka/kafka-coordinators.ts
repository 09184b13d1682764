import { StreamError } from '../../shared/failure/failure.ts';
import { coordinatorRefusal } from './broker-failures.ts';
import { errorOf } from './error-codes.ts';
import type { CoordinatorKind } from './find-coordinator-request.ts';
import { findCoordinatorRequest, parseFindCoordinator } from './find-coordinator-request.ts';
import type { KafkaClient } from './kafka-client.ts';

/** Which broker coordinates which transactional id or consumer group, as last heard. */
export class KafkaCoordinators {
  readonly client: KafkaClient;
  readonly #nodes = new Map<string, number>();

  constructor(client: KafkaClient) {
    this.client = client;
  }

  /** Its node id; there is a connection to it. Throws a StreamError: `retry` when there is none now. */
  async connect(kind: CoordinatorKind, key: string, signal: AbortSignal): Promise<number> {
    const nodeId = this.#nodes.get(nameOf(kind, key)) ?? (await this.#find(kind, key, signal));
    try {
      await this.client.connectTo(nodeId, signal);
    } catch (error) {
      this.forget(kind, key);
      throw error;
    }
    return nodeId;
  }

  /** The next `connect` asks anew: after NOT_COORDINATOR, and after a connection that broke. */
  forget(kind: CoordinatorKind, key: string): void {
    this.#nodes.delete(nameOf(kind, key));
  }

  async #find(kind: CoordinatorKind, key: string, signal: AbortSignal): Promise<number> {
    const request = findCoordinatorRequest(kind, key);
    const { errorCode, nodeId } = parseFindCoordinator(await this.client.sendToAny(request, signal));
    if (errorOf(errorCode).class !== 'none') {
      throw new StreamError(coordinatorRefusal(errorCode, `Looking up the coordinator of`, key, this.client.brokers));
    }
    this.#nodes.set(nameOf(kind, key), nodeId);
    return nodeId;
  }
}

function nameOf(kind: CoordinatorKind, key: string): string {
  return `${kind} ${key}`;
}
