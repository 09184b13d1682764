import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../index.ts';
import { policyOf, runSteps, sourceRecord } from './run-steps-testing.ts';

/** What the pipeline's steps are held to here: outcome, stage, reason, warnings, route and key (scripts/hl7-corpus.ts has the rest). */
interface Expected {
  readonly expect?: 'ok' | 'dlq';
  readonly stage?: string;
  readonly reason?: string;
  readonly warnings?: readonly string[];
  readonly route?: string;
  readonly key?: string;
}

interface CorpusFile extends Expected {
  readonly file: string;
  readonly kind: string;
  readonly contested?: boolean;
  readonly messages?: readonly Expected[];
  readonly expect_frames?: readonly string[];
}

const corpus = process.env['HL7_CORPUS'] ?? join(import.meta.dirname, '../../../shared/hl7-corpus');
const manifestPath = join(corpus, 'manifest.json');
const files = existsSync(manifestPath)
  ? (JSON.parse(readFileSync(manifestPath, 'utf8')) as { files: CorpusFile[] }).files
  : [];
// Some batches hold a message twice: this test is about each by itself.
const policy = policyOf({
  duplicates: 'pass',
  facilities: JSON.stringify({ version: 1, unknownFacility: { action: 'pass' }, facilities: [] }),
});

describe.skipIf(files.length === 0)('the corpus of public HL7 messages', () => {
  const settled = files.filter((file) => file.contested !== true);

  test('every message file has the expected outcome, stage, reason, route and key', async () => {
    const ran = await runAll(settled.filter(isOneMessage));

    expect(ran.flatMap(({ file, out }) => differenceOf(file.file, [file], out))).toStrictEqual([]);
  });

  test('every member of every batch has its own outcome', async () => {
    const ran = await runAll(settled.filter((file) => (file.messages ?? []).length > 0));

    expect(ran.flatMap(({ file, out }) => differenceOf(file.file, file.messages ?? [], out))).toStrictEqual([]);
  });

  test('every frame of every MLLP stream arrives', async () => {
    const streams = await runAll(settled.filter((file) => file.kind === 'wire'));
    const arrived = streams.map(({ out }) => out.filter(({ headers }) => headers['stage'] !== 'frame').length);

    expect(streams.length).toBeGreaterThan(10);
    expect(arrived).toStrictEqual(streams.map(({ file }) => messagesIn(file.expect_frames ?? [])));
  });

  test('no file passes in silence', async () => {
    const ran = await runAll(files);

    expect(ran.filter(({ out }) => out.length === 0).map(({ file }) => file.file)).toStrictEqual([]);
  });
});

function isOneMessage(file: CorpusFile): boolean {
  return file.kind !== 'wire' && file.messages === undefined;
}

/** A batch in one frame is written `W-1+W-2 (batch)`. */
function messagesIn(frames: readonly string[]): number {
  return frames.reduce((sum, frame) => sum + frame.split('+').length, 0);
}

interface Ran {
  readonly file: CorpusFile;
  readonly out: readonly OutputRecord[];
}

async function runAll(chosen: readonly CorpusFile[]): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  for (const file of chosen) {
    ran.push({ file, out: await runSteps([sourceRecord(readFileSync(join(corpus, file.file)))], policy) });
  }
  return ran;
}

function differenceOf(
  file: string,
  expected: readonly Expected[],
  actual: readonly OutputRecord[],
): readonly unknown[] {
  const told = expected.map((one) => [one.expect === 'dlq' ? 'dlq' : one.route, one.key, one.stage, one.reason]);
  const seen = actual.map((record, at) => {
    const { stage, reason } = record.headers;
    const one = expected[at] ?? {};
    // The manifest leaves out what it does not judge.
    const isKeyJudged = one.key !== undefined || one.expect === 'dlq';
    return [
      record.topic.replace('hl7.', ''),
      isKeyJudged ? record.key : undefined,
      one.stage === undefined ? undefined : stage,
      one.reason === undefined ? undefined : reason,
    ];
  });
  return JSON.stringify(told) === JSON.stringify(seen) ? [] : [{ file, told, seen }];
}
