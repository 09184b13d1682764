import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import { parseCheckpointId, parseSubtaskIndex, parseTaskManagerId, parseVertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { ElementConsumer, InputGate } from '../input/input-gate.ts';
import type { EdgeOutput } from './edge-output.ts';
import type { ExchangeLimits } from './exchange-limits.ts';
import { testGraph, testPlaces, textSerializer } from './exchange-testing.ts';
import { makePacket } from './frame-codec.ts';
import { MemoryPacketPort } from './memory-packet-port.ts';
import { openSlotExchange } from './open-slot-exchange.ts';
import type { SlotExchange } from './slot-exchange.ts';

/**
 * Two (or three) slots that shuffle into each other under full load, over links that deliver when the seed says so (in order
 * per link), with frames and credits as small as they go. Each subtask follows the one rule of the slot's loop: it runs only
 * while every output is writable.
 *
 *   source#i ─hash→ middle#j ─rebalance→ last#k, barriers aligned at middle and last
 */
const RECORDS = 120;

describe('slots that shuffle into each other', () => {
  test('neither lose, double, reorder nor deadlock, with the smallest buffers', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 3 }), fc.integer({ min: 1, max: 2 }), (seed, slots, credits) => {
        const run = new Simulation({ seed, slots, limits: tinyLimits(credits), barrierEvery: 0 });

        run.toTheEnd();

        expect(run.failures).toStrictEqual([]);
        expect(run.receivedInOrder()).toBe(true);
        expect(run.received).toBe(slots * RECORDS);
        expect(run.distinctReceived).toBe(slots * RECORDS);
        expect(run.haveAllEnded()).toBe(true);
        expect(run.queuedMost).toBeLessThanOrEqual(run.boundOfQueues());
      }),
      { numRuns: 150 },
    );
  });

  test('align barriers without deadlock, and no record passes a barrier', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 3 }), (seed, slots) => {
        const run = new Simulation({ seed, slots, limits: tinyLimits(2), barrierEvery: 25 });

        run.toTheEnd();

        expect(run.failures).toStrictEqual([]);
        expect(run.received).toBe(slots * RECORDS);
        expect(run.distinctReceived).toBe(slots * RECORDS);
        expect(run.haveAllEnded()).toBe(true);
        expect(run.cutsAreConsistent()).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  // A loss is noticed by what follows it. With all credits lost nothing follows: then the channel stands still, and since the
  // carriers (ports, gRPC) lose nothing without breaking, that is enough. What must never happen is that the run goes on.
  test('never go on over a lost packet, whatever it held', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (seed, after) => {
        const run = new Simulation({ seed, slots: 2, limits: tinyLimits(6), barrierEvery: 0 });

        run.loseOnePacketAfter(after);

        expect(run.haveAllEnded()).toBe(false);
        expect(run.receivedInOrder()).toBe(true);
        expect(run.failures.every((failure) => failure.code === 'exchange-sequence-broken')).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('fail the attempt when a frame in the middle is lost', () => {
    const run = new Simulation({ seed: 3, slots: 2, limits: tinyLimits(6), barrierEvery: 0 });

    run.loseOnePacketAfter(30);

    expect(run.failures.map((failure) => failure.code)).toContain('exchange-sequence-broken');
  });

  test('fail at once when a slot ends before its channels do', () => {
    const run = new Simulation({ seed: 1, slots: 2, limits: tinyLimits(2), barrierEvery: 0 });
    run.steps(40);

    run.killSlot(1);

    expect(run.failures.map((failure) => failure.code)).toStrictEqual(['exchange-peer-lost']);
  });
});

function tinyLimits(creditsMax: number): ExchangeLimits {
  return {
    frameBytes: 64,
    creditsMax,
    queuedFramesMax: 1,
    recordBytesMax: 1000,
    overdraftBytesMax: 20_000,
  };
}

interface SimulationOptions {
  readonly seed: number;
  readonly slots: number;
  readonly limits: ExchangeLimits;
  /** 0: none. */
  readonly barrierEvery: number;
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #graph: JobGraph;
  readonly #slots: SimulatedSlot[];
  readonly #ports: MemoryPacketPort[] = [];
  /** The process' ends of the slots' router ports. */
  readonly #routers: MemoryPacketPort[] = [];
  readonly failures: Failure[] = [];
  queuedMost = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    const count = options.slots;
    this.#graph = testGraph({ source: count, middle: count, last: count }, [
      {
        from: 'source',
        to: 'middle',
        partitioning: { kind: 'hash', key: (value) => String(value).slice(0, 3) },
        serializer: textSerializer,
      },
      { from: 'middle', to: 'last', partitioning: { kind: 'rebalance' }, serializer: textSerializer },
    ]);
    const peers = this.#connect(count);
    this.#slots = peers.map((ports, slot) => this.#openSlot(slot, ports));
  }

  get received(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.last.values.length, 0);
  }

  /** Runs turns and deliveries in the seed's order until nothing moves. */
  toTheEnd(): void {
    for (let idle = 0; idle < 200;) {
      idle = this.#step() ? 0 : idle + 1;
    }
  }

  steps(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#step();
    }
  }

  loseOnePacketAfter(count: number): void {
    this.steps(count);
    const port = required(
      this.#ports.find((candidate) => candidate.inboxLength > 0) ?? this.#portAfterMoreSteps(),
      'a packet under way',
    );
    port.loseNext();
    this.toTheEnd();
  }

  killSlot(sourceSlot: number): void {
    this.#slots[sourceSlot]?.exchange.close();
    for (const [targetSlot, router] of this.#routers.entries()) {
      router.post(
        makePacket({ kind: 'slot-gone', attempt: 0, sourceSlot, targetSlot }, Buffer.from('its thread ended')),
      );
    }
    for (const port of this.#ports) {
      port.drain();
    }
  }

  /** Values that differ, and each names its source and place. */
  get distinctReceived(): number {
    return new Set(this.#slots.flatMap((slot) => slot.last.values.map(({ value }) => value))).size;
  }

  haveAllEnded(): boolean {
    return this.#slots.every((slot) => slot.last.hasEnded);
  }

  /** Values of one source and key arrive at `middle` in the order in which they were sent. */
  receivedInOrder(): boolean {
    return this.#slots.every((slot) => isRising(slot.middle.values));
  }

  /** Between two barriers each subtask saw only what its producers wrote between the same two. */
  cutsAreConsistent(): boolean {
    return this.#slots.every((slot) => slot.middle.hasConsistentCuts && slot.last.cutCount === slot.middle.cutCount);
  }

  boundOfQueues(): number {
    const { slots, limits } = this.#options;
    // Two gates per slot, each with a channel per producer; a control frame may stand beside the data.
    return 2 * slots * slots * (limits.creditsMax + 1);
  }

  #portAfterMoreSteps(): MemoryPacketPort | undefined {
    for (let i = 0; i < 500; i += 1) {
      this.#step();
      const port = this.#ports.find((candidate) => candidate.inboxLength > 0);
      if (port !== undefined) {
        return port;
      }
    }
    return undefined;
  }

  #step(): boolean {
    const choice = this.#random.below(this.#slots.length + this.#ports.length);
    const slot = this.#slots[choice];
    let hasMoved: boolean;
    if (slot !== undefined) {
      hasMoved = slot.turn(this.#random);
      for (const port of this.#ports) {
        port.endTurn();
      }
    } else {
      const port = required(this.#ports[choice - this.#slots.length], 'a port');
      hasMoved = port.inboxLength > 0;
      port.deliverNext();
    }
    const queued = this.#slots.reduce((sum, each) => sum + each.queuedFrames, 0);
    this.queuedMost = Math.max(this.queuedMost, queued);
    return hasMoved || this.#slots.some((each) => each.isRunnable) || this.#ports.some((port) => port.inboxLength > 0);
  }

  /** Ports between every two slots, by slot and peer. */
  #connect(count: number): Map<number, MemoryPacketPort>[] {
    const peers = Array.from({ length: count }, () => new Map<number, MemoryPacketPort>());
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) {
        const [toB, toA] = MemoryPacketPort.pair();
        peers[a]!.set(b, toB);
        peers[b]!.set(a, toA);
        this.#ports.push(toB, toA);
      }
    }
    return peers;
  }

  #openSlot(slot: number, peers: ReadonlyMap<number, MemoryPacketPort>): SimulatedSlot {
    const [router, inProcess] = MemoryPacketPort.pair();
    this.#ports.push(router);
    this.#routers.push(inProcess);
    const exchange = openSlotExchange({
      graph: this.#graph,
      slot,
      taskManager: parseTaskManagerId('tm-0'),
      places: testPlaces(Array.from({ length: this.#options.slots }, () => 'tm-0')),
      ports: { router, peers },
      limits: this.#options.limits,
      clock: new MemoryClock(),
      onWake: () => undefined,
      onFailure: (failure) => this.failures.push(failure),
    });
    return new SimulatedSlot(exchange, slot, this.#options);
  }
}

/** A loop of one slot as simple as it can be: downstream first, one budget per turn, flush when nothing else runs. */
class SimulatedSlot {
  readonly exchange: SlotExchange;
  readonly middle: SimulatedSubtask;
  readonly last: SimulatedSubtask;
  readonly #source: readonly EdgeOutput[];
  readonly #slot: number;
  readonly #barrierEvery: number;
  #next = 0;
  #cut = 0;
  #hasEnded = false;

  constructor(exchange: SlotExchange, slot: number, options: SimulationOptions) {
    this.exchange = exchange;
    this.#slot = slot;
    this.#barrierEvery = options.barrierEvery;
    const outputs = (vertex: string): readonly EdgeOutput[] =>
      exchange.outputsOf(parseVertexId(vertex), parseSubtaskIndex(slot), vertex, 'main');
    const gate = (vertex: string): InputGate =>
      required(exchange.gateOf(parseVertexId(vertex), parseSubtaskIndex(slot)), `gate of ${vertex}`);
    this.#source = outputs('source');
    this.middle = new SimulatedSubtask(gate('middle'), outputs('middle'));
    this.last = new SimulatedSubtask(gate('last'), []);
  }

  get queuedFrames(): number {
    return this.middle.gate.queuedFrames + this.last.gate.queuedFrames;
  }

  get isRunnable(): boolean {
    return this.last.isRunnable || this.middle.isRunnable || this.#canRead;
  }

  get #canRead(): boolean {
    return !this.#hasEnded && this.#source.every((output) => output.isWritable);
  }

  /** True when something ran. */
  turn(random: Random): boolean {
    const budget = 1 + random.below(10);
    if (this.last.isRunnable) {
      this.last.run(budget);
      return true;
    }
    if (this.middle.isRunnable) {
      this.middle.run(budget);
      return true;
    }
    if (this.#canRead) {
      this.#read(random);
      return true;
    }
    this.exchange.flush();
    return false;
  }

  #read(random: Random): void {
    for (const output of this.#source) {
      if (this.#next === RECORDS) {
        this.#hasEnded = true;
        output.writeControl({ kind: 'end-of-input' });
        return;
      }
      const key = `k${10 + random.below(80)}`;
      // Some records are larger than a frame.
      const padding = 'x'.repeat(random.below(random.below(10) === 0 ? 200 : 20));
      output.writeRecord(`${key}|${this.#slot}|${this.#next}|${this.#cut}|${padding}`, this.#next);
      this.#next += 1;
      if (this.#barrierEvery > 0 && this.#next % this.#barrierEvery === 0) {
        this.#cut += 1;
        output.writeControl(barrierOf(this.#cut));
      }
    }
  }
}

/** Forwards records, aligns barriers, ends when all its channels did. */
class SimulatedSubtask implements ElementConsumer {
  readonly gate: InputGate;
  readonly values: { readonly channel: number; readonly value: string }[] = [];
  readonly #outputs: readonly EdgeOutput[];
  readonly #aligned = new Set<number>();
  readonly #ended = new Set<number>();
  cutCount = 0;
  hasConsistentCuts = true;

  constructor(gate: InputGate, outputs: readonly EdgeOutput[]) {
    this.gate = gate;
    this.#outputs = outputs;
  }

  get hasEnded(): boolean {
    return this.#ended.size === this.gate.channelCount;
  }

  get isRunnable(): boolean {
    return this.gate.hasInput && this.#isWritable;
  }

  get #isWritable(): boolean {
    return this.#outputs.every((output) => output.isWritable);
  }

  run(budget: number): void {
    this.gate.poll(budget, this);
  }

  record(channel: number, value: unknown, timestampMs: number | undefined): boolean {
    const text = String(value);
    this.values.push({ channel, value: text });
    this.hasConsistentCuts &&= Number(text.split('|')[3]) === this.cutCount;
    for (const output of this.#outputs) {
      output.writeRecord(text, timestampMs);
    }
    return this.#isWritable;
  }

  control(channel: number, element: ControlElement): void {
    if (element.kind === 'barrier') {
      this.gate.block(channel);
      this.#aligned.add(channel);
    } else if (element.kind === 'end-of-input') {
      this.#ended.add(channel);
    }
    this.#advance();
  }

  #advance(): void {
    if (this.#aligned.size > 0 && this.#aligned.size + this.#ended.size === this.gate.channelCount) {
      this.cutCount += 1;
      for (const output of this.#outputs) {
        output.writeControl(barrierOf(this.cutCount));
      }
      for (const channel of this.#aligned) {
        this.gate.resume(channel);
      }
      this.#aligned.clear();
    }
    if (this.#ended.size === this.gate.channelCount) {
      for (const output of this.#outputs) {
        output.writeControl({ kind: 'end-of-input' });
      }
    }
  }
}

function barrierOf(checkpoint: number): ControlElement {
  return { kind: 'barrier', checkpoint: parseCheckpointId(BigInt(checkpoint)), triggeredAtMs: 0 };
}

/** Per channel, the sequence numbers rise; per source and channel, none repeats. */
function isRising(values: readonly { readonly channel: number; readonly value: string }[]): boolean {
  const last = new Map<number, number>();
  return values.every(({ channel, value }) => {
    const seq = Number(value.split('|')[2]);
    const isNext = seq > (last.get(channel) ?? -1);
    last.set(channel, seq);
    return isNext;
  });
}
