import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveKeyed } from '../../coordinator/checkpoints/resolve-keyed.ts';
import type { KeyedBase } from '../../coordinator/checkpoints/resolve-keyed.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import { parseCheckpointId, parseKeyGroup } from '../../shared/ids.ts';
import { KeyedDescriber } from './describe-keyed.ts';

let names = 0;

function segment(checkpoint: number, part: number): SegmentRef {
  const order = { checkpoint: parseCheckpointId(BigInt(checkpoint)), part };
  names += 1;
  return {
    kind: 'delta',
    location: { kind: 'object', key: `s/${names}` },
    length: 1,
    sha256: '',
    range: { first: parseKeyGroup(0), last: parseKeyGroup(3) },
    from: order,
    to: order,
  };
}

test('what the coordinator makes of descriptions is what they describe, whatever is replaced and whatever is aborted', () => {
  const step = fc.record({
    fate: fc.constantFrom('completes' as const, 'is aborted' as const, 'is not written' as const),
    added: fc.integer({ min: 0, max: 3 }),
    /** Places of segments that are replaced by others of the same order: a base, a merge, a cut. */
    replaced: fc.array(fc.nat(9), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const describer = new KeyedDescriber();
      let segments: readonly SegmentRef[] = [];
      let base: KeyedBase | undefined;
      let differences = 0;
      for (const [i, { fate, added, replaced }] of steps.entries()) {
        const checkpoint = parseCheckpointId(BigInt(i + 1));
        segments = segments.map((old, place) => (replaced.includes(place) ? { ...old } : old));
        segments = [...segments, ...Array.from({ length: added }, (_, part) => segment(i + 1, part % 2))];
        segments = segments.toSorted((a, b) => Number(a.to.checkpoint - b.to.checkpoint) || a.to.part - b.to.part);
        const relatesTo = describer.capture(checkpoint);
        if (fate === 'is not written') {
          continue;
        }
        const described = describer.describe(checkpoint, relatesTo, segments);
        differences += described.kind === 'since' ? 1 : 0;

        const resolved = resolveKeyed(described, base);

        expect(resolved.kind).toBe('resolved');
        const found = resolved.kind === 'resolved' ? resolved.segments : [];
        expect(new Set(found)).toStrictEqual(new Set(segments));
        if (fate === 'completes') {
          base = { checkpoint, segments: found };
          describer.completed(checkpoint);
        }
      }
      expect(differences > 0 || steps.length < 2 || !hasTwoInARow(steps.map(({ fate }) => fate))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

function hasTwoInARow(fates: readonly string[]): boolean {
  return fates.some((fate, i) => fate === 'completes' && fates[i + 1] === 'completes');
}
