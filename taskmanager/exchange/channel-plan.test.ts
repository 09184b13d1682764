import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelsOf } from '../../shared/graph/execution-layout.ts';
import { planChannels, sizingOf } from './channel-plan.ts';
import type { PlannedChannel } from './channel-plan.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { testGraph } from './exchange-testing.ts';

const hash = { kind: 'hash', key: String } as const;

describe('the plan of channels', () => {
  test('numbers every channel of the job once, the same seen from each of its two slots (I1, I2)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (sources, sinks) => {
        const graph = testGraph(
          { source: sources, map: sources, sink: sinks },
          [
            { from: 'source', to: 'map', partitioning: { kind: 'forward' } },
            { from: 'map', to: 'sink', partitioning: hash },
            { from: 'source', to: 'sink', partitioning: { kind: 'broadcast' }, input: 1 },
          ],
          { sink: 'other' },
        );
        const slots = Array.from({ length: sources + sinks }, (_, slot) => slot);
        const planned = slots.flatMap((slot) => planChannels(graph, slot, defaultExchangeLimits));
        const byNumber = Map.groupBy(planned, ({ number }) => number);
        const total = graph.edges.reduce((sum, edge) => sum + channelsOf(graph, edge).length, 0);

        expect([...byNumber.keys()].sort((a, b) => a - b)).toStrictEqual(slotsTo(total));
        for (const seen of byNumber.values()) {
          expect(seen).toHaveLength(seen[0]!.producerSlot === seen[0]!.consumerSlot ? 1 : 2);
          expect(new Set(seen.map(described)).size).toBe(1);
        }
      }),
    );
  });

  test('has producers wait at barriers only where the consumer has something to align', () => {
    const one = testGraph({ source: 1, sink: 4 }, [{ from: 'source', to: 'sink', partitioning: hash }]);
    const two = testGraph({ source: 2, sink: 4 }, [{ from: 'source', to: 'sink', partitioning: hash }]);

    expect(sizingOf(one, one.edges[0]!, defaultExchangeLimits).waitsAtBarrier).toBe(false);
    expect(sizingOf(two, two.edges[0]!, defaultExchangeLimits).waitsAtBarrier).toBe(true);
  });

  test.each([
    [1, 1, 32 * 1024, 8],
    [32, 32, 32 * 1024, 8],
    [256, 256, 4 * 1024, 8],
    [4, 1000, 4 * 1024, 8],
    [1000, 4, 32 * 1024, 2],
  ])('%i producers and %i consumers have frames of %i bytes and %i credits', (from, to, frameBytes, creditsMax) => {
    const graph = testGraph({ source: from, sink: to }, [{ from: 'source', to: 'sink', partitioning: hash }]);

    expect(sizingOf(graph, graph.edges[0]!, defaultExchangeLimits)).toMatchObject({ frameBytes, creditsMax });
  });
});

function described({ edge, producer, consumer, sizing }: PlannedChannel): string {
  return JSON.stringify([edge.index, producer, consumer, sizing]);
}

function slotsTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
