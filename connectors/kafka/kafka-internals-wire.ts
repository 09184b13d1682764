import { Kafka } from 'kafkajs';
import type { KafkaConfig } from 'kafkajs';
import type { ApiRequest } from './api-request.ts';

/**
 * The parts of kafkajs 2.2.4 that are not its public API (ADR: kafkajs internals). Everything private that we touch is named
 * here and nowhere else; package.json pins the version. We use its connections (socket, TLS, SASL, framing, request queue,
 * timeouts) and its broker object (version negotiation, login); requests and responses are ours.
 */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly socket?: {
    cork(): void;
    uncork(): void;
    write(bytes: Buffer): boolean;
    destroy(): void;
    readonly destroyed: boolean;
  };
  readonly requestQueue: RequestQueue;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  disconnect(): Promise<boolean>;
  nextCorrelationId(): number;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  throttledUntil: number;
  push(request: {
    readonly entry: {
      readonly apiKey: number;
      readonly apiName: string;
      readonly apiVersion: number;
      readonly correlationId: number;
      readonly resolve: (answer: { readonly payload: Buffer }) => void;
      readonly reject: (error: Error) => void;
    };
    readonly expectResponse: boolean;
    readonly requestTimeout: number;
    readonly sendRequest: () => void;
  }): void;
  rejectAll(error: Error): void;
  maybeThrottle(ms: number): void;
  scheduleCheckPendingRequests(): void;
}

interface ConnectionPool {
  readonly pool: readonly Connection[];
  getConnection(index: number): Promise<Connection>;
}

/** Two connections to one broker: one for fetching, which the broker may hold, one for everything else. */
export interface Broker {
  readonly connectionPool: ConnectionPool;
  /** What the broker understands, by api key; known once it is connected. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
  connect(): Promise<void>;
  isConnected(): boolean;
  createTopics(request: { topics: readonly TopicToCreate[]; validateOnly: boolean; timeout: number }): Promise<unknown>;
  createPartitions(request: {
    topicPartitions: readonly { topic: string; count: number }[];
    timeout: number;
    validateOnly: boolean;
  }): Promise<unknown>;
  deleteTopics(request: { topics: readonly string[]; timeout: number }): Promise<unknown>;
  initProducerId(request: {
    transactionalId: string | undefined;
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
}

export interface TopicToCreate {
  readonly topic: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configEntries: readonly { name: string; value: string }[];
}

interface Cluster {
  readonly connectionPoolBuilder: { build(at?: { host: string; port: number }): Promise<ConnectionPool> };
  readonly brokerPool: {
    createBroker(options: { connectionPool: ConnectionPool; logger: unknown; nodeId?: number }): Broker;
  };
  readonly rootLogger: unknown;
}

/** Makes broker objects; without an address it takes the next of the configured brokers. */
export type BrokerFactory = (at?: { host: string; port: number; nodeId: number }) => Promise<Broker>;

export function brokerFactory(config: KafkaConfig): BrokerFactory {
  const kafka = new Kafka(config) as unknown as Record<symbol, (options: object) => Cluster>;
  const symbol = Object.getOwnPropertySymbols(kafka).find((each) => each.description === 'private:Kafka:createCluster');
  const createCluster = symbol === undefined ? undefined : kafka[symbol];
  if (createCluster === undefined) {
    throw new Error('kafkajs is not version 2.2.4: its createCluster was not found. Run npm ci.');
  }
  const cluster = createCluster({ allowAutoTopicCreation: false });
  return async (at) => {
    const connectionPool = await cluster.connectionPoolBuilder.build(at);
    for (const connection of connectionPool.pool) {
      quietTimer(connection.requestQueue);
    }
    return cluster.brokerPool.createBroker({
      connectionPool,
      logger: cluster.rootLogger,
      ...(at === undefined ? {} : { nodeId: at.nodeId }),
    });
  };
}

/**
 * kafkajs sets a timer after every answer, mostly with a negative time, which Node ≥ 24 warns of; it is of use only while
 * requests wait.
 */
function quietTimer(queue: RequestQueue): void {
  const original = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) {
      original();
    }
  };
}

/**
 * Sends a request of ours over a connection of kafkajs and resolves with the answer's body. Two copies fewer than by its own
 * `send`: the chunks go to the socket as they are.
 */
export async function sendOver(connection: Connection, request: ApiRequest, timeoutMs: number): Promise<Buffer> {
  if (!connection.isAuthenticated()) {
    await connection.authenticate();
  }
  const { apiKey, apiName, apiVersion, chunks, holdMs } = request;
  const correlationId = connection.nextCorrelationId();
  const header = requestHeader(request, correlationId, connection.clientId);
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: timeoutMs + holdMs,
      sendRequest: () => {
        const { socket } = connection;
        if (socket === undefined || socket.destroyed) {
          throw new Error('the connection is closed');
        }
        socket.cork();
        socket.write(header);
        for (const chunk of chunks) {
          socket.write(chunk);
        }
        socket.uncork();
      },
    });
  });
  return payload;
}

/** Request header, version 1: size, api key, api version, correlation id, client id. */
function requestHeader({ apiKey, apiVersion, chunks }: ApiRequest, correlationId: number, clientId: string): Buffer {
  const name = Buffer.from(clientId, 'utf8');
  const header = Buffer.alloc(14 + name.length);
  const bodyBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  header.writeInt32BE(header.length - 4 + bodyBytes, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(apiVersion, 6);
  header.writeInt32BE(correlationId, 8);
  header.writeInt16BE(name.length, 12);
  name.copy(header, 14);
  return header;
}

/** Ends both connections now: what is in flight is rejected with `error`, and nothing is waited for. */
export async function destroyBroker(broker: Broker, error: Error): Promise<void> {
  for (const connection of broker.connectionPool.pool) {
    connection.requestQueue.rejectAll(error);
    const { socket } = connection;
    await connection.disconnect();
    socket?.destroy();
  }
}
