import { status } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { ArtifactChunk } from '../../proto/generated/nerve/v1/ArtifactChunk.ts';
import type { ArtifactRequestDecoded } from '../../proto/generated/nerve/v1/ArtifactRequest.ts';
import type { ControlHandlers } from '../../proto/generated/nerve/v1/Control.ts';
import type { CoordinatorMessage } from '../../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { TaskManagerMessageDecoded } from '../../proto/generated/nerve/v1/TaskManagerMessage.ts';
import { parseArtifactHash } from '../../shared/ids.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { invariant, required, unreachable } from '../../shared/invariant.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { FromCoordinator, FromTaskManager } from '../../shared/control/messages.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { coordinatorMessageToWire, taskManagerMessageFromWire } from '../../shared/wire/control-wire.ts';
import type { ConnectionId } from '../membership/ids.ts';
import type { TaskManagerConnection } from '../runtime/connections.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import type { ArtifactStore } from './artifact-store.ts';

type ControlStream = ServerDuplexStream<TaskManagerMessageDecoded, CoordinatorMessage>;

export interface ControlServerDeps {
  readonly loop: CoordinatorLoop;
  readonly artifacts: ArtifactStore;
  readonly logger: Logger;
}

/** proto/control.proto as handlers: what arrives becomes events of the loop, in order; a broken rule ends the stream. */
export function controlHandlers(deps: ControlServerDeps): ControlHandlers {
  return {
    Connect: (stream) => {
      new StreamSession(stream, deps).start();
    },
    FetchArtifact: (call) => {
      fetchArtifact(call, deps).catch((error: unknown) => {
        const failure = classifyUnknown(error, 'fetching an artifact');
        call.emit('error', { code: status.INTERNAL, details: formatFailure(failure) });
      });
    },
  };
}

/** Messages that a task manager has not read: one that leaves this many unread is frozen, and is better lost soon. */
const UNSENT_MAX = 4_096;

/**
 * One control stream.
 *
 * I1  The first message is Register; the sequence has no gap (proto/control.proto I1). Anything else ends the stream.
 * I2  Events are posted in the order of arrival, and reading stops while the loop's inbox is full.
 * I3  However the stream ends, the loop hears of it exactly once, behind everything that arrived before.
 */
class StreamSession implements TaskManagerConnection {
  readonly #stream: ControlStream;
  readonly #deps: ControlServerDeps;
  readonly #ended = new AbortController();
  #id: ConnectionId | undefined;
  #taskManager: TaskManagerId | undefined;
  #received = 0;
  #sent = 0;

  constructor(stream: ControlStream, deps: ControlServerDeps) {
    this.#stream = stream;
    this.#deps = deps;
  }

  start(): void {
    this.#id = this.#deps.loop.connections.open(this);
    const abort = (): void => {
      this.#ended.abort();
    };
    this.#stream.on('cancelled', abort);
    this.#stream.on('error', abort);
    this.#read(this.#id).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  send(message: FromCoordinator): void {
    if (this.#ended.signal.aborted || this.#stream.writableEnded || this.#stream.destroyed) {
      return;
    }
    if (this.#stream.writableLength > UNSENT_MAX) {
      this.#deps.logger.warn('control-stream-stuck', { taskManager: this.#taskManager });
      this.#ended.abort();
      this.#stream.destroy();
      return;
    }
    this.#sent += 1;
    const leaderEpoch = this.#deps.loop.epoch;
    this.#stream.write(coordinatorMessageToWire({ seq: this.#sent, leaderEpoch, message }));
  }

  close(): void {
    if (!this.#stream.writableEnded && !this.#stream.destroyed) {
      this.#stream.once('finish', () => this.#stream.destroy());
      this.#stream.end();
    }
  }

  async #read(id: ConnectionId): Promise<void> {
    try {
      // Not destroyed when reading ends: a destroyed stream could not tell the status any more.
      const messages: AsyncIterable<TaskManagerMessageDecoded> = this.#stream.iterator({ destroyOnReturn: false });
      for await (const wire of messages) {
        await this.#onMessage(id, taskManagerMessageFromWire(wire));
      }
      this.close();
    } finally {
      this.#ended.abort();
      this.#deps.loop.connections.forget(id);
      this.#deps.loop.raise({ kind: 'connection-lost', connection: id });
    }
  }

  async #onMessage(id: ConnectionId, envelope: ReturnType<typeof taskManagerMessageFromWire>): Promise<void> {
    const { seq, leaderEpoch, message } = envelope;
    this.#received += 1;
    invariant(seq === this.#received, `expected message ${this.#received} of the control stream, got ${seq}`);
    invariant(
      this.#received === 1 ? message.kind === 'register' : message.kind !== 'register',
      `message ${seq} of a control stream may not be ${message.kind}`,
    );
    if (leaderEpoch > this.#deps.loop.epoch) {
      const text = `this coordinator leads in epoch ${this.#deps.loop.epoch}, but a leader of epoch ${leaderEpoch} was seen`;
      this.send({ kind: 'refused', code: 'stale-leader', message: text });
      this.close();
      return;
    }
    this.#deps.loop.hear(id);
    await this.#dispatch(id, message);
  }

  async #dispatch(id: ConnectionId, message: FromTaskManager): Promise<void> {
    const { loop } = this.#deps;
    const { signal } = this.#ended;
    switch (message.kind) {
      case 'register':
        this.#taskManager = message.taskManager;
        await loop.post({ kind: 'register', connection: id, registration: message }, signal);
        return;
      case 'heartbeat':
        loop.metrics.record(required(this.#taskManager, 'task manager'), message.metrics);
        this.send({ kind: 'heartbeat-ack', sentAtMs: message.sentAtMs });
        return;
      case 'task-report':
        loop.metrics.record(required(this.#taskManager, 'task manager'), message.report.metrics);
        await loop.post({ kind: 'task-report', connection: id, report: message.report }, signal);
        return;
      case 'split-request':
      case 'attempt-failed':
      case 'attempt-ended':
      case 'acknowledge-checkpoint':
      case 'decline-checkpoint':
      case 'checkpoint-progress':
      case 'checkpoint-wanted':
      case 'draining':
      case 'goodbye':
        await loop.post({ ...message, connection: id }, signal);
        return;
      default:
        unreachable(message);
    }
  }

  /** A stream that breaks off is no event of its own (its end is); a stream that breaks the rules is said so. */
  #fail(error: unknown): void {
    if (this.#stream.cancelled || this.#stream.destroyed) {
      return;
    }
    const failure = classifyUnknown(error, `control stream of ${this.#taskManager ?? 'an unregistered task manager'}`);
    this.#deps.logger.warn('control-stream-broken', { failure: formatFailure(failure) });
    this.#stream.emit('error', { code: status.INVALID_ARGUMENT, details: failure.message });
  }
}

const CHUNK_BYTES = 64 * 1024;

async function fetchArtifact(
  call: ServerWritableStream<ArtifactRequestDecoded, ArtifactChunk>,
  { artifacts }: ControlServerDeps,
): Promise<void> {
  const { sha256 } = call.request;
  const bytes = /^[0-9a-f]{64}$/.test(sha256) ? await artifacts.read(parseArtifactHash(sha256)) : undefined;
  if (bytes === undefined) {
    call.emit('error', { code: status.NOT_FOUND, details: `this coordinator has no artifact ${sha256}` });
    return;
  }
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    call.write({ data: bytes.subarray(at, at + CHUNK_BYTES) });
  }
  call.end();
}
