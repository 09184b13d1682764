import { logLevel } from 'kafkajs';
import type { LogEntry } from 'kafkajs';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { ApiRequest } from './api-request.ts';
import { throwIfRefused, unsupportedRequest } from './broker-failures.ts';
import { raceAbort } from './kafka-abort.ts';
import { connectionFailure } from './kafka-errors.ts';
import type { Broker, BrokerFactory } from './kafka-internals-wire.ts';
import { brokerFactory, destroyBroker, sendOver } from './kafka-internals-wire.ts';
import type { KafkaEndpoint } from './kafka-security.ts';
import { socketFactory } from './kafka-socket.ts';
import type { BrokerAddress, ClusterMetadata, TopicMetadata } from './metadata-request.ts';
import { metadataRequest, parseMetadata } from './metadata-request.ts';

/** How long a connection may take, login included. */
const CONNECT_MS = 5_000;
/** How long an answer may take beyond what the broker itself may hold it: a frozen broker is noticed after this. */
export const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Access to one Kafka cluster: finds brokers and leaders, and sends requests.
 *
 * I1  Nothing here retries for long: a lost connection is dropped and the error is the caller's, who knows what may be repeated.
 * I2  After a lost connection, and after `forgetLeaders`, leadership is asked for anew before it is used.
 * I3  One client per endpoint and thread is shared by all readers, writers and tools (`acquireClient`), but what a broker may
 *     hold (fetching) goes over connections of its own (`openBroker`).
 */
export class KafkaClient {
  readonly brokers: readonly string[];
  readonly #makeBroker: BrokerFactory;
  readonly #brokersById = new Map<number, Broker>();
  readonly #topics = new Map<string, TopicMetadata>();
  #addresses: readonly BrokerAddress[] = [];
  #controllerId = -1;
  #bootstrap: Broker | undefined;
  #connecting: Broker | undefined;
  #bootstrapping: Promise<Broker> | undefined;
  #isClosed = false;

  constructor(endpoint: KafkaEndpoint, logger: Logger) {
    this.brokers = endpoint.brokers;
    this.#makeBroker = brokerFactory({
      clientId: 'nerve-stream',
      brokers: [...endpoint.brokers],
      socketFactory: socketFactory(endpoint.ssl),
      connectionTimeout: CONNECT_MS,
      authenticationTimeout: CONNECT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: { retries: 0, initialRetryTime: 50 },
      logLevel: logLevel.WARN,
      logCreator: () => (entry) => {
        forward(entry, logger);
      },
      ...(endpoint.ssl === undefined ? {} : { ssl: endpoint.ssl }),
      ...(endpoint.sasl === undefined ? {} : { sasl: endpoint.sasl }),
    });
  }

  /** Asks the cluster now. `topics` undefined: all. Errors of single topics are in the answer, not thrown. */
  async metadata(topics: readonly string[] | undefined, signal: AbortSignal): Promise<ClusterMetadata> {
    const request = metadataRequest(topics);
    const answer = parseMetadata(await this.sendToAny(request, signal));
    this.#addresses = answer.brokers;
    this.#controllerId = answer.controllerId;
    for (const topic of answer.topics) {
      if (topic.errorCode === 0) {
        this.#topics.set(topic.topic, topic);
      } else {
        this.#topics.delete(topic.topic);
      }
    }
    return answer;
  }

  /** A topic's partitions as last heard; asks when it was never heard of. Throws the failure of a topic that is refused. */
  async topic(topic: string, signal: AbortSignal): Promise<TopicMetadata> {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      return known;
    }
    const { topics } = await this.metadata([topic], signal);
    const found = topics.find((each) => each.topic === topic);
    throwIfRefused(found?.errorCode ?? 3, 'Looking up topic', topic, this.brokers);
    return found ?? { errorCode: 0, topic, isInternal: false, partitions: [] };
  }

  /** The node that leads a partition as last heard; undefined when unknown or without a leader. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.partitions.find((each) => each.partition === partition)?.leader ?? -1;
    return leader < 0 ? undefined : leader;
  }

  /** The number of partitions as last heard; undefined for a topic never heard of. */
  partitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions.length;
  }

  /** I2: the next lookup of these topics asks the cluster. */
  forgetLeaders(topics: Iterable<string>): void {
    for (const topic of topics) {
      this.#topics.delete(topic);
    }
  }

  async send(nodeId: number, request: ApiRequest, signal: AbortSignal): Promise<Buffer> {
    return await this.#sendTo(await this.#brokerOf(nodeId, signal), request, signal);
  }

  /** Sees to it that there is a connection to a broker: when it fails, nothing was sent. Throws a StreamError. */
  async connectTo(nodeId: number, signal: AbortSignal): Promise<void> {
    const broker = await this.#brokerOf(nodeId, signal);
    if (!broker.isConnected()) {
      await this.#drop(broker);
      await this.#brokerOf(nodeId, signal);
    }
  }

  /** The nodes that the cluster had when it was last asked. */
  get nodeIds(): readonly number[] {
    return this.#addresses.map(({ nodeId }) => nodeId);
  }

  async #brokerOf(nodeId: number, signal: AbortSignal): Promise<Broker> {
    const known = this.#brokersById.get(nodeId);
    if (known !== undefined) {
      return known;
    }
    const broker = await this.openBroker(nodeId, signal);
    if (this.#isClosed) {
      await closeBroker(broker);
      throw this.#failed(new Error('the client is closed'), this.brokers, signal);
    }
    const earlier = this.#brokersById.get(nodeId);
    if (earlier === undefined) {
      this.#brokersById.set(nodeId, broker);
      return broker;
    }
    await destroyBroker(broker, new Error('a connection made twice'));
    return earlier;
  }

  /** The broker that creates topics. */
  async controller(signal: AbortSignal): Promise<Broker> {
    await this.metadata([], signal);
    return await this.openBroker(this.#controllerId, signal);
  }

  /** A connection of its own to a broker (I3); the caller closes it by `closeBroker`. Throws a StreamError. */
  async openBroker(nodeId: number, signal: AbortSignal): Promise<Broker> {
    let address = this.#addresses.find((each) => each.nodeId === nodeId);
    if (address === undefined) {
      await this.metadata([], signal);
      address = this.#addresses.find((each) => each.nodeId === nodeId);
    }
    if (address === undefined) {
      throw new StreamError({
        code: 'kafka-unreachable',
        reaction: 'retry',
        message: `Kafka at ${this.brokers.join(',')} does not list broker ${nodeId}, which leads partitions that are needed.`,
        remedy: 'Start that broker.',
      });
    }
    const broker = await this.#makeBroker(address);
    try {
      await raceAbort(broker.connect(), signal);
      return broker;
    } catch (error) {
      await closeBroker(broker);
      throw this.#failed(error, [`${address.host}:${address.port}`], signal);
    }
  }

  /** Sends over a connection of `openBroker`. After an error the connection is of no use. */
  async sendOver(broker: Broker, request: ApiRequest, signal: AbortSignal): Promise<Buffer> {
    const connection = broker.connectionPool.pool[0];
    if (connection?.isConnected() !== true) {
      const at = connection === undefined ? this.brokers : [`${connection.host}:${connection.port}`];
      throw this.#failed(new Error('the connection is closed'), at, signal);
    }
    const versions = broker.versions?.[request.apiKey];
    if (
      versions === undefined ||
      request.apiVersion < versions.minVersion ||
      request.apiVersion > versions.maxVersion
    ) {
      throw new StreamError(unsupportedRequest(request, `${connection.host}:${connection.port}`));
    }
    try {
      return await raceAbort(sendOver(connection, request, REQUEST_TIMEOUT_MS), signal);
    } catch (error) {
      throw this.#failed(error, [`${connection.host}:${connection.port}`], signal);
    }
  }

  /** Ends all shared connections; what is in flight is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const others = [this.#bootstrap, this.#connecting].filter((broker) => broker !== undefined);
    const all = [...this.#brokersById.values(), ...others];
    this.#brokersById.clear();
    this.#bootstrap = undefined;
    await Promise.all(all.map(closeBroker));
  }

  /** Sends to a broker that answers, trying each of the configured ones. */
  async sendToAny(request: ApiRequest, signal: AbortSignal): Promise<Buffer> {
    let last: unknown = new Error('no broker was tried');
    for (let i = 0; i <= this.brokers.length; i += 1) {
      try {
        return await this.#sendTo(await this.#anyBroker(signal), request, signal);
      } catch (error) {
        if (signal.aborted || (error instanceof StreamError && error.failure.reaction === 'fail-job')) {
          throw error;
        }
        last = error;
      }
    }
    throw this.#failed(last instanceof StreamError ? (last.cause ?? last) : last, this.brokers, signal);
  }

  async #anyBroker(signal: AbortSignal): Promise<Broker> {
    const connected = [this.#bootstrap, ...this.#brokersById.values()].find((broker) => broker?.isConnected() === true);
    if (connected !== undefined) {
      return connected;
    }
    this.#bootstrapping ??= this.#connectToAny().finally(() => {
      this.#bootstrapping = undefined;
    });
    try {
      return await raceAbort(this.#bootstrapping, signal);
    } catch (error) {
      throw this.#failed(error, this.brokers, signal);
    }
  }

  /** One for all who ask meanwhile: of several, all but the last would be forgotten and never closed. */
  async #connectToAny(): Promise<Broker> {
    const broker = await this.#makeBroker();
    this.#connecting = broker;
    try {
      await broker.connect();
      if (this.#isClosed) {
        throw new Error('the client is closed');
      }
    } catch (error) {
      await closeBroker(broker);
      throw error;
    } finally {
      this.#connecting = undefined;
    }
    this.#bootstrap = broker;
    return broker;
  }

  async #sendTo(broker: Broker, request: ApiRequest, signal: AbortSignal): Promise<Buffer> {
    try {
      return await this.sendOver(broker, request, signal);
    } catch (error) {
      if (!signal.aborted) {
        await this.#drop(broker);
      }
      throw error;
    }
  }

  /** I2: a broker whose connection broke may not lead what it led. */
  async #drop(broker: Broker): Promise<void> {
    this.#topics.clear();
    if (this.#bootstrap === broker) {
      this.#bootstrap = undefined;
    }
    for (const [nodeId, each] of this.#brokersById) {
      if (each === broker) {
        this.#brokersById.delete(nodeId);
      }
    }
    await closeBroker(broker);
  }

  #failed(error: unknown, brokers: readonly string[], signal: AbortSignal): unknown {
    if (error instanceof StreamError || signal.aborted) {
      return error;
    }
    if (this.#isClosed) {
      return new DOMException('the Kafka client is closed', 'AbortError');
    }
    return new StreamError(connectionFailure(error, brokers), { cause: error });
  }
}

export async function closeBroker(broker: Broker): Promise<void> {
  await destroyBroker(broker, new Error('the connection was closed on this side'));
}

/** kafkajs's own log lines: what they report is reported by our failures too, so they stay at debug. */
function forward({ namespace, log }: LogEntry, logger: Logger): void {
  logger.debug('kafkajs', { namespace, text: log.message });
}

interface Shared {
  readonly client: KafkaClient;
  users: number;
}

const shared = new Map<string, Shared>();

/** The client of this thread for an endpoint (I3). Give it back by `releaseClient`; the last one closes it. */
export function acquireClient(endpoint: KafkaEndpoint, logger: Logger): KafkaClient {
  const key = JSON.stringify(endpoint);
  const found = shared.get(key) ?? { client: new KafkaClient(endpoint, logger), users: 0 };
  found.users += 1;
  shared.set(key, found);
  return found.client;
}

export async function releaseClient(client: KafkaClient): Promise<void> {
  for (const [key, entry] of shared) {
    if (entry.client === client) {
      entry.users -= 1;
      if (entry.users === 0) {
        shared.delete(key);
        await client.close();
      }
    }
  }
}
