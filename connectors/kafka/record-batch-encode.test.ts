import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codecOf, decompress } from './node-compression.ts';
import { crc32c } from './node-crc32c.ts';
import { HeaderNames } from './header-names.ts';
import type { RecordSet } from './record-batch-decode.ts';
import { RecordCursor } from './record-batch-decode.ts';
import { RecordBatchBuilder, recordBytesMax } from './record-batch-encode.ts';
import { parseSplitId } from '../../shared/ids.ts';
import type { SourceRecord } from '../../shared/connector/records.ts';

const producer = { id: 77n, epoch: 3, baseSequence: 11, isTransactional: false };

interface Input {
  readonly key: string | Buffer | undefined;
  readonly value: Buffer;
  readonly headers: Record<string, string | Buffer>;
  readonly timestampMs: number;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const input: fc.Arbitrary<Input> = fc.record({
  key: fc.option(fc.oneof(text, bytes), { nil: undefined }),
  value: bytes,
  headers: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 12 }).filter((name) => !(name in Object.prototype)),
    fc.oneof(text, bytes),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
  timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

function build(inputs: readonly Input[]): RecordBatchBuilder {
  const builder = new RecordBatchBuilder(Buffer.alloc(64));
  for (const { key, value, headers, timestampMs } of inputs) {
    builder.append(key, value, headers, timestampMs);
  }
  return builder;
}

function decode(batches: Buffer, fetchOffset = 0n): SourceRecord[] {
  const set: RecordSet = {
    split: parseSplitId('t-0'),
    topic: 't',
    partition: 0,
    fetchOffset,
    records: batches,
    aborted: [],
  };
  const found: SourceRecord[] = [];
  const limits = { maxRecordBytes: 1_000_000, crc32c, decompress };
  new RecordCursor(set, limits, new HeaderNames()).read(100_000, undefined, (record) => found.push(record));
  return found;
}

function plain({ key, value, headers, timestampMs }: Input): unknown {
  const asBytes = Object.fromEntries(
    Object.entries(headers).map(([name, content]) => [name, Buffer.from(content as string)]),
  );
  return { key: key === undefined ? undefined : Buffer.from(key as string), value, headers: asBytes, timestampMs };
}

const seen = ({ key, value, headers, position }: SourceRecord): unknown => ({
  key,
  value,
  headers,
  timestampMs: position.timestampMs,
});

test('a batch has the bytes that the format prescribes', () => {
  const builder = build([
    { key: 'k', value: Buffer.from('v'), headers: { h: 'x' }, timestampMs: 1_000 },
    { key: undefined, value: Buffer.from(''), headers: {}, timestampMs: 999 },
  ]);

  const batch = builder.seal({ producer, codec: undefined, crc32c });

  const header = [
    '0000000000000000', // base offset
    '00000045', // length: 49 behind it in the header, 13 and 7
    'ffffffff', // leader epoch
    '02', // magic
    batch.toString('hex', 17, 21), // crc, checked below
    '0000', // attributes
    '00000001', // last offset delta
    '00000000000003e8', // base timestamp
    '00000000000003e8', // max timestamp
    '000000000000004d', // producer id
    '0003', // epoch
    '0000000b', // base sequence
    '00000002', // count
  ].join('');
  const first = ['18', '00', '00', '00', '02', '6b', '02', '76', '02', '02', '68', '02', '78'].join('');
  const second = ['0c', '00', '01', '02', '01', '00', '00'].join('');
  expect(batch.toString('hex')).toBe(header + first + second);
  expect(batch.readUInt32BE(17)).toBe(crc32c(batch.subarray(21)));
});

test('what is encoded is decoded again, with every codec', () => {
  fc.assert(
    fc.property(
      fc.array(input, { minLength: 1, maxLength: 20 }),
      fc.constantFrom('none' as const, 'gzip' as const, 'snappy' as const, 'lz4' as const, 'zstd' as const),
      (inputs, compression) => {
        const batch = build(inputs).seal({ producer, codec: codecOf(compression), crc32c });

        const records = decode(batch);

        expect(records.map(seen)).toStrictEqual(inputs.map(plain));
        expect(records.map(({ position }) => position.offset)).toStrictEqual(inputs.map((_, i) => BigInt(i)));
      },
    ),
  );
});

test("kafkajs' own decoder reads the same records", async () => {
  const load = createRequire(import.meta.url);
  const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decodeBatch = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: unknown) => Promise<{
    producerId: string;
    producerEpoch: number;
    firstSequence: number;
    records: {
      key: Buffer | null;
      value: Buffer;
      headers: Record<string, Buffer>;
      timestamp: string;
      offset: string;
    }[];
  }>;
  await fc.assert(
    fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 10 }), async (inputs) => {
      const batch = build(inputs).seal({ producer, codec: undefined, crc32c });

      const read = await decodeBatch(new Decoder(batch));

      expect(read).toMatchObject({ producerId: '77', producerEpoch: 3, firstSequence: 11 });
      expect(
        read.records.map(({ key, value, headers, timestamp }) => ({
          key: key ?? undefined,
          value,
          headers,
          timestampMs: Number(timestamp),
        })),
      ).toStrictEqual(inputs.map(plain));
    }),
    { numRuns: 50 },
  );
});

test('the size promised for a record is never below what it takes', () => {
  fc.assert(
    fc.property(input, input, (first, second) => {
      const builder = build([first]);
      const before = builder.byteLength;
      builder.append(second.key, second.value, second.headers, second.timestampMs);

      expect(builder.byteLength - before).toBeLessThanOrEqual(recordBytesMax(second.key, second.value, second.headers));
    }),
  );
});

describe('a batch that is split', () => {
  test('gives two that hold the same records in the same order', () => {
    fc.assert(
      fc.property(fc.array(input, { minLength: 2, maxLength: 12 }), (inputs) => {
        const builder = build(inputs);
        const [first, second] = [new RecordBatchBuilder(Buffer.alloc(61)), new RecordBatchBuilder(Buffer.alloc(61))];

        builder.splitInto(first, second);

        expect(first.count).toBeGreaterThan(0);
        expect(second.count).toBe(inputs.length - first.count);
        expect(builder.count).toBe(0);
        const halves = [first, second].map((half) =>
          decode(Buffer.from(half.seal({ producer, codec: undefined, crc32c }))),
        );
        expect(halves.flat().map(seen)).toStrictEqual(inputs.map(plain));
      }),
    );
  });
});

test('a builder that is reset starts a new batch in the same memory', () => {
  const builder = build([{ key: 'a', value: Buffer.alloc(5_000), headers: {}, timestampMs: 5 }]);
  const { capacity } = builder;
  builder.reset();
  builder.append('b', Buffer.from('2'), {}, 9);

  expect(builder.capacity).toBe(capacity);
  expect(decode(builder.seal({ producer, codec: undefined, crc32c })).map(seen)).toStrictEqual([
    { key: Buffer.from('b'), value: Buffer.from('2'), headers: {}, timestampMs: 9 },
  ]);
});
