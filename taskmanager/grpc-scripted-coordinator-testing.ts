import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { ArtifactChunk } from '../proto/generated/nerve/v1/ArtifactChunk.ts';
import type { ArtifactRequestDecoded } from '../proto/generated/nerve/v1/ArtifactRequest.ts';
import type { CoordinatorMessage } from '../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { TaskManagerMessageDecoded } from '../proto/generated/nerve/v1/TaskManagerMessage.ts';
import type { WhoLeadsResponse } from '../proto/generated/nerve/v1/WhoLeadsResponse.ts';
import type { FromCoordinator, FromTaskManager } from '../shared/control/messages.ts';
import { parseLeaderEpoch } from '../shared/ids.ts';
import { invariant } from '../shared/invariant.ts';
import { channelOptions } from '../shared/rpc/grpc-options.ts';
import { protos } from '../shared/rpc/grpc-proto.ts';
import { coordinatorMessageToWire, taskManagerMessageFromWire } from '../shared/wire/control-wire.ts';

type Stream = ServerDuplexStream<TaskManagerMessageDecoded, CoordinatorMessage>;

/** One task manager's session with the scripted coordinator. */
export class ScriptedSession {
  readonly received: FromTaskManager[] = [];
  hasEnded = false;
  readonly #stream: Stream;
  readonly #onChange: () => void;
  #sent = 0;
  #seen = 0;

  constructor(stream: Stream, onChange: () => void) {
    this.#stream = stream;
    this.#onChange = onChange;
    stream.on('data', (wire: TaskManagerMessageDecoded) => {
      const { seq, message } = taskManagerMessageFromWire(wire);
      this.#seen += 1;
      invariant(seq === this.#seen, `message ${seq} came as number ${this.#seen}`);
      this.received.push(message);
      if (message.kind === 'heartbeat') {
        this.send({ kind: 'heartbeat-ack', sentAtMs: message.sentAtMs });
      }
      this.#onChange();
    });
    const end = (): void => {
      this.hasEnded = true;
      this.#onChange();
    };
    stream.on('end', () => {
      end();
      stream.end();
    });
    stream.on('cancelled', end);
    stream.on('error', end);
  }

  send(message: FromCoordinator, epoch = 1n): void {
    this.#sent += 1;
    this.#stream.write(coordinatorMessageToWire({ seq: this.#sent, leaderEpoch: parseLeaderEpoch(epoch), message }));
  }

  accept(): void {
    this.send({ kind: 'registered', heartbeatIntervalMs: 50, heartbeatTimeoutMs: 2_000, cancel: [] });
  }

  /** Breaks the connection off. */
  drop(): void {
    this.#stream.destroy();
  }
}

/** A coordinator that does exactly what a test tells it, over real gRPC. */
export class ScriptedCoordinator {
  readonly sessions: ScriptedSession[] = [];
  readonly artifacts = new Map<string, Buffer>();
  readonly #server = new Server(channelOptions);
  #address = '';
  #wake: () => void = () => undefined;

  async listen(): Promise<string> {
    this.#server.addService(protos.nerve.v1.Directory.service, {
      WhoLeads: (_call: unknown, done: sendUnaryData<WhoLeadsResponse>) => {
        done(null, { leads: true, address: this.#address, leaderEpoch: '1', sinceMs: '0' });
      },
    });
    this.#server.addService(protos.nerve.v1.Control.service, {
      Connect: (stream: Stream) => {
        this.sessions.push(
          new ScriptedSession(stream, () => {
            this.#wake();
          }),
        );
      },
      FetchArtifact: (call: ServerWritableStream<ArtifactRequestDecoded, ArtifactChunk>) => {
        const bytes = this.artifacts.get(call.request.sha256);
        if (bytes === undefined) {
          call.emit('error', { code: status.NOT_FOUND, details: 'no such artifact' });
          return;
        }
        call.write({ data: bytes.subarray(0, 10) });
        call.write({ data: bytes.subarray(10) });
        call.end();
      },
    });
    return await new Promise<string>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) {
          this.#address = `127.0.0.1:${port}`;
          resolve(this.#address);
        } else {
          reject(error);
        }
      });
    });
  }

  /** Waits until `condition` holds; looked at whenever a message or an end has come. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The first message of session `index` that matches. */
  async message<K extends FromTaskManager['kind']>(
    kind: K,
    matches: (message: Extract<FromTaskManager, { kind: K }>) => boolean = () => true,
    index = 0,
  ): Promise<Extract<FromTaskManager, { kind: K }>> {
    const find = (): FromTaskManager | undefined =>
      this.sessions[index]?.received.find((message) => message.kind === kind && matches(message as never));
    await this.until(() => find() !== undefined);
    return find() as Extract<FromTaskManager, { kind: K }>;
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
