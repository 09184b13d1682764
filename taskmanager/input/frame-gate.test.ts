import { expect, test } from 'vitest';
import { stringSerializer } from '../../shared/serialization/serializer.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { ChannelInput } from './channel-input.ts';
import { recordHeadBytes, writeRecordHead } from './element-codec.ts';
import { FrameGate } from './frame-gate.ts';
import type { ElementConsumer } from './input-gate.ts';

const text: Serializer<unknown> = {
  id: 'text/1',
  encode: (value) => stringSerializer.encode(String(value)),
  decode: (bytes) => stringSerializer.decode(bytes),
};

test('channels with input take turns, frame by frame', () => {
  const gate = openGate(3);
  gate.arrive(0, ['a1', 'a2']);
  gate.arrive(0, ['a3']);
  gate.arrive(0, ['a4']);
  gate.arrive(2, ['c1']);
  gate.arrive(2, ['c2']);

  gate.pollAll(100);

  expect(gate.values).toStrictEqual(['a1', 'a2', 'c1', 'a3', 'c2', 'a4']);
});

test('a budget ends in the middle of a frame, and the next poll goes on with the next channel', () => {
  const gate = openGate(2);
  gate.arrive(0, ['a1', 'a2', 'a3']);
  gate.arrive(1, ['b1']);

  expect(gate.poll(2)).toBe(2);
  expect(gate.poll(1)).toBe(1);
  expect(gate.poll(10)).toBe(1);

  expect(gate.values).toStrictEqual(['a1', 'a2', 'b1', 'a3']);
  expect(gate.hasInput).toBe(false);
});

test('a blocked channel hands over nothing and hides nothing of the others', () => {
  const gate = openGate(2);
  gate.arrive(0, ['a1']);
  gate.arrive(1, ['b1']);

  gate.block(0);
  gate.pollAll(10);
  expect(gate.values).toStrictEqual(['b1']);
  expect(gate.hasInput).toBe(false);

  gate.resume(0);
  gate.pollAll(10);
  expect(gate.values).toStrictEqual(['b1', 'a1']);
});

test('credit goes back when a frame is wholly read, not before', () => {
  const gate = openGate(1);
  gate.arrive(0, ['a1', 'a2']);

  gate.poll(1);
  expect(gate.credits).toBe(0);
  gate.poll(1);
  expect(gate.credits).toBe(1);
});

test('an end of input is the last thing a channel hands over, and nothing may follow it', () => {
  const gate = openGate(1);
  gate.arrive(0, ['a1']);
  gate.arriveEnd(0);

  gate.pollAll(10);

  expect(gate.values).toStrictEqual(['a1', 'end-of-input']);
  expect(() => {
    gate.arrive(0, ['late']);
  }).toThrow('behind the end of input');
});

function openGate(channels: number) {
  const state = { credits: 0 };
  const seqs = Array.from({ length: channels }, () => 0);
  const inputs = seqs.map(
    (_, channel) =>
      new ChannelInput({
        channel,
        input: 0,
        name: `source#${channel} → sink#0`,
        producer: 'source#0',
        serializer: text,
        creditsMax: 4,
        recordBytesMax: 1000,
        waitsAtBarrier: true,
        feedback: {
          sendCredit: (_seq, credits) => {
            state.credits += credits;
          },
          sendResume: () => undefined,
        },
      }),
  );
  const gate = new FrameGate(inputs);
  const values: string[] = [];
  const consumer: ElementConsumer = {
    record: (_, value) => {
      values.push(String(value));
      return true;
    },
    control: (_, element) => values.push(element.kind),
  };
  const nextSeq = (channel: number): number => {
    const seq = seqs[channel]!;
    seqs[channel] = seq + 1;
    return seq;
  };
  return {
    values,
    get credits() {
      return state.credits;
    },
    get hasInput() {
      return gate.hasInput;
    },
    arrive: (channel: number, records: readonly string[]): void => {
      const payload = Buffer.concat(records.map(recordBytes));
      inputs[channel]!.receive({ kind: 'data', seq: nextSeq(channel), payload, part: { kind: 'whole' } });
      gate.onArrival(channel);
    },
    arriveEnd: (channel: number): void => {
      inputs[channel]!.receive({ kind: 'control', seq: nextSeq(channel), payload: Buffer.from([7]) });
      gate.onArrival(channel);
    },
    poll: (budget: number): number => gate.poll(budget, consumer),
    pollAll: (budget: number): void => {
      while (gate.hasInput) {
        gate.poll(budget, consumer);
      }
    },
    block: (channel: number): void => {
      gate.block(channel);
    },
    resume: (channel: number): void => {
      gate.resume(channel);
    },
  };
}

function recordBytes(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(recordHeadBytes(false, undefined));
  writeRecordHead(head, 0, { timestampMs: undefined, key: undefined, valueBytes: bytes.length });
  return Buffer.concat([head, bytes]);
}
