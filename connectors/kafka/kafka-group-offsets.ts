import { nodeClock } from '../../shared/clock/node-clock.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { coordinatorRefusal } from './broker-failures.ts';
import { errorOf } from './error-codes.ts';
import type { KafkaClient } from './kafka-client.ts';
import { KafkaCoordinators } from './kafka-coordinators.ts';
import { retryTransient } from './kafka-retry.ts';
import type { GroupOffset } from './offset-commit-request.ts';
import { offsetCommitRequest, parseOffsetCommit } from './offset-commit-request.ts';

/** How long offsets are tried to be shown: a cluster's first group waits until the topic of groups' offsets is made. */
const BUDGET_MS = 30_000;

/**
 * Shows the offsets of completed checkpoints under a consumer group, for tools that watch the lag. Nothing reads them back: a
 * failure that lasts is logged, once in a row of them, and the next checkpoint tries again. One request is under way at a time; of what comes
 * meanwhile only the newest counts.
 */
export class KafkaGroupOffsets {
  readonly #groupId: string;
  readonly #client: KafkaClient;
  readonly #coordinators: KafkaCoordinators;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #newest: readonly GroupOffset[] | undefined;
  #running: Promise<void> | undefined;
  #hasFailed = false;

  constructor(groupId: string, client: KafkaClient, logger: Logger) {
    this.#groupId = groupId;
    this.#client = client;
    this.#coordinators = new KafkaCoordinators(client);
    this.#logger = logger;
  }

  show(offsets: readonly GroupOffset[]): void {
    if (offsets.length === 0 || this.#stop.signal.aborted) {
      return;
    }
    this.#newest = offsets;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let offsets = this.#newest; offsets !== undefined && !signal.aborted; offsets = this.#newest) {
      this.#newest = undefined;
      try {
        const commit = async (): Promise<void> => {
          await this.#commit(offsets);
        };
        await retryTransient(commit, nodeClock, BUDGET_MS, signal);
        this.#hasFailed = false;
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  async #commit(offsets: readonly GroupOffset[]): Promise<void> {
    const { signal } = this.#stop;
    const nodeId = await this.#coordinators.connect('group', this.#groupId, signal);
    const request = offsetCommitRequest(this.#groupId, offsets);
    const errorCode = parseOffsetCommit(await this.#client.send(nodeId, request, signal));
    if (errorOf(errorCode).class !== 'none') {
      this.#coordinators.forget('group', this.#groupId);
      const { brokers } = this.#client;
      throw new StreamError(coordinatorRefusal(errorCode, 'Showing offsets under group', this.#groupId, brokers));
    }
  }

  #onError(error: unknown): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    this.#coordinators.forget('group', this.#groupId);
    const { code, message } = classifyUnknown(error, 'Kafka group offsets');
    this.#logger[this.#hasFailed ? 'debug' : 'warn']('kafka-group-offsets-failed', { code, text: message });
    this.#hasFailed = true;
  }
}
