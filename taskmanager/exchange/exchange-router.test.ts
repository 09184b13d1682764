import { beforeEach, describe, expect, test } from 'vitest';
import type { AttemptKey } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseAttemptNumber, parseJobId, parseTaskManagerId } from '../../shared/ids.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { ExchangeRouter } from './exchange-router.ts';
import { testPlaces } from './exchange-testing.ts';
import { bodyOf, makePacket, readPacketHead } from './frame-codec.ts';
import { MemoryPacketPort } from './memory-packet-port.ts';
import type { PeerStream } from './peer-stream.ts';
import type { RoutedAttempt } from './routed-attempt.ts';

const attemptKey = (attempt: number): AttemptKey => ({
  jobId: parseJobId('job'),
  attempt: parseAttemptNumber(attempt),
});
const frames = (sourceSlot: number, targetSlot: number, body = 'x'): Buffer =>
  makePacket({ kind: 'frames', attempt: 0, sourceSlot, targetSlot }, Buffer.from(body));

describe('the router', () => {
  let a: Side;
  let b: Side;
  let wire: Wire;

  // Slot 0 on a, slots 1 and 2 on b.
  beforeEach(() => {
    a = new Side('tm-a');
    b = new Side('tm-b');
    wire = new Wire(a, b);
    a.open(attemptKey(1), [0]);
    b.open(attemptKey(1), [1, 2]);
  });

  test('asks for a stream where its id sorts first, and only there', () => {
    expect(a.dials).toStrictEqual(['tm-b at b:1']);
    expect(b.dials).toStrictEqual([]);
  });

  test('carries packets of slots to the slot they are for, both ways', () => {
    wire.connect();

    a.slot(0).post(frames(0, 2, 'there'));
    a.deliverFromSlots();
    b.slot(1).post(frames(1, 0, 'back'));
    b.deliverFromSlots();

    expect(b.received(2)).toStrictEqual(['frames 0→2 there']);
    expect(b.received(1)).toStrictEqual([]);
    expect(a.received(0)).toStrictEqual(['frames 1→0 back']);
  });

  test('connects as soon as every peer’s stream stands', async () => {
    const connected = a.router.connect(a.attempt(1), new AbortController().signal);

    wire.connect();

    await expect(connected).resolves.toBe(undefined);
  });

  test('fails a connect when the peer refuses', async () => {
    const connected = a.router.connect(a.attempt(1), new AbortController().signal);
    const failure: Failure = { code: 'exchange-peer-refused', reaction: 'restart-job', message: 'no' };

    a.router.onRefused(parseTaskManagerId('tm-b'), failure);

    await expect(connected).rejects.toThrow('no');
  });

  test('tells the slots of attempts that used a stream when it breaks, and not those of others', () => {
    wire.connect();
    a.open(attemptKey(2), [0]);
    a.slot(0, 1).post(frames(0, 1));
    a.deliverFromSlots();

    wire.breakOff();

    expect(a.received(0, 1)).toStrictEqual([
      'slot-gone 1→0 the stream to task manager tm-b broke: cut',
      'slot-gone 2→0 the stream to task manager tm-b broke: cut',
    ]);
    expect(a.received(0, 2)).toStrictEqual([]);
    expect(b.received(1)).toContain('slot-gone 0→1 the stream to task manager tm-a broke: cut');
    expect(a.dials).toStrictEqual(['tm-b at b:1', 'tm-b at b:1']);
  });

  test('an attempt that did not use the broken stream goes on over the next one', () => {
    wire.connect();
    wire.breakOff();
    wire.connect();

    a.slot(0).post(frames(0, 1, 'fresh'));
    a.deliverFromSlots();

    expect(b.received(1)).toStrictEqual(['frames 0→1 fresh']);
  });

  test('a packet without a stream is no silent loss', () => {
    a.slot(0).post(frames(0, 1));
    a.deliverFromSlots();

    expect(a.received(0)[0]).toContain('slot-gone 1→0 no stream to task manager tm-b stands');
  });

  test('tells peers when a slot’s thread ends, behind its last packet', () => {
    wire.connect();

    a.slot(0).post(frames(0, 1, 'last'));
    a.router.endSlot(a.attempt(1), 0);

    expect(b.received(1)).toStrictEqual(['frames 0→1 last', 'slot-gone 0→1 it ended']);
    expect(b.received(2)).toStrictEqual(['slot-gone 0→2 it ended']);
  });

  test('tells the other slots of the process too, and says nothing before the process does', () => {
    wire.connect();

    b.slot(1).close();
    b.deliverFromSlots();
    const before = [...b.received(2), ...a.received(0)];
    b.router.endSlot(b.attempt(1), 1);

    expect(before).toStrictEqual([]);
    expect(b.received(2)).toStrictEqual(['slot-gone 1→2 its thread ended']);
    expect(a.received(0)).toStrictEqual(['slot-gone 1→0 it ended']);
  });

  test('sends what slots had posted before it ends an attempt', () => {
    wire.connect();
    a.slot(0).post(frames(0, 1, 'last'));

    a.router.closeAttempt(a.attempt(1));

    expect(b.received(1)).toStrictEqual(['frames 0→1 last', 'slot-gone 0→1 it ended']);
  });

  test('drops and counts what comes for an attempt that ended', () => {
    wire.connect();
    a.router.closeAttempt(a.attempt(1));

    b.slot(1).post(frames(1, 0));
    b.deliverFromSlots();

    expect(a.dropped()).toBe(1);
    expect(wire.isBroken).toBe(false);
  });

  test.each([
    ['from a slot that is not the sender’s', frames(0, 0)],
    ['for a slot that is not here', frames(1, 2)],
    [
      'of a kind that has no place there',
      makePacket({ kind: 'hello', attempt: 1, sourceSlot: 1, targetSlot: 0 }, Buffer.alloc(0)),
    ],
    ['with a damaged head', Buffer.alloc(30)],
  ])('closes the stream on a packet %s', (_, packet) => {
    wire.connect();
    b.slot(1).post(frames(1, 0));
    b.deliverFromSlots();

    wire.inject(a, renumbered(packet));

    expect(wire.isBroken).toBe(true);
    expect(a.received(0).at(-1)).toContain('slot-gone 2→0 the stream to task manager tm-b broke');
  });

  test('closes the stream on an attempt number that was not announced', () => {
    wire.connect();

    wire.inject(a, makePacket({ kind: 'frames', attempt: 9, sourceSlot: 1, targetSlot: 0 }, Buffer.alloc(0)));

    expect(wire.isBroken).toBe(true);
  });

  test('lets another stream of the same peer take the place of the first', () => {
    wire.connect();
    a.slot(0).post(frames(0, 1));
    a.deliverFromSlots();

    wire.connect();

    expect(a.received(0).at(-1)).toContain('the task manager opened another stream');
  });

  test('does not keep a stream to a task manager that moved to another address', () => {
    wire.connect();

    a.open(attemptKey(2), [0], 'b:2');

    expect(wire.isBroken).toBe(true);
    expect(a.dials.at(-1)).toBe('tm-b at b:2');
  });
});

/** The attempt's number on the wire is 1, the first that either side gives. */
function renumbered(packet: Buffer): Buffer {
  const head = packet.some((byte) => byte !== 0) ? readPacketHead(packet) : undefined;
  return head === undefined ? packet : makePacket({ ...head, attempt: 1 }, bodyOf(packet));
}

/** One process: its router, and the slots' ends of their ports. */
class Side {
  readonly name: TaskManagerId;
  readonly router: ExchangeRouter;
  readonly dials: string[] = [];
  readonly #metrics = new MetricRegistry();
  readonly #attempts = new Map<number, RoutedAttempt>();
  readonly #slots = new Map<string, MemoryPacketPort>();
  readonly #routerEnds: MemoryPacketPort[] = [];
  readonly #received = new Map<string, string[]>();

  constructor(name: string) {
    this.name = parseTaskManagerId(name);
    this.router = new ExchangeRouter({
      self: this.name,
      dial: (peer, address) => this.dials.push(`${peer} at ${address}`),
      metrics: this.#metrics.group({}),
    });
  }

  open(key: AttemptKey, slots: readonly number[], addressOfB = 'b:1'): void {
    const ends = new Map<number, MemoryPacketPort>();
    for (const slot of slots) {
      const [inSlot, atRouter] = MemoryPacketPort.pair();
      const name = `${key.attempt}/${slot}`;
      const received: string[] = [];
      inSlot.listen({
        onPacket: (packet) => {
          const { kind, sourceSlot, targetSlot } = readPacketHead(packet);
          received.push(`${kind} ${sourceSlot}→${targetSlot} ${bodyOf(packet).toString()}`);
        },
        onClose: () => undefined,
      });
      this.#slots.set(name, inSlot);
      this.#received.set(name, received);
      this.#routerEnds.push(atRouter);
      ends.set(slot, atRouter);
    }
    const places = testPlaces(['tm-a', 'tm-b', 'tm-b'], { 'tm-a': 'a:1', 'tm-b': addressOfB });
    this.#attempts.set(key.attempt, this.router.openAttempt(key, places, ends));
  }

  attempt(attempt: number): RoutedAttempt {
    return this.#attempts.get(attempt)!;
  }

  slot(slot: number, attempt = 1): MemoryPacketPort {
    return this.#slots.get(`${attempt}/${slot}`)!;
  }

  deliverFromSlots(): void {
    for (const port of this.#routerEnds) {
      port.drain();
    }
  }

  /** What a slot has received so far. */
  received(slot: number, attempt = 1): readonly string[] {
    this.slot(slot, attempt).drain();
    return this.#received.get(`${attempt}/${slot}`)!;
  }

  dropped(): number {
    return this.#metrics.samples().find(({ name }) => name === 'exchange_packets_dropped')!.value;
  }
}

/** The stream between two sides, which delivers at once. */
class Wire {
  readonly #a: Side;
  readonly #b: Side;
  #streams: readonly [PeerStream, PeerStream] | undefined;
  isBroken = false;

  constructor(a: Side, b: Side) {
    this.#a = a;
    this.#b = b;
  }

  connect(): void {
    const toB = this.#stream(this.#b.name, (packet) => {
      this.#b.router.onPacket(toA, packet);
    });
    const toA = this.#stream(this.#a.name, (packet) => {
      this.#a.router.onPacket(toB, packet);
    });
    this.isBroken = false;
    this.#streams = [toB, toA];
    this.#a.router.onConnected(toB);
    this.#b.router.onConnected(toA);
  }

  breakOff(): void {
    const [toB, toA] = this.#streams!;
    this.#a.router.onDisconnected(toB, 'cut');
    this.#b.router.onDisconnected(toA, 'cut');
  }

  /** A packet that the other side's router did not send. */
  inject(into: Side, packet: Buffer): void {
    const [toB, toA] = this.#streams!;
    into.router.onPacket(into === this.#a ? toB : toA, packet);
  }

  #stream(peer: TaskManagerId, deliver: (packet: Buffer) => void): PeerStream {
    return {
      peer,
      send: (packet) => {
        deliver(Buffer.from(packet));
      },
      close: () => {
        this.isBroken = true;
      },
    };
  }
}
