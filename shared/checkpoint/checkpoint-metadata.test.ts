import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseKeyGroup,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSplitId,
} from '../ids.ts';
import { sha256Hex } from '../snapshot-store/snapshot-store.ts';
import type { CheckpointMetadata, SubtaskMetadata } from './checkpoint-metadata.ts';
import { formatMetadata } from './format-metadata.ts';
import { parseMetadata } from './parse-metadata.ts';
import { decodeMetadata, encodeMetadata } from './grpc-metadata-codec.ts';

const FOLDER = 'nerve/job-1/chk-42';
const inline = Buffer.from([1, 0xff, 2]);
const order = (
  checkpoint: bigint,
  part: number,
): { checkpoint: ReturnType<typeof parseCheckpointId>; part: number } => ({
  checkpoint: parseCheckpointId(checkpoint),
  part,
});
const range = { first: parseKeyGroup(0), last: parseKeyGroup(511) };

const subtask: SubtaskMetadata = {
  keyed: [
    {
      kind: 'base',
      location: { kind: 'object', key: `${FOLDER}/state/a.seg` },
      length: 99,
      sha256: 'a'.repeat(64),
      range,
      from: order(40n, 0xffffffff),
      to: order(40n, 0xffffffff),
    },
    {
      kind: 'delta',
      location: { kind: 'object', key: 'nerve/job-1/shared/b.seg' },
      length: 7,
      sha256: 'b'.repeat(64),
      range,
      from: order(41n, 0),
      to: order(2n ** 60n, 3),
    },
    {
      kind: 'delta',
      location: { kind: 'inline', bytes: inline },
      length: 3,
      sha256: sha256Hex(inline),
      range,
      from: order(42n, 0),
      to: order(42n, 0),
    },
  ],
  lists: [{ name: 'l', redistribution: 'union', elements: ['\x01\xff', ''] }],
  splits: [{ id: parseSplitId('hl7.raw-0'), position: '{"offset":"12"}', isFinished: false }],
  committables: ['{"id":"txn"}'],
  isFinished: false,
  watermarkMs: -5,
};

const metadata: CheckpointMetadata = {
  jobId: parseJobId('job-1'),
  checkpoint: parseCheckpointId(42n),
  kind: 'checkpoint',
  leaderEpoch: parseLeaderEpoch(9_007_199_254_740_993n),
  attempt: parseAttemptNumber(3),
  triggeredAtMs: 1_700_000_000_123,
  completedAtMs: 1_700_000_000_456,
  lineage: 'run-1',
  fingerprint: 'f',
  artifact: 'jobs/hl7-pipeline/job.ts',
  operators: [
    {
      uid: parseOperatorUid('correlate'),
      name: 'correlate',
      parallelism: 2,
      maxParallelism: 1024,
      hashId: 'murmur/1',
      states: [{ name: 'patient', id: 1, kind: 'value', version: 2, serializer: 'msgpackr/1' }],
      subtasks: [
        subtask,
        { keyed: [], lists: [], splits: [], committables: [], isFinished: true, watermarkMs: undefined },
      ],
      coordinatorState: undefined,
    },
  ],
};

describe('checkpoint metadata', () => {
  test('comes back as it was written, numbers beyond 2^53 and all bytes included', () => {
    expect(parseMetadata(formatMetadata(metadata, FOLDER), FOLDER)).toStrictEqual({ kind: 'parsed', metadata });
  });

  test('names relative only what lies below its own folder, so it can be moved with it (FLINK-39964)', () => {
    const moved = parseMetadata(formatMetadata(metadata, FOLDER), 'elsewhere/sp');

    const keys =
      moved.kind === 'parsed' ? moved.metadata.operators[0]?.subtasks[0]?.keyed.map(({ location }) => location) : [];
    expect(keys?.slice(0, 2)).toStrictEqual([
      { kind: 'object', key: 'elsewhere/sp/state/a.seg' },
      { kind: 'object', key: 'nerve/job-1/shared/b.seg' },
    ]);
  });

  test('has the bytes that format 1 has always had, and those are still read', () => {
    expect(formatMetadata(metadata, FOLDER).toString('base64')).toBe(GOLDEN);
    expect(parseMetadata(Buffer.from(GOLDEN, 'base64'), FOLDER)).toStrictEqual({ kind: 'parsed', metadata });
  });

  test('of before splits said whether they are finished is still read', () => {
    expect(parseMetadata(Buffer.from(WITHOUT_FINISHED, 'base64'), FOLDER)).toStrictEqual({ kind: 'parsed', metadata });
  });

  test('that is not sound is refused with every problem named', () => {
    const wire = decodeMetadata(formatMetadata(metadata, FOLDER));
    wire.kind = 'savepoint';
    wire.jobId = 'no name!';
    wire.lineage = '';
    const operator = wire.operators[0]!;
    operator.parallelism = 3;
    operator.states.push({ ...operator.states[0]!, name: 'other', kind: 'unheard-of' });
    const keyed = operator.subtasks[0]!.keyed;
    keyed[0]!.relativePath = '../../secret';
    keyed[1]!.lastKeyGroup = 5_000;
    keyed[2]!.inline = Buffer.from([9, 9, 9]);

    const parsed = parseMetadata(encodeMetadata(wire), FOLDER);

    expect(parsed.kind === 'malformed' ? parsed.problems : []).toStrictEqual([
      'job id: "no name!" is no name',
      'lineage: it is empty',
      'operator correlate: it lists 2 of 3 subtasks',
      'operator correlate: a state name or id is there twice',
      'operator correlate, state other: kind "unheard-of" is not known to this version',
      'operator correlate, subtask 0: a savepoint holds committables',
      'operator correlate, subtask 0, segment 0: it says neither a legal object key nor its bytes',
      'operator correlate, subtask 0, segment 1: key groups 0 to 5000 are no range below 1024',
      'operator correlate, subtask 0, segment 2: its bytes do not match its length and sha256',
    ]);
  });

  test('of another format, or any other bytes, is refused and never throws', () => {
    const future = encodeMetadata({ ...decodeMetadata(formatMetadata(metadata, FOLDER)), format: 2 });
    expect(parseMetadata(future, FOLDER)).toMatchObject({
      kind: 'malformed',
      problems: [expect.stringContaining('format 2') as unknown],
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(parseMetadata(Buffer.from(bytes), FOLDER).kind).toBe('malformed');
      }),
    );
  });
});

const WITHOUT_FINISHED =
  'CAESBWpvYi0xGCoiCmNoZWNrcG9pbnQogYCAgICAgBAwAzj70JX/vDFAyNOV/7wxSgVydW4tMVIBZloYam9icy9obDctcGlwZWxpbmUvam9iLnRzYuEDCgljb3JyZWxhdGUSCWNvcnJlbGF0ZRgCIIAIKghtdXJtdXIvMTIgCgdwYXRpZW50EAEaBXZhbHVlIAIqCm1zZ3BhY2tyLzE6jQMKbAoEYmFzZRILc3RhdGUvYS5zZWcoYzJAYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTgAQP8DSChQ/////w9YKGD/////Dwp6CgVkZWx0YRoYbmVydmUvam9iLTEvc2hhcmVkL2Iuc2VnKAcyQGJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI4AED/A0gpUABYgICAgICAgIAQYAMKXQoFZGVsdGEiAwH/AigDMkBmZjUzNjI0NjBjOWFmMjNmOWMxMDI0OTZmMTIzM2Y1NmFhNDZkNDdhM2M4NmNjNDQ1ZjZiODk0ZGQ2Yzk4YjA4OABA/wNIKlAAWCpgABIQCgFsEgV1bmlvbhoCAf8aABocCglobDcucmF3LTASD3sib2Zmc2V0IjoiMTIifSIMeyJpZCI6InR4biJ9KAAwCTgBOgYoATAAOABCAA==';
const GOLDEN =
  'CAESBWpvYi0xGCoiCmNoZWNrcG9pbnQogYCAgICAgBAwAzj70JX/vDFAyNOV/7wxSgVydW4tMVIBZloYam9icy9obDctcGlwZWxpbmUvam9iLnRzYuMDCgljb3JyZWxhdGUSCWNvcnJlbGF0ZRgCIIAIKghtdXJtdXIvMTIgCgdwYXRpZW50EAEaBXZhbHVlIAIqCm1zZ3BhY2tyLzE6jwMKbAoEYmFzZRILc3RhdGUvYS5zZWcoYzJAYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTgAQP8DSChQ/////w9YKGD/////Dwp6CgVkZWx0YRoYbmVydmUvam9iLTEvc2hhcmVkL2Iuc2VnKAcyQGJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI4AED/A0gpUABYgICAgICAgIAQYAMKXQoFZGVsdGEiAwH/AigDMkBmZjUzNjI0NjBjOWFmMjNmOWMxMDI0OTZmMTIzM2Y1NmFhNDZkNDdhM2M4NmNjNDQ1ZjZiODk0ZGQ2Yzk4YjA4OABA/wNIKlAAWCpgABIQCgFsEgV1bmlvbhoCAf8aABoeCglobDcucmF3LTASD3sib2Zmc2V0IjoiMTIifRgAIgx7ImlkIjoidHhuIn0oADAJOAE6BigBMAA4AEIA';
