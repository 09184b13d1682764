import { credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { CoordinatorMessageDecoded } from '../../proto/generated/nerve/v1/CoordinatorMessage.ts';
import type { TaskManagerMessage } from '../../proto/generated/nerve/v1/TaskManagerMessage.ts';
import type { FromCoordinator, FromTaskManager } from '../../shared/control/messages.ts';
import { parseArtifactHash, parseIncarnation, parseTaskManagerId } from '../../shared/ids.ts';
import type { ArtifactHash } from '../../shared/ids.ts';
import { channelOptions } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { coordinatorMessageFromWire, taskManagerMessageToWire } from '../../shared/wire/control-wire.ts';
import { VERSION } from '../../shared/version.ts';

/** A peer of the control service that does exactly what a test tells it: what the real task manager says on the wire. */
export class ScriptedTaskManager {
  readonly received: FromCoordinator[] = [];
  readonly #client: InstanceType<typeof protos.nerve.v1.Control>;
  readonly #stream: ClientDuplexStream<TaskManagerMessage, CoordinatorMessageDecoded>;
  #seq = 0;
  #taken = 0;
  #wake: (() => void) | undefined;
  #end: Error | 'open' | 'ended' = 'open';

  constructor(address: string) {
    this.#client = new protos.nerve.v1.Control(address, credentials.createInsecure(), channelOptions);
    this.#stream = this.#client.Connect();
    this.#stream.on('data', (wire: CoordinatorMessageDecoded) => {
      this.received.push(coordinatorMessageFromWire(wire).message);
      this.#wake?.();
    });
    this.#stream.on('error', (error: Error) => {
      this.#end = error;
      this.#wake?.();
    });
    this.#stream.on('end', () => {
      this.#end = this.#end === 'open' ? 'ended' : this.#end;
      this.#wake?.();
    });
  }

  say(message: FromTaskManager, seq = (this.#seq += 1)): void {
    this.#stream.write(taskManagerMessageToWire({ seq, leaderEpoch: 0n, message }));
  }

  register(
    id: string,
    over: { readonly incarnation?: string; readonly slots?: number; readonly version?: string } = {},
  ): void {
    this.say({
      kind: 'register',
      taskManager: parseTaskManagerId(id),
      incarnation: parseIncarnation(over.incarnation ?? 'first'),
      dataAddress: `127.0.0.1:1`,
      slots: over.slots ?? 2,
      version: over.version ?? VERSION,
      attempts: [],
    });
  }

  /** The next message of that kind, from where the last call ended. */
  async next<K extends FromCoordinator['kind']>(kind: K): Promise<Extract<FromCoordinator, { kind: K }>> {
    for (;;) {
      while (this.#taken < this.received.length) {
        const message = this.received[this.#taken];
        this.#taken += 1;
        if (message?.kind === kind) {
          return message as Extract<FromCoordinator, { kind: K }>;
        }
      }
      if (this.#end !== 'open') {
        throw this.#end === 'ended' ? new Error(`the stream ended before ${kind}`) : this.#end;
      }
      await this.#change();
    }
  }

  /** How the stream ended: the error's text, or `ended`. */
  async ended(): Promise<string> {
    while (this.#end === 'open') {
      await this.#change();
    }
    return this.#end instanceof Error ? this.#end.message : this.#end;
  }

  async fetch(hash: ArtifactHash | string): Promise<Buffer> {
    const call = this.#client.FetchArtifact({ sha256: hash });
    const chunks: Buffer[] = [];
    for await (const chunk of call as AsyncIterable<{ data: Buffer }>) {
      chunks.push(chunk.data);
    }
    parseArtifactHash(hash);
    return Buffer.concat(chunks);
  }

  breakOff(): void {
    this.#stream.cancel();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
