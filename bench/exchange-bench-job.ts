import type { SlotPlace } from '../shared/control/messages.ts';
import type { JobGraph } from '../shared/graph/job-graph.ts';
import { parseSubtaskIndex, parseVertexId } from '../shared/ids.ts';
import type { TaskManagerId } from '../shared/ids.ts';
import type { Serializer } from '../shared/serialization/serializer.ts';
import { testGraph } from '../taskmanager/exchange/exchange-testing.ts';
import type { SlotPortsTransfer } from '../taskmanager/exchange/node-slot-ports.ts';

/** The job of the exchange benchmark: source → (hash by patient) → sink, in one slot or in two. */
export type Shape = 'one-slot' | 'two-slots';
/** `bytes`: a message with its key, written as it is. `plain`: an object with message, key and source by msgpackr. */
export type Payload = 'bytes' | 'plain';

export interface BenchTask {
  readonly shape: Shape;
  readonly payload: Payload;
  readonly slot: number;
  readonly taskManager: TaskManagerId;
  readonly places: readonly SlotPlace[];
  readonly ports: SlotPortsTransfer;
  readonly warmUp: number;
  readonly records: number;
  /** CPU that the sink spends on each record. */
  readonly workUs: number;
}

export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');
export const benchSubtask = parseSubtaskIndex(0);

interface Keyed {
  readonly key: string;
  readonly raw: Buffer;
}

const MESSAGE_BYTES = 836;

/** The bytes of the message as they are: what a job does that hands HL7 on and parses lazily. */
const rawSerializer: Serializer<unknown> = {
  id: 'bench-raw/1',
  encode: (value) => (value as Keyed).raw,
  decode: (bytes) => bytes,
  encodeInto: (value, target, offset) => {
    const { raw } = value as Keyed;
    if (offset + raw.length > target.length) {
      return -1;
    }
    target.set(raw, offset);
    return offset + raw.length;
  },
};

export function benchGraph(shape: Shape, payload: Payload): JobGraph {
  return testGraph(
    { source: 1, sink: 1 },
    [
      {
        from: 'source',
        to: 'sink',
        partitioning: { kind: 'hash', key: (value) => (value as Keyed).key },
        ...(payload === 'bytes' ? { serializer: rawSerializer } : {}),
      },
    ],
    shape === 'two-slots' ? { sink: 'apart' } : {},
  );
}

export function makeRecords(payload: Payload): readonly unknown[] {
  return Array.from({ length: 1024 }, (_, i) => {
    const key = `HOSP1|MRN${100_000 + i * 7}`;
    const raw = Buffer.alloc(MESSAGE_BYTES, 65 + (i % 26));
    return payload === 'bytes' ? { key, raw } : { key, raw, src: `3:${123_000 + i}:1700000000000` };
  });
}
