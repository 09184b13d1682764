import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldAt } from '../cli/hl7/message-report.ts';
import { parsePayload } from '../hl7/batch/parse-payload.ts';
import { structureGroupResolver } from '../hl7/definitions/structure-group-resolver.ts';
import { emptyFacilityRegistry } from '../hl7/facility/facility-registry.ts';
import type { Hl7Message } from '../hl7/message/hl7-message.ts';
import { decodeMllp } from '../hl7/mllp/decode-mllp.ts';
import { parseProfiles } from '../hl7/profiles/profile-set.ts';
import { routeOf } from '../hl7/route/route-of.ts';
import type { JudgePolicy, Verdict } from '../hl7/validate/judge-message.ts';
import { judgePayload } from '../hl7/validate/judge-payload.ts';
import { ERRATA } from './hl7-corpus-errata.ts';
import { type ManifestFile, type ManifestMember, parseManifest } from './hl7-manifest-wire.ts';

/** One place where the manifest and the library disagree. */
export interface Difference {
  readonly file: string;
  readonly column: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** Why it does not count: the file is contested, or a known erratum. */
  readonly excuse: string | undefined;
}

/** Judges every file of the corpus in `directory` as `nerve hl7 parse` does and compares it with the manifest. */
export function compareCorpus(directory: string): {
  readonly files: number;
  readonly differences: readonly Difference[];
} {
  const manifest = parseManifest(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  const differences: Difference[] = [];
  for (const entry of manifest) {
    const bytes = readFileSync(join(directory, entry.file));
    for (const [column, expected, actual] of columnsOf(entry, bytes)) {
      if (JSON.stringify(expected) !== JSON.stringify(actual)) {
        differences.push({ file: entry.file, column, expected, actual, excuse: excuseOf(entry, column) });
      }
    }
  }
  return { files: manifest.length, differences };
}

function excuseOf(entry: ManifestFile, column: string): string | undefined {
  const erratum = ERRATA.find((each) => each.file === entry.file && each.column === column);
  return erratum?.why ?? (entry.contested === true ? 'contested' : undefined);
}

type Column = readonly [name: string, expected: unknown, actual: unknown];

const profiles = parseProfiles([]);
const policy: JudgePolicy = {
  facilities: emptyFacilityRegistry,
  ...(profiles.kind === 'profiles' ? { profiles: profiles.profiles } : {}),
};

function columnsOf(entry: ManifestFile, bytes: Buffer): readonly Column[] {
  switch (entry.kind) {
    case 'wire':
      return wireColumns(entry, bytes);
    case 'batch':
    case 'multi':
      return batchColumns(entry, bytes);
    default:
      return messageColumns(entry, bytes);
  }
}

function wireColumns(entry: ManifestFile, bytes: Buffer): readonly Column[] {
  const events = decodeMllp(bytes);
  const frames = events.filter((event) => event.kind === 'frame').map((event) => frameName(event.bytes));
  const faults = events.flatMap((event) => (event.kind === 'fault' ? [event.code] : []));
  return [
    ['frames', entry.expect_frames, frames],
    ['faults', entry.expect_faults, faults],
  ];
}

/** How the manifest names a frame: the control ids of what it holds. */
function frameName(bytes: Buffer): string {
  const payload = parsePayload(bytes);
  if (payload.kind === 'single') {
    return payload.result.kind === 'parsed' ? (payload.result.message.value(0, 10) ?? '') : '(not hl7)';
  }
  const ids = payload.members.map(({ result }) => (result.kind === 'parsed' ? result.message.value(0, 10) : '?'));
  return `${ids.join('+')} (batch)`;
}

function batchColumns(entry: ManifestFile, bytes: Buffer): readonly Column[] {
  const items = judgePayload(bytes, policy);
  const members = entry.messages ?? [];
  const envelope = items.flatMap((item) => item.envelope);
  // A batch without any message is itself the dead letter.
  const found = members.length === 0 ? [] : items;
  return [
    ['members', members.length, found.length],
    ['envelope', sorted(entry.envelope_warnings), sorted(envelope)],
    ['outcome', entry.expect, items.every((item) => item.verdict.kind === 'accepted') ? 'ok' : 'dlq'],
    ...members.flatMap((member) => {
      const verdict = found[member.index]?.verdict;
      const columns = verdict === undefined ? [] : verdictColumns(member, verdict);
      return columns.map(([name, expected, actual]): Column => [`[${member.index}] ${name}`, expected, actual]);
    }),
  ];
}

function messageColumns(entry: ManifestFile, bytes: Buffer): readonly Column[] {
  const items = judgePayload(bytes, policy);
  const verdict = items[0]?.verdict;
  if (verdict === undefined || items.length > 1) {
    return [['messages', 1, items.length]];
  }
  const { message } = verdict;
  const columns = [...verdictColumns(entry, verdict)];
  if (message !== undefined) {
    columns.push(['identity', true, message.bytes.equals(bytes)]);
    for (const [path, expected] of Object.entries({ ...entry.fields, ...entry.expect_fields })) {
      columns.push([path, expected, readField(message, path, expected)]);
    }
    if (entry.segment_counts !== undefined) {
      columns.push(['segments', sortedEntries(entry.segment_counts), sortedEntries(countSegments(message))]);
    }
  }
  return columns;
}

function verdictColumns(expected: ManifestFile | ManifestMember, verdict: Verdict): readonly Column[] {
  const { stage, reason } = expected;
  const problem = verdict.kind === 'rejected' ? verdict.problem : undefined;
  const columns: Column[] = [['outcome', expected.expect, verdict.kind === 'accepted' ? 'ok' : 'dlq']];
  if (reason !== undefined) {
    columns.push(['reason', reason, problem?.code]);
  }
  if (stage !== undefined) {
    columns.push(['stage', stage, problem?.stage]);
  }
  if (expected.expect === 'ok' || expected.warnings !== undefined) {
    columns.push(['warnings', sorted(expected.warnings), sorted(verdict.warnings.map((warning) => warning.code))]);
  }
  if (expected.expect === 'ok' && verdict.kind === 'accepted') {
    columns.push(['route', expected.route, routeOf(verdict.message.value(0, 9))]);
    columns.push(['key', expected.key, verdict.key]);
  }
  return columns;
}

function readField(message: Hl7Message, path: string, expected: unknown): unknown {
  if (path !== 'PID-3' || !Array.isArray(expected)) {
    return fieldAt(message, path, structureGroupResolver);
  }
  const pid = message.findSegment('PID');
  return Array.from({ length: message.repetitionCount(pid, 3) }, (_, i) => ({
    id: message.value(pid, 3, i + 1, 1) ?? null,
    auth: message.value(pid, 3, i + 1, 4) ?? null,
    type: message.value(pid, 3, i + 1, 5) ?? null,
  }));
}

function countSegments(message: Hl7Message): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let segment = 0; segment < message.segmentCount; segment += 1) {
    const name = message.segmentName(segment);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function sorted(values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? [])].sort();
}

function sortedEntries(counts: Readonly<Record<string, number>>): readonly string[] {
  return sorted(Object.entries(counts).map(([name, count]) => `${name}×${count}`));
}

function printTable(differences: readonly Difference[]): void {
  for (const { file, column, expected, actual, excuse } of differences) {
    process.stdout.write(
      `${excuse === undefined ? 'DIFFERS' : 'excused'}  ${file}  ${column}\n` +
        `         expected ${JSON.stringify(expected)}\n         actual   ${JSON.stringify(actual)}\n` +
        (excuse === undefined ? '' : `         because  ${excuse}\n`),
    );
  }
}

if (process.argv[1] === import.meta.filename) {
  const directory = process.env['HL7_CORPUS'] ?? join(import.meta.dirname, '../../shared/hl7-corpus');
  if (!existsSync(join(directory, 'manifest.json'))) {
    process.stdout.write('There is no corpus here: set HL7_CORPUS to its directory. Nothing was compared.\n');
  } else {
    const { files, differences } = compareCorpus(directory);
    const unexcused = differences.filter((difference) => difference.excuse === undefined);
    printTable(differences);
    process.stdout.write(
      `${files} files, ${unexcused.length} differences, ${differences.length - unexcused.length} excused (contested or errata)\n`,
    );
    process.exitCode = unexcused.length === 0 ? 0 : 1;
  }
}
