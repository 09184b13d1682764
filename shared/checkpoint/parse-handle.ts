import type { StateHandleDecoded } from '../../proto/generated/nerve/v1/StateHandle.ts';
import { parseCheckpointId, parseKeyGroup } from '../ids.ts';
import { isObjectKey, sha256Hex } from '../snapshot-store/snapshot-store.ts';
import type { Problems } from './parse-metadata.ts';
import { compareOrder } from './segment-ref.ts';
import type { SegmentLocation, SegmentOrder, SegmentRef } from './segment-ref.ts';

export interface HandlePlace {
  readonly folder: string;
  readonly maxParallelism: number;
  readonly problems: Pick<Problems, 'check'>;
}

/** One segment of a checkpoint or of an acknowledgement; undefined, with its problems noted, when it is not sound. */
export function parseHandle(wire: StateHandleDecoded, where: string, place: HandlePlace): SegmentRef | undefined {
  const { problems, maxParallelism } = place;
  const { kind, firstKeyGroup, lastKeyGroup } = wire;
  const location = parseLocation(wire, place.folder);
  const from = parseOrder(wire.fromCheckpoint, wire.fromPart);
  const to = parseOrder(wire.toCheckpoint, wire.toPart);
  const length = Number(wire.length);
  const isRange = firstKeyGroup <= lastKeyGroup && lastKeyGroup < maxParallelism;
  const isInline = location?.kind === 'inline';
  const checks = [
    problems.check(location !== undefined, where, 'it says neither a legal object key nor its bytes'),
    problems.check(
      from !== undefined && to !== undefined && compareOrder(from, to) <= 0,
      where,
      'its checkpoints are out of order',
    ),
    problems.check(
      isRange,
      where,
      `key groups ${firstKeyGroup} to ${lastKeyGroup} are no range below ${maxParallelism}`,
    ),
    problems.check(/^[0-9a-f]{64}$/.test(wire.sha256), where, 'its sha256 is none'),
    problems.check(length > 0, where, 'its length is not positive'),
    problems.check(
      !isInline || (location.bytes.length === length && sha256Hex(location.bytes) === wire.sha256),
      where,
      'its bytes do not match its length and sha256',
    ),
  ];
  const isKnown = kind === 'delta' || kind === 'base';
  problems.check(isKnown, where, `kind "${kind}" is not known to this version`);
  if (checks.includes(false) || !isKnown || location === undefined || from === undefined || to === undefined) {
    return undefined;
  }
  const range = { first: parseKeyGroup(firstKeyGroup), last: parseKeyGroup(lastKeyGroup) };
  return { kind, location, length, sha256: wire.sha256, range, from, to };
}

function parseLocation(wire: StateHandleDecoded, folder: string): SegmentLocation | undefined {
  if (wire.at === 'inline' && wire.inline !== undefined) {
    return { kind: 'inline', bytes: Buffer.from(wire.inline) };
  }
  const key = wire.at === 'relativePath' ? `${folder}/${wire.relativePath ?? ''}` : wire.key;
  return key !== undefined && isObjectKey(key) ? { kind: 'object', key } : undefined;
}

function parseOrder(checkpoint: string, part: number): SegmentOrder | undefined {
  const id = BigInt(checkpoint);
  return id > 0n ? { checkpoint: parseCheckpointId(id), part } : undefined;
}
