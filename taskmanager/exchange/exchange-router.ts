import { attemptName } from '../../shared/control/messages.ts';
import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import { malformed } from '../input/element-codec.ts';
import { bodyOf, readPacketHead } from './frame-codec.ts';
import type { PacketHead } from './frame-codec.ts';
import type { PacketPort } from './packet-port.ts';
import { PeerLink } from './peer-link.ts';
import type { PeerStream } from './peer-stream.ts';
import { RoutedAttempt } from './routed-attempt.ts';

export interface ExchangeRouterOptions {
  readonly self: TaskManagerId;
  /** Asks for a stream to a peer whose id sorts behind ours; repeated until `onConnected` or `onRefused`. */
  readonly dial: (peer: TaskManagerId, address: string) => void;
  readonly metrics: MetricGroup;
}

/**
 * The main thread's part of the exchange: hands packets from slots to the streams of their target's task manager and back.
 *
 * I1  A packet goes by (attempt, target slot). One for an attempt that is not open here is dropped and counted: it has ended.
 *     One that contradicts the attempt's places, or a number that was never announced, closes the stream.
 * I2  Nothing is queued here: a slot sends only after `connect` ended, and a stream that breaks fails the attempts that used it.
 * I3  A slot that goes is told to all slots behind its last packet, so that one can tell an end from a loss. It is told when the
 *     process says so (`endSlot`), never because a port closed: the process knows first why a thread ended.
 */
export class ExchangeRouter {
  readonly #options: ExchangeRouterOptions;
  readonly #attempts = new Map<string, RoutedAttempt>();
  readonly #links = new Map<TaskManagerId, PeerLink>();
  readonly #dropped;
  #nextNumber = 1;

  constructor(options: ExchangeRouterOptions) {
    this.#options = options;
    this.#dropped = options.metrics.counter('exchange_packets_dropped');
  }

  /** `ports`: the router's ends of the ports to the slots of this process. */
  openAttempt(key: AttemptKey, slots: readonly SlotPlace[], ports: ReadonlyMap<number, PacketPort>): RoutedAttempt {
    const name = attemptName(key);
    invariant(!this.#attempts.has(name), `attempt ${name} is open already`);
    const attempt = new RoutedAttempt({ name, number: this.#nextNumber, self: this.#options.self, slots, ports });
    this.#nextNumber += 1;
    this.#attempts.set(name, attempt);
    for (const [peer, address] of attempt.peers) {
      this.#require(peer, address);
    }
    for (const port of ports.values()) {
      port.listen({
        onPacket: (packet) => {
          try {
            this.#onSlotPacket(attempt, packet);
          } catch (error) {
            const { message } = classifyUnknown(error, 'exchange');
            attempt.tellGone(
              [...attempt.peers.keys()].flatMap((peer) => attempt.slotsOf(peer)),
              message,
            );
          }
        },
        onClose: () => undefined,
      });
    }
    return attempt;
  }

  /** @throws StreamError `exchange-peer-unreachable`, `exchange-peer-refused` */
  async connect(attempt: RoutedAttempt, signal: AbortSignal): Promise<void> {
    await attempt.connect(
      () => [...attempt.peers.keys()].filter((peer) => this.#links.get(peer)?.stream === undefined),
      signal,
    );
  }

  /** Nothing of the slot's thread runs any more. */
  endSlot(attempt: RoutedAttempt, slot: number): void {
    this.#takeLeave(attempt, slot);
    attempt.tellGone([slot], 'its thread ended');
  }

  closeAttempt(attempt: RoutedAttempt): void {
    for (const slot of attempt.openSlots) {
      this.#takeLeave(attempt, slot);
    }
    this.#attempts.delete(attempt.name);
    for (const peer of attempt.peers.keys()) {
      this.#links.get(peer)?.end(attempt);
    }
  }

  /** True while an open attempt needs the peer: whether to go on dialling. */
  isNeeded(peer: TaskManagerId): boolean {
    return [...this.#attempts.values()].some((attempt) => attempt.peers.has(peer));
  }

  onConnected(stream: PeerStream): void {
    const link = this.#linkTo(stream.peer, '');
    const earlier = link.stream;
    if (earlier !== undefined) {
      this.onDisconnected(earlier, 'the task manager opened another stream');
      earlier.close('replaced by another stream');
    }
    link.connect(stream);
    for (const attempt of this.#attempts.values()) {
      attempt.onPeersChanged();
    }
  }

  /** The peer will not talk to us, and trying again would not help. */
  onRefused(peer: TaskManagerId, failure: Failure): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.peers.has(peer)) {
        attempt.onRefused(failure);
      }
    }
  }

  onDisconnected(stream: PeerStream, reason: string): void {
    const link = this.#links.get(stream.peer);
    if (link?.stream !== stream) {
      return;
    }
    const users = link.disconnect();
    for (const name of users) {
      const attempt = this.#attempts.get(name);
      attempt?.tellGone(attempt.slotsOf(stream.peer), `the stream to task manager ${stream.peer} broke: ${reason}`);
    }
    if (this.isNeeded(stream.peer)) {
      this.#dialIfOurs(link);
    }
  }

  onPacket(stream: PeerStream, packet: Buffer): void {
    const link = this.#links.get(stream.peer);
    if (link?.stream !== stream) {
      return;
    }
    try {
      this.#route(link, packet);
    } catch (error) {
      const { message } = classifyUnknown(error, 'exchange');
      this.onDisconnected(stream, message);
      stream.close(message);
    }
  }

  closeAll(): void {
    for (const attempt of [...this.#attempts.values()]) {
      this.closeAttempt(attempt);
    }
    for (const link of this.#links.values()) {
      link.stream?.close('the task manager ends');
    }
  }

  #route(link: PeerLink, packet: Buffer): void {
    const head = readPacketHead(packet);
    switch (head.kind) {
      case 'attempt-open':
        link.onAttemptOpen(head.attempt, bodyOf(packet).toString('utf8'));
        return;
      case 'attempt-end':
        link.onAttemptEnd(head.attempt);
        return;
      case 'frames':
      case 'slot-gone':
        this.#routeToSlots(link, head, packet);
        return;
      default:
        throw malformed(`a packet of kind ${head.kind} in the middle of a stream`);
    }
  }

  #routeToSlots(link: PeerLink, head: PacketHead, packet: Buffer): void {
    const name = link.nameOf(head.attempt);
    if (name === undefined) {
      throw malformed(`a packet of attempt number ${head.attempt}, which was not announced`);
    }
    const attempt = this.#attempts.get(name);
    if (attempt === undefined) {
      this.#dropped.add();
      return;
    }
    if (attempt.ownerOf(head.sourceSlot) !== link.peer) {
      throw malformed(`a packet of ${name} from slot ${head.sourceSlot}, which is not on ${link.peer}`);
    }
    link.onPacketFor(name);
    if (head.kind === 'slot-gone') {
      attempt.tellGone([head.sourceSlot], 'it ended');
      return;
    }
    if (attempt.ownerOf(head.targetSlot) !== this.#options.self) {
      throw malformed(`a packet of ${name} for slot ${head.targetSlot}, which is not here`);
    }
    const port = attempt.portOf(head.targetSlot);
    if (port === undefined) {
      this.#dropped.add();
    } else {
      port.postWithOthers(packet);
    }
  }

  #onSlotPacket(attempt: RoutedAttempt, packet: Buffer): void {
    const { targetSlot, sourceSlot } = readPacketHead(packet);
    const peer = attempt.ownerOf(targetSlot);
    const link = peer === undefined ? undefined : this.#links.get(peer);
    invariant(link !== undefined, `slot ${targetSlot} of ${attempt.name} is on no other task manager`);
    if (!link.send(attempt, packet)) {
      this.#dropped.add();
      attempt.tellGone([targetSlot], `no stream to task manager ${link.peer} stands (needed by slot ${sourceSlot})`);
    }
  }

  /** I3: what the slot had posted goes first. */
  #takeLeave(attempt: RoutedAttempt, slot: number): void {
    const port = attempt.portOf(slot);
    port?.drain();
    attempt.dropPort(slot);
    for (const peer of attempt.peers.keys()) {
      this.#links.get(peer)?.send(attempt, attempt.goneSlot(slot));
    }
    port?.close();
  }

  /** A peer at another address is another process under the same id: the stream to the earlier one is of no use. */
  #require(peer: TaskManagerId, address: string): void {
    const link = this.#linkTo(peer, address);
    const { stream } = link;
    if (stream !== undefined && link.address !== '' && link.address !== address) {
      link.address = address;
      stream.close('the task manager moved');
      this.onDisconnected(stream, 'the task manager moved');
      return;
    }
    link.address = address;
    if (stream === undefined) {
      this.#dialIfOurs(link);
    }
  }

  #dialIfOurs(link: PeerLink): void {
    if (this.#options.self < link.peer) {
      this.#options.dial(link.peer, link.address);
    }
  }

  #linkTo(peer: TaskManagerId, address: string): PeerLink {
    const known = this.#links.get(peer);
    if (known !== undefined) {
      return known;
    }
    const link = new PeerLink(peer, address);
    this.#links.set(peer, link);
    return link;
  }
}
