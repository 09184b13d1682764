import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMllp, isMllpFramed } from './decode-mllp.ts';
import { encodeMllp } from './encode-mllp.ts';
import { MllpDecoder } from './mllp-decoder.ts';
import type { MllpEvent } from './mllp-event.ts';

const VT = '\x0b';
const END = '\x1c\r';

describe('what a stream gives', () => {
  test.each<[string, readonly string[], string]>([
    ['a frame', ['A'], `${VT}A${END}`],
    ['two frames', ['A', 'B'], `${VT}A${END}${VT}B${END}`],
    ['line ends between frames', ['A', 'B'], `${VT}A${END}\n${VT}B${END}\r\n`],
    ['noise', ['A', '!NOISE', 'B'], `${VT}A${END} \0${VT}B${END}`],
    ['no end block', ['!MISSING_END_BLOCK', 'B'], `${VT}A\r${VT}B${END}`],
    ['no CR behind the end block', ['A', '!MISSING_TRAILING_CR', 'B'], `${VT}A\x1c${VT}B${END}`],
    ['LF behind the end block', ['A', '!MISSING_TRAILING_CR', 'B'], `${VT}A\x1c\n${VT}B${END}`],
    ['no CR at the end', ['A', '!MISSING_TRAILING_CR'], `${VT}A\x1c`],
    ['no start block', ['!MISSING_START_BLOCK', 'B'], `A\r${END}${VT}B${END}`],
    ['no framing at all', ['!MISSING_START_BLOCK'], `A\rB\r`],
    ['FS in the data', ['A\x1cB'], `${VT}A\x1cB${END}`],
    ['a cut stream', ['A', '!TRUNCATED'], `${VT}A${END}${VT}B`],
    ['an empty frame', ['!EMPTY_FRAME', 'A'], `${VT}${END}${VT}A${END}`],
    ['two start blocks', ['A'], `${VT}${VT}A${END}`],
    ['nothing', [], ''],
  ])('%s: %j', (_, expected, stream) => {
    expect(shown(decodeMllp(Buffer.from(stream, 'latin1')))).toStrictEqual(expected);
  });

  test('what is skipped comes with the fault, so that it can be dead-lettered', () => {
    expect(decodeMllp(Buffer.from(`${VT}A\r${VT}B${END}`))[0]).toStrictEqual({
      kind: 'fault',
      code: 'MISSING_END_BLOCK',
      bytes: Buffer.from('A\r'),
      skipped: 2,
      position: 1,
    });
  });

  test('a frame above the limit is skipped and counted, and the next one arrives', () => {
    const events = decodeMllp(Buffer.from(`${VT}${'x'.repeat(11)}${END}${VT}B${END}`), { bytesMax: 10 });

    expect(shown(events)).toStrictEqual(['!TOO_LARGE', 'B']);
    expect(events[0]).toMatchObject({ skipped: 11, bytes: Buffer.alloc(0) });
  });
});

test('any split of the bytes gives the same events', () => {
  const stream = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(0x0b, 0x1c, 0x0d, 0x0a, 0x20, 0) },
      { weight: 3, arbitrary: fc.integer({ min: 0x41, max: 0xff }) },
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      stream,
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 60 }),
      fc.constantFrom(4, 12, 1000),
      (bytes, cuts, bytesMax) => {
        const whole = Buffer.from(bytes);

        expect(plain(pushed(whole, cuts, bytesMax))).toStrictEqual(plain(decodeMllp(whole, { bytesMax })));
      },
    ),
    { numRuns: 2000 },
  );
});

test('every byte is in a frame, in a fault, or is framing', () => {
  const stream = fc.array(fc.constantFrom(0x0b, 0x1c, 0x0d, 0x41, 0x42), { maxLength: 60 });
  fc.assert(
    fc.property(stream, (bytes) => {
      const letters = (each: Uint8Array): number => each.filter((byte) => byte >= 0x41).length;
      const found = decodeMllp(Buffer.from(bytes)).reduce((sum, event) => sum + letters(event.bytes), 0);

      expect(found).toBe(letters(Buffer.from(bytes)));
    }),
  );
});

test('payloads encoded are the payloads decoded, however the bytes arrive', () => {
  const payload = fc
    .uint8Array({ minLength: 1, maxLength: 30 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0b && byte !== 0x1c)));
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 9 })), (payloads, cuts) => {
      const sent = payloads.filter((each) => each.length > 0);
      const framed = sent
        .map((each) => encodeMllp(each))
        .map((each) => (each.kind === 'framed' ? each.bytes : Buffer.alloc(0)));
      const events = pushed(Buffer.concat(framed), cuts, 1000);

      expect(events.map((event) => event.bytes.toString('hex'))).toStrictEqual(
        sent.map((each) => each.toString('hex')),
      );
    }),
  );
});

test.each(['A\x0bB', 'A\x1c\rB', 'A\x1c'])('%j cannot be framed', (payload) => {
  expect(encodeMllp(Buffer.from(payload)).kind).toBe('refused');
});

test.each([
  [`${VT}MSH|`, true],
  [` \r\n${VT}X`, true],
  [`MSH|A\r${END}${VT}MSH|`, true],
  ['MSH|A\rB\r', false],
  [`MSH|A\r${VT}\r`, false],
  ['', false],
])('%j is framed: %j', (text, isFramed) => {
  expect(isMllpFramed(Buffer.from(text))).toBe(isFramed);
});

function pushed(bytes: Buffer, cuts: readonly number[], bytesMax: number): readonly MllpEvent[] {
  const decoder = new MllpDecoder({ bytesMax });
  const events: MllpEvent[] = [];
  let at = 0;
  for (const cut of cuts) {
    events.push(...decoder.push(bytes.subarray(at, at + cut)));
    at = Math.min(at + cut, bytes.length);
  }
  return [...events, ...decoder.push(bytes.subarray(at)), ...decoder.end()];
}

function shown(events: readonly MllpEvent[]): readonly string[] {
  return events.map((event) => (event.kind === 'frame' ? event.bytes.toString('latin1') : `!${event.code}`));
}

function plain(events: readonly MllpEvent[]): readonly unknown[] {
  return events.map((event) => ({ ...event, bytes: event.bytes.toString('hex') }));
}
