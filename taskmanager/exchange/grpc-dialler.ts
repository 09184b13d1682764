import { Client, credentials, status } from '@grpc/grpc-js';
import type { ChannelOptions, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { channelOptionsFor } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { helloTo, problemOf, readHello } from './grpc-hello.ts';
import type { ExchangeIdentity } from './grpc-hello.ts';
import { GrpcPeerStream } from './grpc-peer-stream.ts';
import type { PeerStream } from './peer-stream.ts';

/** A peer that does not greet within this is as good as gone; a stream without a hello must not stay open for ever. */
export const HELLO_TIMEOUT_MS = 5_000;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MOST_MS = 1_000;
const MIB = 1024 ** 2;
/**
 * HTTP/2's 64 KB window makes a sender wait after every second frame (measured: a third more CPU per record). Memory is bounded
 * by the channels' credits, not by this. A grpc-js server has no such option, so only what the dialler receives profits.
 */
function dialOptionsFor(silenceMs: number): ChannelOptions {
  return { ...channelOptionsFor(silenceMs), 'grpc-node.flow_control_window': MIB };
}
const CONNECT_PATH = protos.nerve.v1.Exchange.service.Connect.path;

/** What the dialler and the server tell the router. */
export interface StreamEvents {
  onConnected(stream: PeerStream): void;
  onPacket(stream: PeerStream, packet: Buffer): void;
  onDisconnected(stream: PeerStream, reason: string): void;
  onRefused(peer: TaskManagerId, failure: Failure): void;
  /** Whether a stream to the peer is still wanted. */
  isNeeded(peer: TaskManagerId): boolean;
}

type DialOutcome = 'connected' | 'refused' | 'unreachable';

/** Opens the streams to the peers whose ids sort behind ours, again and again while they are needed. */
export class GrpcDialler {
  readonly #self: ExchangeIdentity;
  readonly #events: StreamEvents;
  readonly #clock: Clock;
  readonly #dialOptions: ChannelOptions;
  readonly #dials = new Map<TaskManagerId, { readonly address: string; readonly abort: AbortController }>();

  constructor(self: ExchangeIdentity, events: StreamEvents, options: { readonly clock: Clock; silenceMs: number }) {
    this.#self = self;
    this.#events = events;
    this.#clock = options.clock;
    this.#dialOptions = dialOptionsFor(options.silenceMs);
  }

  dial(peer: TaskManagerId, address: string): void {
    const running = this.#dials.get(peer);
    if (running?.address === address) {
      return;
    }
    running?.abort.abort();
    const abort = new AbortController();
    this.#dials.set(peer, { address, abort });
    this.#dialUntilConnected(peer, address, abort).catch((error: unknown) => {
      // Only what contradicts itself is thrown: the process must end.
      throw error;
    });
  }

  close(): void {
    for (const { abort } of this.#dials.values()) {
      abort.abort();
    }
  }

  async #dialUntilConnected(peer: TaskManagerId, address: string, abort: AbortController): Promise<void> {
    const { signal } = abort;
    try {
      for (let backoffMs = BACKOFF_FIRST_MS; !signal.aborted; backoffMs = Math.min(backoffMs * 2, BACKOFF_MOST_MS)) {
        const outcome = await this.#dialOnce(peer, address, signal);
        if (outcome !== 'unreachable' || !this.#events.isNeeded(peer)) {
          return;
        }
        await this.#clock.sleep(backoffMs, signal);
      }
    } finally {
      // In the same breath as the decision to give up: a `dial` that came between the two would be taken for one under way.
      if (this.#dials.get(peer)?.abort === abort) {
        this.#dials.delete(peer);
      }
    }
  }

  async #dialOnce(peer: TaskManagerId, address: string, signal: AbortSignal): Promise<DialOutcome> {
    const client = new Client(address, credentials.createInsecure(), this.#dialOptions);
    const identity = (bytes: Buffer): Buffer => bytes;
    const call = client.makeBidiStreamRequest<Buffer, Buffer>(CONNECT_PATH, identity, identity);
    return await new Promise<DialOutcome>((resolve) => {
      const dialled = new DialledCall({ peer, call, self: this.#self, events: this.#events, settle: resolve });
      const abandon = (): void => {
        dialled.abandon();
      };
      signal.addEventListener('abort', abandon, { once: true });
      const timer = setTimeout(abandon, HELLO_TIMEOUT_MS);
      dialled.onSettled = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abandon);
      };
      dialled.onOver = (): void => {
        client.close();
      };
      dialled.begin();
    });
  }
}

interface DialledCallOptions {
  readonly peer: TaskManagerId;
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly self: ExchangeIdentity;
  readonly events: StreamEvents;
  readonly settle: (outcome: DialOutcome) => void;
}

/** One call from its hello to its end. */
class DialledCall {
  readonly #options: DialledCallOptions;
  readonly #stream: GrpcPeerStream;
  #state: 'greeting' | 'open' | 'over' = 'greeting';
  onSettled: () => void = () => undefined;
  onOver: () => void = () => undefined;

  constructor(options: DialledCallOptions) {
    this.#options = options;
    this.#stream = new GrpcPeerStream(options.peer, options.call, () => {
      options.call.cancel();
    });
  }

  begin(): void {
    const { call, self, peer } = this.#options;
    call.on('data', (packet: Buffer) => {
      this.#onData(packet);
    });
    call.on('error', (error: ServiceError) => {
      this.#end(error.details, error.code === status.FAILED_PRECONDITION);
    });
    call.on('end', () => {
      this.#end('it ended the stream', false);
    });
    call.write(helloTo(self, peer));
  }

  /** Gives up while greeting; an open stream is the router's. */
  abandon(): void {
    if (this.#state === 'greeting') {
      this.#options.call.cancel();
      this.#end('it did not greet in time', false);
    }
  }

  #onData(packet: Buffer): void {
    const { self, peer, events, settle } = this.#options;
    if (this.#state === 'open') {
      events.onPacket(this.#stream, packet);
      return;
    }
    if (this.#state === 'over') {
      return;
    }
    const problem = problemOfReply(packet, self, peer);
    if (problem !== undefined) {
      this.#options.call.cancel();
      this.#end(problem, true);
      return;
    }
    this.#state = 'open';
    this.onSettled();
    settle('connected');
    events.onConnected(this.#stream);
  }

  #end(reason: string, isRefusal: boolean): void {
    const { peer, events, settle } = this.#options;
    const before = this.#state;
    if (before === 'over') {
      return;
    }
    this.#state = 'over';
    this.#stream.onEnded();
    this.onSettled();
    this.onOver();
    if (before === 'open') {
      events.onDisconnected(this.#stream, reason);
      return;
    }
    if (isRefusal) {
      events.onRefused(peer, refused(peer, reason));
    }
    settle(isRefusal ? 'refused' : 'unreachable');
  }
}

function problemOfReply(packet: Buffer, self: ExchangeIdentity, peer: TaskManagerId): string | undefined {
  try {
    const hello = readHello(packet);
    return hello.taskManagerId === peer
      ? problemOf(hello, self)
      : `${hello.taskManagerId} answered in place of ${peer}`;
  } catch {
    return `${peer} does not greet as a task manager does`;
  }
}

function refused(peer: TaskManagerId, reason: string): Failure {
  return {
    code: 'exchange-peer-refused',
    reaction: 'restart-job',
    message: `Task manager ${peer} cannot be a peer: ${reason}.`,
    remedy: 'Check that all task managers have their own id and the same version.',
  };
}
