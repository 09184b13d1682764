import { parseAttemptNumber, parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import type { CheckpointHandle, CheckpointPointer, SavepointPin } from './checkpoint-events.ts';

/** The records of checkpoints (checkpoint-events.ts `CheckpointRecord`) as JSON, but for the terminal one. */
const FORMAT = 1;

interface WireHandle {
  readonly checkpoint: string;
  readonly metadataKey: string;
}

interface WirePointer extends WireHandle {
  readonly format: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly leaderEpoch: string;
  readonly retained: readonly WireHandle[];
  readonly pins: readonly (WireHandle & { readonly directory: string })[];
  readonly final: 'stop' | 'drain' | null;
}

export function formatPointer(pointer: CheckpointPointer): string {
  const { jobId, attempt, leaderEpoch, retained, pins, final } = pointer;
  const wire: WirePointer = {
    format: FORMAT,
    ...handleToWire(pointer),
    jobId,
    attempt,
    leaderEpoch: leaderEpoch.toString(),
    retained: retained.map(handleToWire),
    pins: pins.map((pin) => ({ ...handleToWire(pin), directory: pin.directory })),
    final: final ?? null,
  };
  return JSON.stringify(wire);
}

/** undefined: it is not what `formatPointer` writes. */
export function parsePointer(text: string): CheckpointPointer | undefined {
  try {
    const wire = JSON.parse(text) as WirePointer;
    if (wire.format !== FORMAT) {
      return undefined;
    }
    return {
      ...handleFromWire(wire),
      jobId: parseJobId(wire.jobId),
      attempt: parseAttemptNumber(wire.attempt),
      leaderEpoch: parseLeaderEpoch(BigInt(wire.leaderEpoch)),
      retained: wire.retained.map(handleFromWire),
      pins: wire.pins.map((pin): SavepointPin => ({ ...handleFromWire(pin), directory: pin.directory })),
      final: wire.final ?? undefined,
    };
  } catch {
    return undefined;
  }
}

/** Of a marker: its checkpoint. Of ids: up to where they are reserved. */
export function formatNumber(value: bigint): string {
  return JSON.stringify({ format: FORMAT, value: value.toString() });
}

export function parseNumber(text: string): bigint | undefined {
  try {
    const wire = JSON.parse(text) as { readonly format: number; readonly value: string };
    return wire.format === FORMAT ? BigInt(wire.value) : undefined;
  } catch {
    return undefined;
  }
}

function handleToWire({ checkpoint, metadataKey }: CheckpointHandle): WireHandle {
  return { checkpoint: checkpoint.toString(), metadataKey };
}

function handleFromWire({ checkpoint, metadataKey }: WireHandle): CheckpointHandle {
  return { checkpoint: parseCheckpointId(BigInt(checkpoint)), metadataKey };
}
