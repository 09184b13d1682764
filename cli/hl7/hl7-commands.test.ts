import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerHl7Commands } from './hl7-commands.ts';
import { runCli, type CliRun } from './memory-cli-testing.ts';

const ADT = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301080000||ADT^A08^ADT_A01|M-1|P|2.5\rPID|1||7^^^STJ^MR||DOE^JANE||""|F\r';
const NO_PATIENT = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301080000||ADT^A08|M-2|P|2.5\rPID|1\r';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nerve-hl7-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('parse --json prints one line per message, with the file as it was given', async () => {
  const file = write('two.hl7', ADT + NO_PATIENT);

  const { out, exitCode } = await nerve('parse', '--json', file);

  const [first, second] = lines(out);
  expect(exitCode).toBe(1);
  expect(first).toMatchObject({
    ...{ file, index: 0, outcome: 'ok', stage: null, reason: null, warnings: [], messageType: 'ADT', trigger: 'A08' },
    ...{ version: '2.5', controlId: 'M-1', route: 'adt', key: 'STJ|7' },
    fields: { 'MSH-10': 'M-1', 'PID-3': [{ id: '7', auth: 'STJ', type: 'MR' }], 'PID-5-1-1': 'DOE', 'PID-7-1': '""' },
  });
  expect(second).toMatchObject({
    index: 1,
    outcome: 'dlq',
    stage: 'key',
    reason: 'E_NO_PATIENT_ID',
    route: 'dlq',
    key: null,
  });
});

test('parse --field gives exactly the fields asked for', async () => {
  const { out, exitCode } = await nerve('parse', '--json', write('a.hl7', ADT), '--field', 'PID-5.2', 'PID-7', 'PV1-2');

  expect(exitCode).toBe(0);
  expect(lines(out)[0]).toMatchObject({ fields: { 'PID-5.2': 'JANE', 'PID-7': '""', 'PV1-2': null } });
});

test('files may stand before or after the fields', async () => {
  const file = write('a.hl7', ADT);

  const { out, exitCode } = await nerve('parse', '--json', '--field', 'PID-5.1', '--field', 'PID-8', file);

  expect(exitCode).toBe(0);
  expect(lines(out)[0]).toMatchObject({ file, fields: { 'PID-5.1': 'DOE', 'PID-8': 'F' } });
});

test('parse reads MLLP streams and says what was lost', async () => {
  const file = write('stream.bin', `\u000b${ADT}\u001c\r\u000b${NO_PATIENT}`);

  const { out } = await nerve('parse', '--json', file);

  expect(lines(out)).toMatchObject([
    { outcome: 'ok', controlId: 'M-1', faults: [] },
    { outcome: 'dlq', stage: 'frame', reason: 'E_FRAME', faults: ['TRUNCATED'] },
  ]);
});

test('parse for people shows no patient data unless fields are asked for', async () => {
  const { out } = await nerve('parse', write('a.hl7', ADT));

  expect(out).toContain('ok   adt  ADT^A08  2.5  M-1');
  expect(out).not.toMatch(/DOE|STJ\|7/);
});

test('a policy file decides how a sender is judged', async () => {
  const policy = write(
    'policy.json',
    JSON.stringify({
      version: 1,
      facilities: [{ id: 'F', match: [{ facility: 'STJ' }], profile: 'core', validation: { profile: 'dead-letter' } }],
    }),
  );

  const { out } = await nerve('parse', '--json', '--policy', policy, write('a.hl7', ADT));

  expect(lines(out)[0]).toMatchObject({ outcome: 'dlq', reason: 'E_PROFILE', stage: 'validate' });
});

test('mistakes on the command line end with exit code 2 and one sentence, never a stack trace', async () => {
  const missing = await nerve('parse', join(directory, 'none.hl7'));
  const badPath = await nerve('parse', write('a.hl7', ADT), '--field', 'nonsense');
  const badPolicy = await nerve('parse', '--policy', write('p.json', '{"version":1}'), write('b.hl7', ADT));

  expect([missing.exitCode, badPath.exitCode, badPolicy.exitCode]).toStrictEqual([2, 2, 2]);
  expect(missing.err).toContain('cannot be read (ENOENT)');
  expect(badPolicy.err).toContain("must have required property 'facilities'");
  expect(missing.err + badPath.err + badPolicy.err).not.toContain('    at ');
});

test('split writes every member of a batch byte for byte and overwrites nothing', async () => {
  const file = write('night.batch', `BHS|^~\\&|A\r${ADT}${NO_PATIENT}BTS|2\r`);
  const target = join(directory, 'out');

  const first = await nerve('split', file, '--output', target);
  const again = await nerve('split', file, '--output', target);

  expect(first.exitCode).toBe(0);
  expect(readdirSync(target).map((name) => readFileSync(join(target, name), 'latin1'))).toStrictEqual([
    ADT,
    NO_PATIENT,
  ]);
  expect(again.exitCode).toBe(2);
});

test('ack answers each message as its verdict and its sender ask', async () => {
  const enhanced = ADT.replace('|P|2.5', '|P|2.5|||AL|NE');
  const file = write('three.hl7', ADT + enhanced + NO_PATIENT);

  const { out, exitCode } = await nerve('ack', file, '--json');

  expect(exitCode).toBe(1);
  expect(lines(out)).toMatchObject([
    { index: 0, code: 'AA', acknowledgement: expect.stringMatching(/^MSH\|.*\rMSA\|AA\|M-1\r/) as unknown },
    { index: 1, code: 'CA' },
    { index: 2, code: 'AE', acknowledgement: expect.stringContaining('PID') as unknown },
  ]);
});

test('ack --mllp frames what it writes, and says what cannot be answered', async () => {
  const framed = await nerve('ack', write('a.hl7', ADT), '--mllp', '--code', 'AE');
  const unanswerable = await nerve('ack', write('b.hl7', 'no hl7'));

  expect([framed.out.startsWith('\u000bMSH'), framed.out.endsWith('\u001c\r')]).toStrictEqual([true, true]);
  expect(framed.out).toContain('\rMSA|AE|M-1\r');
  expect(unanswerable).toMatchObject({ out: '', exitCode: 1 });
  expect(unanswerable.err).toContain('cannot be answered');
});

test('validate reports everything that the three checks find', async () => {
  const { out, exitCode } = await nerve('validate', '--json', write('a.hl7', NO_PATIENT), '--profile', 'core');

  expect(exitCode).toBe(1);
  expect(lines(out)[0]).toMatchObject({
    problems: [{ code: 'E_PROFILE' }, { code: 'E_PROFILE' }, { code: 'E_NO_PATIENT_ID', stage: 'key' }],
  });
});

test('pretty shows names beside values', async () => {
  const { out, exitCode } = await nerve('pretty', write('a.hl7', ADT));

  expect(exitCode).toBe(0);
  expect(out).toMatch(/PID {2}Patient identification/i);
  expect(out).toMatch(/PID-5\.2 +Given Name +JANE/i);
  expect(out).toMatch(/PID-7 .*"" \(delete\)/);
});

test('bench measures every step', async () => {
  const { out, exitCode } = await nerve('bench', write('a.hl7', ADT), '--seconds', '0.02', '--json');

  expect(exitCode).toBe(0);
  expect(lines(out)).toHaveLength(4);
});

async function nerve(...args: string[]): Promise<CliRun> {
  return await runCli(registerHl7Commands, ['hl7', ...args]);
}

function write(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content, 'latin1');
  return path;
}

function lines(out: string): unknown[] {
  return out
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}
