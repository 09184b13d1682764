import { expect, test } from 'vitest';
import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseSlotIndex,
  parseTaskManagerId,
} from '../../shared/ids.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { Member } from '../membership/members.ts';
import {
  EMPTY_LEDGER,
  freeIndices,
  freeSlotsOf,
  holdSlots,
  releaseSlots,
  withMemberSlots,
  withoutMemberSlots,
} from './slot-ledger.ts';

const member: Member = {
  id: parseTaskManagerId('tm-1'),
  incarnation: parseIncarnation('a'),
  connection: parseConnectionId(1),
  dataAddress: 'host:1',
  slots: 3,
};

test('a slot is free until an attempt holds it, and again when that attempt has ended', () => {
  const empty = withMemberSlots(EMPTY_LEDGER, member, { draining: [] });
  const held = holdSlots(empty, [place(1)], key('j', 1));

  expect(freeIndices(empty, member)).toStrictEqual([0, 1, 2]);
  expect(freeIndices(held, member)).toStrictEqual([0, 2]);
  expect(freeIndices(releaseSlots(held, member.id, key('j', 1)), member)).toStrictEqual([0, 1, 2]);
});

test('the end of an attempt that holds nothing changes nothing', () => {
  const held = holdSlots(withMemberSlots(EMPTY_LEDGER, member, { draining: [] }), [place(1)], key('j', 2));

  expect(releaseSlots(held, member.id, key('j', 1))).toBe(held);
  expect(releaseSlots(held, parseTaskManagerId('other'), key('j', 2))).toBe(held);
});

test('a slot that is held is never given to another', () => {
  const held = holdSlots(withMemberSlots(EMPTY_LEDGER, member, { draining: [] }), [place(1)], key('j', 1));

  expect(() => holdSlots(held, [place(1)], key('k', 1))).toThrow('already held');
});

test('a task manager that came back has no free slot until what it still ran has ended', () => {
  const back = withMemberSlots(EMPTY_LEDGER, member, { draining: [key('j', 1), key('k', 4)] });
  const half = releaseSlots(back, member.id, key('j', 1));
  const none = releaseSlots(half, member.id, key('k', 4));

  expect([back, half, none].map((ledger) => freeSlotsOf(ledger, [member]).length)).toStrictEqual([0, 0, 1]);
});

test('a lost task manager has no slots', () => {
  const lost = withoutMemberSlots(withMemberSlots(EMPTY_LEDGER, member, { draining: [] }), member.id);

  expect(freeSlotsOf(lost, [member])).toStrictEqual([]);
});

function place(index: number): SlotPlace {
  return { slot: 0, taskManager: member.id, slotIndex: parseSlotIndex(index), dataAddress: member.dataAddress };
}

function key(job: string, attempt: number): AttemptKey {
  return { jobId: parseJobId(job), attempt: parseAttemptNumber(attempt) };
}
