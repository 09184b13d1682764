import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, type CliRun } from '../hl7/memory-cli-testing.ts';
import { registerDlqCommands } from './dlq-commands.ts';

const PATIENT = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301||ADT^A08|M-1|P|2.5\rPID|1|||||SECRET\r';

let directory = '';
let folder = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nerve-dlq-'));
  folder = join(directory, 'hl7.dlq');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'part-1.jsonl'),
    [line(0, 'E_NO_PATIENT_ID', 'key', PATIENT), line(1, 'E_NOT_HL7', 'parse', '\u0000\u00ff'), ''].join('\n'),
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

test('list names every letter and counts them by reason, without patient data', async () => {
  const { out, exitCode } = await nerve('list', '--file', folder);

  expect(exitCode).toBe(0);
  expect(out).toContain(`${folder}/part-1.jsonl:1  key  E_NO_PATIENT_ID  src 0:0:5`);
  expect(out).toMatch(/parse E_NOT_HL7 +1/);
  expect(out).not.toContain('SECRET');
});

test('list takes the folder also without its flag', async () => {
  const { out, exitCode } = await nerve('list', folder);

  expect(exitCode).toBe(0);
  expect(out).toMatch(/parse E_NOT_HL7 +1/);
});

test('list filters by reason', async () => {
  const { out } = await nerve('list', '--json', '--file', folder, '--reason', 'E_NOT_HL7');

  expect(out.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(out)).toMatchObject({ headers: { reason: 'E_NOT_HL7' }, bytes: 2 });
});

test('show tells where and why, and gives the bytes only when asked', async () => {
  const place = `${folder}/part-1.jsonl:1`;

  const plain = await nerve('show', place, '--file', folder);
  const raw = await nerve('show', place, '--file', folder, '--raw');
  const pretty = await nerve('show', place, '--file', folder, '--pretty');

  expect(plain.out).toContain('reason     E_NO_PATIENT_ID');
  expect(plain.out).not.toContain('SECRET');
  expect(raw.out).toBe(PATIENT);
  expect(pretty.out).toMatch(/PID-6.*SECRET/);
});

test('show of a letter that is not there ends with exit code 2', async () => {
  expect(await nerve('show', 'nowhere:1', '--file', folder)).toMatchObject({ exitCode: 2 });
});

test('replay writes each message to a file of its own, byte for byte, once', async () => {
  const target = join(directory, 'retry');
  const args = ['replay', '--file', folder, '--to-dir', target, '--ledger', join(directory, 'ledger')];

  const first = await nerve(...args);
  const second = await nerve(...args);

  expect(first.out).toContain('2 sent to directory');
  expect(second.out).toContain('2 were sent by an earlier run');
  const contents = readdirSync(target).map((name) => readFileSync(join(target, name), 'latin1'));
  expect(contents.sort()).toStrictEqual(['\u0000\u00ff', PATIENT].sort());
});

test('replay with an edit module sends what it returns', async () => {
  const hook = join(directory, 'edit.mjs');
  writeFileSync(
    hook,
    "export const edit = (bytes, headers) => headers.reason === 'E_NOT_HL7' ? undefined : bytes.subarray(0, 3);",
  );
  const target = join(directory, 'retry');

  const { out } = await nerve(
    ...['replay', '--file', folder, '--to-dir', target, '--ledger', join(directory, 'ledger'), '--edit', hook],
  );

  expect(out).toContain('1 were left out by the edit hook');
  expect(readdirSync(target).map((name) => readFileSync(join(target, name), 'latin1'))).toStrictEqual(['MSH']);
});

test('mistakes on the command line send nothing and say what to do', async () => {
  const ledger = join(directory, 'ledger');
  const runs = [
    await nerve('list'),
    await nerve('list', '--file', join(directory, 'none')),
    await nerve('replay', '--file', folder, '--ledger', ledger),
    await nerve('replay', '--file', folder, '--to-dir', directory, '--rate', '-1', '--ledger', ledger),
    await nerve(
      'replay',
      '--file',
      folder,
      '--to-dir',
      directory,
      '--edit',
      join(directory, 'no.mjs'),
      '--ledger',
      ledger,
    ),
  ];

  expect(runs.map(({ exitCode }) => exitCode)).toStrictEqual([2, 2, 2, 2, 2]);
  expect(runs.map(({ err }) => err).join('')).not.toContain('    at ');
});

function line(offset: number, reason: string, stage: string, value: string): string {
  const headers = { src: `0:${offset}:5`, reason, stage, detail: 'what is wrong' };
  const bytes = Buffer.from(value, 'latin1').toString('base64');
  return JSON.stringify({ topic: 'hl7.dlq', key: null, headers, encoding: 'base64', value: bytes });
}

async function nerve(...args: string[]): Promise<CliRun> {
  return await runCli(registerDlqCommands, ['dlq', ...args]);
}
