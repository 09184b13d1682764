import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock/clock.ts';
import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseTaskManagerId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import { channelOptionsFor } from '../../shared/rpc/grpc-options.ts';
import { protos, withRawBytes } from '../../shared/rpc/grpc-proto.ts';
import type { AttemptExchange, DataPlaneAddresses, TaskManagerExchange } from './attempt-exchange.ts';
import { describeLimits } from './exchange-limits.ts';
import type { ExchangeLimits } from './exchange-limits.ts';
import { ExchangeRouter } from './exchange-router.ts';
import { GrpcDialler, HELLO_TIMEOUT_MS } from './grpc-dialler.ts';
import type { StreamEvents } from './grpc-dialler.ts';
import { helloTo, problemOf, readHello } from './grpc-hello.ts';
import type { ExchangeIdentity } from './grpc-hello.ts';
import { GrpcPeerStream } from './grpc-peer-stream.ts';
import { makeSlotPorts } from './node-slot-ports.ts';
import type { SlotPortsTransfer } from './node-slot-ports.ts';

export interface GrpcExchangeOptions extends ExchangeIdentity, DataPlaneAddresses {
  /** Part of the greeting: both ends of a channel derive their sizes from them. */
  readonly limits: ExchangeLimits;
  /** After so long without a sign of life from a peer, the stream to it is broken: a cut that no reset tells of. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
}

/**
 * Starts the data plane of one process: a server for the peers whose ids sort before ours, a dialler for the others, and
 * the router between them and the slots.
 * @throws StreamError `exchange-port-unavailable`
 */
export async function openGrpcExchange(options: GrpcExchangeOptions): Promise<TaskManagerExchange<SlotPortsTransfer>> {
  const router: ExchangeRouter = new ExchangeRouter({
    self: options.taskManager,
    dial: (peer, address) => {
      dialler.dial(peer, address);
    },
    metrics: options.metrics,
  });
  const self: ExchangeIdentity = { ...options, version: `${options.version} (${describeLimits(options.limits)})` };
  const dialler = new GrpcDialler(self, router, options);
  const server = new Server(channelOptionsFor(options.silenceMs));
  server.addService(withRawBytes(protos.nerve.v1.Exchange.service), {
    Connect: (call: ServerDuplexStream<Buffer, Buffer>) => {
      serveStream(call, { self, events: router, silenceMs: options.silenceMs });
    },
  });
  const port = await bind(server, options);
  return {
    address: `${options.advertisedHost}:${options.advertisedPort ?? port}`,
    openAttempt: (attempt, slots) => openAttempt(router, self, attempt, slots),
    close: async () => {
      dialler.close();
      router.closeAll();
      await shutDown(server);
    },
  };
}

/** How long the server may take to end. The session of a peer that stands still may never do. */
const SHUTDOWN_MS = 2_000;

/** Calls end when the router's close reached them; what does not is cut off. */
async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
    server.forceShutdown();
  });
}

function openAttempt(
  router: ExchangeRouter,
  self: ExchangeIdentity,
  key: AttemptKey,
  slots: readonly SlotPlace[],
): AttemptExchange<SlotPortsTransfer> {
  const own = slots.filter((place) => place.taskManager === self.taskManager).map((place) => place.slot);
  const { transfers, routerEnds } = makeSlotPorts(own);
  const left = new Map(transfers);
  const attempt = router.openAttempt(key, slots, routerEnds);
  return {
    takePorts: (slot) => {
      const transfer = required(left.get(slot), `the ports of slot ${slot} (taken already, or not of this process)`);
      left.delete(slot);
      return transfer;
    },
    connect: async (signal) => {
      await router.connect(attempt, signal);
    },
    endSlot: (slot) => {
      router.endSlot(attempt, slot);
    },
    close: () => {
      router.closeAttempt(attempt);
    },
  };
}

interface Serving {
  readonly self: ExchangeIdentity;
  readonly events: StreamEvents;
  readonly silenceMs: number;
}

/** A peer's call from its hello to its end. */
function serveStream(call: ServerDuplexStream<Buffer, Buffer>, { self, events, silenceMs }: Serving): void {
  let stream: GrpcPeerStream | undefined;
  let isRefused = false;
  const timer = setTimeout(() => {
    refuse('no hello came');
  }, HELLO_TIMEOUT_MS);
  const refuse = (problem: string): void => {
    isRefused = true;
    clearTimeout(timer);
    call.emit('error', { code: status.FAILED_PRECONDITION, details: problem });
  };
  const greet = (packet: Buffer): void => {
    clearTimeout(timer);
    const hello = readHello(packet);
    const problem = problemOf(hello, self) ?? orderProblem(hello.taskManagerId, self);
    if (problem !== undefined) {
      refuse(problem);
      return;
    }
    call.write(helloTo(self, hello.taskManagerId));
    stream = new GrpcPeerStream(parseTaskManagerId(hello.taskManagerId), call, (reason) => {
      call.emit('error', { code: status.ABORTED, details: reason });
    });
    events.onConnected(stream);
  };
  const end = (reason: string): void => {
    clearTimeout(timer);
    const ended = stream;
    stream = undefined;
    ended?.onEnded();
    if (ended !== undefined) {
      events.onDisconnected(ended, reason);
    }
  };
  call.on('data', (packet: Buffer) => {
    if (stream !== undefined) {
      events.onPacket(stream, packet);
      return;
    }
    if (isRefused) {
      return;
    }
    try {
      greet(packet);
    } catch {
      refuse('the stream does not begin with a hello of this version');
    }
  });
  call.on('cancelled', () => {
    end(`its process ended, it closed the stream, or nothing came through for ${silenceMs} ms`);
  });
  call.on('error', () => {
    end('the connection failed');
  });
  call.on('end', () => {
    end('it ended the stream');
    call.end();
  });
}

/** One stream for each pair: dialled by the task manager whose id sorts first. */
function orderProblem(peer: string, self: ExchangeIdentity): string | undefined {
  return peer < self.taskManager ? undefined : `${peer} must not dial ${self.taskManager}: its id does not sort first`;
}

async function bind(server: Server, options: GrpcExchangeOptions): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    const address = `${options.bindHost}:${options.port}`;
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) {
        resolve(port);
        return;
      }
      const failure = {
        code: 'exchange-port-unavailable',
        reaction: 'fail-job',
        message: `The data plane cannot listen on ${address}.`,
        remedy: 'Choose another taskmanager.data.port, or end what uses it.',
      } as const;
      reject(new StreamError(failure, { cause: error }));
    });
  });
}
