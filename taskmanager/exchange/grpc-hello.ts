import type { Incarnation, TaskManagerId } from '../../shared/ids.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import type { ExchangeHelloDecoded } from '../../proto/generated/nerve/v1/ExchangeHello.ts';
import { malformed } from '../input/element-codec.ts';
import { ALL_SLOTS, bodyOf, makePacket, readPacketHead } from './frame-codec.ts';

/** Who a process is on the data plane. */
export interface ExchangeIdentity {
  readonly taskManager: TaskManagerId;
  readonly incarnation: Incarnation;
  readonly version: string;
}

/** The first packet of each side: its body is a protobuf ExchangeHello (proto/exchange.proto). */
export function helloTo(self: ExchangeIdentity, peer: string): Buffer {
  const body = protos.nerve.v1.ExchangeHello.serialize({
    taskManagerId: self.taskManager,
    incarnation: self.incarnation,
    peerTaskManagerId: peer,
    version: self.version,
  });
  return makePacket({ kind: 'hello', attempt: 0, sourceSlot: ALL_SLOTS, targetSlot: ALL_SLOTS }, body);
}

/** @throws StreamError `exchange-malformed` */
export function readHello(packet: Buffer): ExchangeHelloDecoded {
  if (readPacketHead(packet).kind !== 'hello') {
    throw malformed('a stream that does not begin with a hello');
  }
  return protos.nerve.v1.ExchangeHello.deserialize(bodyOf(packet));
}

/** What is wrong with a peer's hello, as a sentence; undefined when nothing is. */
export function problemOf(hello: ExchangeHelloDecoded, self: ExchangeIdentity): string | undefined {
  if (hello.peerTaskManagerId !== self.taskManager) {
    return `${hello.taskManagerId} looks for ${hello.peerTaskManagerId}, but this is ${self.taskManager}`;
  }
  if (hello.version !== self.version) {
    return `${hello.taskManagerId} runs version ${hello.version}, ${self.taskManager} runs ${self.version}`;
  }
  return undefined;
}
