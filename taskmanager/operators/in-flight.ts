import { StreamError } from '../../shared/failure/failure.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';

/** A record whose call is under way, or whose result waits for room. */
export interface InFlight {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
}

const WITHOUT_TIMESTAMP = 0;
const WITH_TIMESTAMP = 1;
const TIMESTAMP_BYTES = 8;

/** Whether a timestamp follows (1 B) ‖ timestamp (8 B, double, little endian) ‖ the value as its edge writes it. */
export function inFlightSerializer(value: Serializer<unknown>): Serializer<InFlight> {
  return {
    id: `in-flight/1+${value.id}`,
    encode: (record) => {
      const bytes = value.encode(record.value);
      const { timestampMs } = record;
      const head = Buffer.alloc(timestampMs === undefined ? 1 : 1 + TIMESTAMP_BYTES);
      head[0] = timestampMs === undefined ? WITHOUT_TIMESTAMP : WITH_TIMESTAMP;
      if (timestampMs !== undefined) {
        head.writeDoubleLE(timestampMs, 1);
      }
      return Buffer.concat([head, bytes]);
    },
    decode: (bytes) => {
      const hasTimestamp = bytes[0] === WITH_TIMESTAMP;
      const head = hasTimestamp ? 1 + TIMESTAMP_BYTES : 1;
      if (bytes.length < head) {
        throw new StreamError({
          code: 'state-corrupt',
          reaction: 'fail-job',
          message: 'a record in flight of an async operator is cut off in the checkpoint',
          remedy: 'Restore from another checkpoint.',
        });
      }
      return {
        timestampMs: hasTimestamp ? bytes.readDoubleLE(1) : undefined,
        value: value.decode(bytes.subarray(head)),
      };
    },
  };
}
