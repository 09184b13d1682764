import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../shared/connector/records.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { HeaderNames } from './header-names.ts';
import { decompress } from './node-compression.ts';
import { crc32c } from './node-crc32c.ts';
import type { AbortedTransaction, RecordSet } from './record-batch-decode.ts';
import { offsetBehind, RecordCursor } from './record-batch-decode.ts';
import { RecordBatchBuilder } from './record-batch-encode.ts';

const limits = { maxRecordBytes: 100, crc32c, decompress };

interface Options {
  readonly producerId?: bigint;
  readonly isTransactional?: boolean;
}

/** A batch at `baseOffset`, as the broker stores it: with its offset set (which the crc does not cover). */
function batchAt(
  baseOffset: number,
  values: readonly string[],
  { producerId = 1n, isTransactional = false }: Options = {},
): Buffer {
  const builder = new RecordBatchBuilder(Buffer.alloc(61));
  for (const value of values) {
    builder.append('k', Buffer.from(value), {}, 1_000);
  }
  const producer = { id: producerId, epoch: 0, baseSequence: 0, isTransactional };
  const batch = Buffer.from(builder.seal({ producer, codec: undefined, crc32c }));
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  return batch;
}

/** The marker at the end of a transaction: one control record, key `version i16, type i16`. */
function marker(baseOffset: number, kind: 'abort' | 'commit', producerId: bigint): Buffer {
  const builder = new RecordBatchBuilder(Buffer.alloc(61));
  builder.append(Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]), Buffer.alloc(6), {}, 1_000);
  const producer = { id: producerId, epoch: 0, baseSequence: -1, isTransactional: true };
  const batch = Buffer.from(builder.seal({ producer, codec: undefined, crc32c }));
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt16BE(0x30, 21);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function cursorOf(records: Buffer, fetchOffset = 0n, aborted: readonly AbortedTransaction[] = []): RecordCursor {
  const set: RecordSet = { split: parseSplitId('t-0'), topic: 't', partition: 0, fetchOffset, records, aborted };
  return new RecordCursor(set, limits, new HeaderNames());
}

function readAll(cursor: RecordCursor, end?: bigint): string[] {
  const values: string[] = [];
  cursor.read(1_000, end, ({ value, position }) => values.push(`${position.offset}:${value.toString()}`));
  return values;
}

test('a batch that begins before the offset asked for gives only what lies from there on', () => {
  const cursor = cursorOf(batchAt(10, ['a', 'b', 'c']), 11n);

  expect(readAll(cursor)).toStrictEqual(['11:b', '12:c']);
  expect(cursor.position).toBe(13n);
});

test('a batch that lies wholly before the offset is passed over', () => {
  const cursor = cursorOf(Buffer.concat([batchAt(10, ['a', 'b']), batchAt(12, ['c'])]), 12n);

  expect(readAll(cursor)).toStrictEqual(['12:c']);
});

test('a response that ends inside a batch gives the whole batches before it, and the position is behind those', () => {
  const second = batchAt(2, ['c', 'd']);
  const records = Buffer.concat([batchAt(0, ['a', 'b']), second.subarray(0, second.length - 1)]);
  const cursor = cursorOf(records);

  expect(readAll(cursor)).toStrictEqual(['0:a', '1:b']);
  expect(cursor.position).toBe(2n);
  expect(cursor.isDone).toBe(true);
  expect(offsetBehind(records, 0n)).toBe(2n);
});

test('reading in any steps gives the same records, and the position is always behind the last one', () => {
  const records = Buffer.concat([batchAt(0, ['a', 'b', 'c']), batchAt(3, ['d']), batchAt(7, ['e', 'f'])]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 10, maxLength: 10 }), (steps) => {
      const cursor = cursorOf(records);
      const offsets: bigint[] = [];
      for (const step of steps) {
        cursor.read(step, undefined, ({ position }) => {
          offsets.push(position.offset);
        });
        expect(cursor.position).toBeGreaterThan(offsets.at(-1) ?? -1n);
      }

      expect(offsets).toStrictEqual([0n, 1n, 2n, 3n, 7n, 8n]);
      expect(cursor.position).toBe(9n);
      expect(cursor.isDone).toBe(true);
    }),
  );
});

test('an end offset inside a batch stops there and the position is the end', () => {
  const cursor = cursorOf(batchAt(0, ['a', 'b', 'c']));

  expect(readAll(cursor, 2n)).toStrictEqual(['0:a', '1:b']);
  expect(cursor.position).toBe(2n);
});

describe('transactions', () => {
  const one = { isTransactional: true, producerId: 1n };
  const two = { isTransactional: true, producerId: 2n };

  test('records of an aborted one are dropped, those of others and of the next one are not', () => {
    const records = Buffer.concat([
      batchAt(0, ['aborted'], one),
      batchAt(1, ['plain']),
      batchAt(2, ['other'], two),
      marker(3, 'abort', 1n),
      batchAt(4, ['next'], one),
      marker(5, 'commit', 1n),
      marker(6, 'commit', 2n),
    ]);
    const cursor = cursorOf(records, 0n, [{ producerId: 1n, firstOffset: 0n }]);

    expect(readAll(cursor)).toStrictEqual(['1:plain', '2:other', '4:next']);
    expect(cursor.position).toBe(7n);
  });

  test('the position passes markers at the end, so that an end behind them is reached', () => {
    const cursor = cursorOf(Buffer.concat([batchAt(0, ['a'], one), marker(1, 'commit', 1n)]));

    expect(readAll(cursor, 2n)).toStrictEqual(['0:a']);
    expect(cursor.position).toBe(2n);
  });
});

test('a value larger than allowed comes by reference, with its size', () => {
  const records: SourceRecord[] = [];
  cursorOf(batchAt(0, ['x'.repeat(101), 'small'])).read(10, undefined, (record) => records.push(record));

  expect(records[0]).toMatchObject({ value: Buffer.alloc(0), oversizeBytes: 101 });
  expect(records[1]?.value.toString()).toBe('small');
});

test('append time replaces the time of the record where the topic says so', () => {
  const batch = batchAt(0, ['a']);
  batch.writeInt16BE(0x08, 21);
  batch.writeBigInt64BE(555_000n, 35);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  const records: SourceRecord[] = [];
  cursorOf(batch).read(10, undefined, (record) => records.push(record));

  expect(records[0]?.position.timestampMs).toBe(555_000);
});

describe('damage', () => {
  function failureOf(records: Buffer): unknown {
    try {
      readAll(cursorOf(records));
      return undefined;
    } catch (error) {
      return error instanceof StreamError ? error.failure : error;
    }
  }

  test('any flipped byte behind the checksum is found, and no record of that batch is handed over', () => {
    const good = batchAt(0, ['first record', 'second record']);
    fc.assert(
      fc.property(fc.integer({ min: 21, max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ mask;

        expect(failureOf(bad)).toMatchObject({ code: 'kafka-corrupt-batch', reaction: 'restart-job' });
      }),
    );
  });

  test('an old message format is refused by name', () => {
    const batch = batchAt(0, ['a']);
    batch.writeInt8(1, 16);

    expect(failureOf(batch)).toMatchObject({ code: 'kafka-legacy-format', reaction: 'fail-job' });
  });

  test('arbitrary bytes never hang and never give a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const cursor = cursorOf(Buffer.from(noise));
        let values: string[] = [];
        try {
          values = readAll(cursor);
        } catch (error) {
          expect(error).toBeInstanceOf(StreamError);
        }

        expect(values).toStrictEqual([]);
      }),
    );
  });
});
