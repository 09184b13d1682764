import { credentials, status } from '@grpc/grpc-js';
import type { ChannelOptions, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { CoordinatorMessageDecoded } from '../../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { TaskManagerMessage } from '../../proto/generated/nerve/v1/TaskManagerMessage.ts';
import type { ArtifactChunkDecoded } from '../../proto/generated/nerve/v1/ArtifactChunk.ts';
import type { FromTaskManager } from '../../shared/control/messages.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { ArtifactHash } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import { channelOptionsFor } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { coordinatorMessageFromWire, taskManagerMessageToWire } from '../../shared/wire/control-wire.ts';
import type { ControlClient, ControlSession, SessionOptions } from './control-client.ts';

type Stub = InstanceType<typeof protos.nerve.v1.Control>;
type Stream = ClientDuplexStream<TaskManagerMessage, CoordinatorMessageDecoded>;

/** The control service over gRPC; one channel for each coordinator that was ever dialled. */
export class GrpcControlClient implements ControlClient {
  readonly #stubs = new Map<string, Stub>();
  readonly #channelOptions: ChannelOptions;

  /**
   * @param silenceMs after which the control loop gives up a session (`heartbeat.timeout`): then the connection below it is
   *   broken as well, since a session on the same one would hear nothing either.
   */
  constructor(silenceMs: number) {
    this.#channelOptions = channelOptionsFor(silenceMs);
  }

  open(options: SessionOptions): ControlSession {
    return new GrpcControlSession(this.#stubOf(options.address).Connect(), options);
  }

  async fetchArtifact(address: string, hash: ArtifactHash, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const call = this.#stubOf(address).FetchArtifact({ sha256: hash });
    const cancel = (): void => {
      call.cancel();
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const chunks: Buffer[] = [];
      const parts: AsyncIterable<ArtifactChunkDecoded> = call;
      for await (const { data } of parts) {
        chunks.push(data);
      }
      return Buffer.concat(chunks);
    } catch (error) {
      throw fetchFailure(error, address, hash);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  close(): void {
    for (const stub of this.#stubs.values()) {
      stub.close();
    }
    this.#stubs.clear();
  }

  #stubOf(address: string): Stub {
    let stub = this.#stubs.get(address);
    if (stub === undefined) {
      stub = new protos.nerve.v1.Control(address, credentials.createInsecure(), this.#channelOptions);
      this.#stubs.set(address, stub);
    }
    return stub;
  }
}

/** proto/control.proto, I1: both directions are numbered, and a gap ends the stream. */
class GrpcControlSession implements ControlSession {
  readonly #stream: Stream;
  readonly #options: SessionOptions;
  #sent = 0;
  #received = 0;
  #hasEnded = false;
  #isClosing = false;

  constructor(stream: Stream, options: SessionOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', (wire: CoordinatorMessageDecoded) => {
      this.#onData(wire);
    });
    stream.on('error', (error: ServiceError) => {
      this.#end(`${status[error.code]}: ${error.details}`);
    });
    stream.on('end', () => {
      this.#end('the coordinator ended the stream');
    });
    this.send({ kind: 'register', ...options.registration }, options.epoch);
  }

  send(message: FromTaskManager, epoch: bigint): void {
    if (this.#hasEnded || this.#isClosing) {
      return;
    }
    this.#sent += 1;
    this.#stream.write(taskManagerMessageToWire({ seq: this.#sent, leaderEpoch: epoch, message }));
  }

  close(): void {
    if (!this.#hasEnded && !this.#isClosing) {
      this.#isClosing = true;
      this.#stream.end();
    }
  }

  #onData(wire: CoordinatorMessageDecoded): void {
    if (this.#hasEnded) {
      return;
    }
    try {
      const { seq, leaderEpoch, message } = coordinatorMessageFromWire(wire);
      this.#received += 1;
      invariant(seq === this.#received, `expected message ${this.#received} of the control stream, got ${seq}`);
      this.#options.onMessage(message, parseLeaderEpoch(leaderEpoch));
    } catch (error) {
      this.#end(classifyUnknown(error, 'control stream').message);
      this.#stream.cancel();
    }
  }

  #end(reason: string): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#options.onEnd(reason);
    }
  }
}

function fetchFailure(error: unknown, address: string, hash: ArtifactHash): StreamError {
  const isMissing = error instanceof Error && 'code' in error && error.code === status.NOT_FOUND;
  return new StreamError(
    {
      code: isMissing ? 'artifact-missing' : 'coordinator-unreachable',
      reaction: isMissing ? 'fail-job' : 'restart-job',
      message: isMissing
        ? `the coordinator ${address} has no job module ${hash}`
        : `fetching the job module ${hash} from the coordinator ${address} failed`,
      ...(isMissing ? { remedy: 'Submit the job again.' } : {}),
    },
    { cause: error },
  );
}
