import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeaseProof, provenForMs } from './lease-proof.ts';

test('nothing is proven before a lease was granted', () => {
  expect(new LeaseProof().holds(1n)).toBe(false);
});

test('a proof lasts from when the request was sent, not from when it was answered (P1)', () => {
  const proof = new LeaseProof();
  proof.extend(1_000n, 500n);

  expect([proof.leftNs(1_200n), proof.holds(1_499n), proof.holds(1_500n)]).toStrictEqual([300n, true, false]);
});

test('an answer that overtook a later one shortens nothing', () => {
  const proof = new LeaseProof();
  proof.extend(1_000n, 500n);
  proof.extend(900n, 500n);

  expect(proof.leftNs(1_100n)).toBe(400n);
});

test('an answer that comes after the proof was found run out extends nothing (P2)', () => {
  const proof = new LeaseProof();
  proof.extend(1_000n, 500n);
  expect(proof.holds(2_000n)).toBe(false);
  proof.extend(1_900n, 500n);

  expect([proof.holds(2_000n), proof.leftNs(2_000n)]).toStrictEqual([false, 0n]);
});

test('both threads see the same', () => {
  const kept = new LeaseProof();
  const seen = new LeaseProof(kept.memory);
  kept.extend(1_000n, 500n);
  expect(seen.holds(1_100n)).toBe(true);
  seen.end();

  expect(kept.holds(1_100n)).toBe(false);
});

test('a proof never outlives the lease of any answered request, whatever the order of answers and questions', () => {
  const event = fc.record({ isAnswer: fc.boolean(), afterNs: fc.nat(400), delayNs: fc.nat(600) });
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const proof = new LeaseProof();
      let now = 1_000n;
      let expiresAt = now + 500n;
      proof.extend(now, 450n);
      for (const { isAnswer, afterNs, delayNs } of events) {
        const sentAt = now;
        now += BigInt(afterNs);
        if (isAnswer && sentAt < expiresAt) {
          // The server got it when it was sent at the earliest.
          expiresAt = sentAt + 500n;
          now += BigInt(delayNs);
          proof.extend(sentAt, 450n);
        }
        if (proof.holds(now)) {
          expect(now < expiresAt).toBe(true);
        }
      }
    }),
  );
});

test('a leader stops before its lease ends', () => {
  expect([provenForMs(3_000), provenForMs(1_000), provenForMs(10_000)]).toStrictEqual([2_700, 800, 9_000]);
});
